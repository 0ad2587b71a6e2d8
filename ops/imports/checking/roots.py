"""Finding the row that each reply's conversation starts with, and loops: linear passes over flat arrays, no recursion.

A chain of a million replies costs no more than any other conversation.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator

NO_ROW = 0  # rows count from 1


class Roots:
    """Parents and roots of the rows of a file, by row number; 8 bytes for each row."""

    def __init__(self, last_row: int) -> None:
        self.parents = array("i", [0]) * (last_row + 1)
        self.roots = array("i", [0]) * (last_row + 1)

    def resolve(self) -> Iterator[list[int]]:
        """Find the root of every row; yield each loop as its rows, from the lowest on, each followed by its parent.

        Rows of a loop, and those that lead to one, get as their root the row where the loop was entered.
        """
        parents, roots = self.parents, self.roots
        walk = array("i")
        for start in range(1, len(parents)):
            if roots[start] or not parents[start]:
                continue
            del walk[:]
            row = start
            while not roots[row] and parents[row]:
                roots[row] = -start  # on the current walk
                walk.append(row)
                row = parents[row]
            entered = roots[row] == -start
            root = row if entered or not roots[row] else roots[row]
            for passed in walk:
                roots[passed] = root
            if entered:
                yield self._loop(row)

    def resolve_without_loops(self) -> None:
        """Find the root of every row, ignoring loops: they were reported already."""
        for _ in self.resolve():
            pass

    def reset(self) -> None:
        """Clear the roots after parents changed; they must be resolved again."""
        self.roots = array("i", [0]) * len(self.parents)

    def cut_off(self, excluded: bytearray) -> Iterator[tuple[int, int]]:
        """Yield (row, its parent) for each row below an excluded one, and mark it in ``excluded``.

        ``excluded`` has a true byte for each excluded row. There must be no loop among the others.
        """
        decided = bytearray(excluded)
        walk = array("i")
        for start in range(1, len(self.parents)):
            del walk[:]
            row = start
            while row and not decided[row]:
                walk.append(row)
                row = self.parents[row]
            gone = bool(row) and excluded[row]
            for passed in reversed(walk):
                decided[passed] = True
                if gone:
                    excluded[passed] = True
                    yield passed, self.parents[passed]

    def _loop(self, row: int) -> list[int]:
        found = [row]
        while (parent := self.parents[found[-1]]) != row:
            found.append(parent)
        lowest = found.index(min(found))
        return found[lowest:] + found[:lowest]
