"""Where a thread goes straight on and where it branches.

A *run* is what one person wrote in a row in reply to the same message: several lines that make one reply. A run stands
*right below* a message if that one comes right before its first line. Everything here is linear in the number of
messages, and takes messages as indexes in reading order.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

Parents = Sequence[int | None]  # the index of the message that each one answers


def runs(parents: Parents, senders: Sequence[Hashable]) -> list[int]:
    """Return for each message the index of the first message of its run."""
    heads: list[int] = []
    for index, parent in enumerate(parents):
        joins = (
            parent is not None and index > 0 and parents[index - 1] == parent and senders[index - 1] == senders[index]
        )
        heads.append(heads[-1] if joins else index)
    return heads


def levels(parents: Parents, depths: Sequence[int], heads: Sequence[int]) -> list[int]:
    """Return how far each message is indented.

    Of the replies to a message, the run from which most follows goes on at its level; the others are branches, one
    level deeper. So an exchange without branches has level 0 throughout, however long it is.
    """
    sizes = [1] * len(parents)
    for index in range(len(parents) - 1, -1, -1):
        if depths[index]:
            sizes[_parent(parents, index)] += sizes[index]
    heaviest: dict[int, int] = {}
    for index, depth in enumerate(depths):
        if depth:
            parent = _parent(parents, index)
            if parent not in heaviest or sizes[index] > sizes[heaviest[parent]]:
                heaviest[parent] = index
    found: list[int] = []
    for index, depth in enumerate(depths):
        if not depth:
            found.append(0)
            continue
        parent = _parent(parents, index)
        found.append(found[parent] + (heads[index] != heads[heaviest[parent]]))
    return found


def right_below(shown: Sequence[int], parents: Parents, heads: Sequence[int]) -> list[bool]:
    """Return for each of the ``shown`` messages, in reading order, whether its run stands right below what it answers.

    If not, and it answers something, the page has to say what.
    """
    found = []
    above = before = None
    for index in shown:
        if before is None or heads[index] != heads[before]:
            above = before
        found.append(parents[index] is not None and parents[index] == above)
        before = index
    return found


def _parent(parents: Parents, index: int) -> int:
    """The parent of a message that has a depth, and therefore a parent."""
    parent = parents[index]
    if parent is None:
        raise ValueError("A message below another one answers it.")
    return parent
