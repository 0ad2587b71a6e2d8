"""The order in which the rows of a file are stored, and its division into pieces of whole conversations."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import NamedTuple

from ops.imports.checking.roots import NO_ROW, Roots


class Piece(NamedTuple):
    """Rows that are stored by one statement: whole conversations, or a part of one that is larger than a piece.

    Their places are from ``start`` up to but not including ``end``. ``continued`` is the first row of the conversation
    if an earlier piece begins it, else NO_ROW.
    """

    start: int
    end: int
    continued: int = NO_ROW


def in_order(roots: Roots, wanted: bytearray, size: int) -> Order:
    """Return the rows with a true byte in ``wanted``, conversation by conversation, in pieces of about ``size`` rows.

    In larger conversations, parents precede children. ``roots.roots`` becomes each row's first row of a conversation.
    """
    begun = roots.roots
    for row, root in enumerate(begun):
        begun[row] = root or row if wanted[row] else NO_ROW
    return Order(roots, _sorted_by(begun), size)


class Order:
    """Rows in the order in which they are stored; a place is a row's position in it, from 0."""

    def __init__(self, roots: Roots, rows: array, size: int) -> None:
        self.parents = roots.parents
        self.begun = roots.roots  # by row: the row that its conversation starts with
        self.rows = rows
        self.size = size
        self._pieces: list[Piece] = list(self._cut())

    def __len__(self) -> int:
        return len(self.rows)

    def places(self) -> Iterator[tuple[int, int, int, int]]:
        """Yield (place, row, the row it answers or NO_ROW, the row its conversation starts with), from place 0 on."""
        parents, begun = self.parents, self.begun
        return ((place, row, parents[row], begun[row]) for place, row in enumerate(self.rows))

    def pieces(self, start: int) -> list[Piece]:
        """Return the pieces from the place ``start`` on, which must be 0 or the end of a piece."""
        return [piece for piece in self._pieces if piece.start >= start]

    def free_rows(self) -> None:
        """Free the memory of the rows, here and in the roots, once the places are kept elsewhere."""
        for column in (self.rows, self.begun, self.parents):
            del column[:]

    def _cut(self) -> Iterator[Piece]:
        """Cut the order into pieces, and sort the rows within each (as in the file, or parents first)."""
        start = end = 0
        for end_of_next in self._conversation_ends():
            if end_of_next - start > self.size and end > start:
                yield self._whole(start, end)
                start = end
            if end_of_next - start > self.size:
                yield from self._parts(start, end_of_next)
                start = end_of_next
            end = end_of_next
        if end > start:
            yield self._whole(start, end)

    def _conversation_ends(self) -> Iterator[int]:
        rows, begun = self.rows, self.begun
        for place in range(1, len(rows)):
            if begun[rows[place]] != begun[rows[place - 1]]:
                yield place
        if len(rows):
            yield len(rows)

    def _whole(self, start: int, end: int) -> Piece:
        self.rows[start:end] = array("i", sorted(self.rows[start:end]))
        return Piece(start, end)

    def _parts(self, start: int, end: int) -> Iterator[Piece]:
        """Yield the pieces of one large conversation, its rows sorted by depth."""
        rows = self.rows[start:end]
        depths = array("i", [0]) * len(self.parents)
        walk = array("i")
        for row in rows:
            del walk[:]
            while not depths[row] and self.parents[row]:
                walk.append(row)
                row = self.parents[row]
            depth = depths[row] or 1
            for passed in reversed(walk):
                depth += 1
                depths[passed] = depth
            depths[row] = depths[row] or 1
        self.rows[start:end] = _sorted_by(depths)
        root = self.begun[self.rows[start]]
        for first in range(start, end, self.size):
            yield Piece(first, min(first + self.size, end), root if first > start else NO_ROW)


def _sorted_by(keys: array) -> array:
    """Return the positions of the ``keys`` that are not 0, sorted by key and then by position."""
    starts = array("i", [0]) * (max(keys, default=0) + 2)
    for key in keys:
        starts[key + 1] += 1
    starts[1] = 0  # positions without a key are left out
    total = 0
    for key in range(1, len(starts)):
        total += starts[key]
        starts[key] = total
    ordered = array("i", [0]) * total
    for position, key in enumerate(keys):
        if key:
            ordered[starts[key]] = position
            starts[key] += 1
    return ordered
