"""Which message each reply goes back to, loops, and an order to store in: linear passes over flat arrays.

A chain of a million replies is no deeper than any other conversation here: nothing recurses.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import NamedTuple

NO_ROW = 0  # rows count from 1


class Piece(NamedTuple):
    """Rows that are stored by one statement: whole conversations, or a part of one that is larger than a piece.

    They are those from ``start`` on, before ``end``, of the order. ``continued`` is the row that the conversation
    begins with whose earlier part is stored before; NO_ROW where whole conversations begin here.
    """

    start: int
    end: int
    continued: int = NO_ROW


class Roots:
    """Parents and roots of the rows of a file, by row number; 8 bytes for each row."""

    def __init__(self, last_row: int) -> None:
        self.parents = array("i", [0]) * (last_row + 1)
        self.roots = array("i", [0]) * (last_row + 1)

    def resolve(self) -> Iterator[list[int]]:
        """Find the root of every row; yields each loop as its rows, from the lowest on, each followed by its parent.

        Rows of a loop, and those that go back to one, get the row where it was entered as their root.
        """
        parents, roots = self.parents, self.roots
        walk = array("i")
        for start in range(1, len(parents)):
            if roots[start] or not parents[start]:
                continue
            del walk[:]
            row = start
            while not roots[row] and parents[row]:
                roots[row] = -start  # on the walk that is under way
                walk.append(row)
                row = parents[row]
            entered = roots[row] == -start
            root = row if entered or not roots[row] else roots[row]
            for passed in walk:
                roots[passed] = root
            if entered:
                yield self._loop(row)

    def forget(self) -> None:
        """Roots are to be resolved anew, because parents changed."""
        self.roots = array("i", [0]) * len(self.parents)

    def cut_off(self, out: bytearray) -> Iterator[tuple[int, int]]:
        """(row, its parent) of rows with a parent that is out or is cut off itself; each is marked in ``out`` too.

        ``out`` has a true byte for each row that is left out. There must be no loop among the others.
        """
        decided = bytearray(out)
        walk = array("i")
        for start in range(1, len(self.parents)):
            del walk[:]
            row = start
            while row and not decided[row]:
                walk.append(row)
                row = self.parents[row]
            gone = bool(row) and out[row]
            for passed in reversed(walk):
                decided[passed] = True
                if gone:
                    out[passed] = True
                    yield passed, self.parents[passed]

    def in_order(self, wanted: bytearray, size: int) -> Order:
        """The rows with a true byte in ``wanted`` in an order to store them in, in pieces of about ``size`` rows.

        Conversations are whole and follow each other; where one is larger than a piece, parents come before children.
        Uses the roots up: what they were kept in holds the beginnings of conversations afterwards.
        """
        roots = self.roots
        for row, root in enumerate(roots):
            roots[row] = root or row if wanted[row] else NO_ROW
        return Order(self, _sorted_by(roots), size)

    def _loop(self, row: int) -> list[int]:
        found = [row]
        while (parent := self.parents[found[-1]]) != row:
            found.append(parent)
        lowest = found.index(min(found))
        return found[lowest:] + found[:lowest]


class Order:
    """Rows in the order in which they are stored; a place is the position of a row in it, from 0."""

    def __init__(self, roots: Roots, rows: array, size: int) -> None:
        self.parents = roots.parents
        self.begun = roots.roots  # by row: the row that its conversation begins with
        self.rows = rows
        self.size = size
        self._pieces: list[Piece] = list(self._cut())

    def __len__(self) -> int:
        return len(self.rows)

    def places(self) -> Iterator[tuple[int, int, int, int]]:
        """(place, row, the row it answers or NO_ROW, the row its conversation begins with), from place 0 on."""
        parents, begun = self.parents, self.begun
        return ((place, row, parents[row], begun[row]) for place, row in enumerate(self.rows))

    def pieces(self, start: int) -> list[Piece]:
        """The pieces from the place ``start`` on, which is the end of one, or 0."""
        return [piece for piece in self._pieces if piece.start >= start]

    def forget_rows(self) -> None:
        """The places are kept elsewhere now: give back the memory that the rows take, here and in the roots."""
        for column in (self.rows, self.begun, self.parents):
            del column[:]

    def _cut(self) -> Iterator[Piece]:
        """Cut the order into pieces, and set the rows of each in their own order (the file's, or parents first)."""
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
        """One large conversation, by how many messages lie between each and the first."""
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
    """The positions of ``keys`` that are not 0, by their keys, those with the same key in order."""
    starts = array("i", [0]) * (max(keys, default=0) + 2)
    for key in keys:
        starts[key + 1] += 1
    starts[1] = 0  # those without a key come nowhere
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
