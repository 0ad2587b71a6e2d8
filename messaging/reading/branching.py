"""Where a thread continues straight and where it branches.

A *run* is a series of consecutive messages by one person in reply to the same message. A run stands *right below* a
message that comes right before the run's first message. All functions are linear in the number of messages, and take
messages as indexes in reading order.
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
    """Return the indentation level of each message.

    Of the replies to a message, the run of the one with most messages below it continues at the message's level; the
    others are branches, one level deeper. So an exchange without branches has level 0 throughout, however long it is.
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
    """Return for each of the ``shown`` messages, in reading order, whether its run stands right below its parent.

    If it does not, and it has a parent, the page must name the parent.
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
    """Return the parent of a message that is not a root. Raise ValueError for a root."""
    parent = parents[index]
    if parent is None:
        raise ValueError("A message below another one answers it.")
    return parent
