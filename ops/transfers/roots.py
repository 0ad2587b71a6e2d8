"""Which message each reply goes back to, and loops: one linear pass over flat arrays, a chain of a million included."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

NO_ROW = 0  # rows count from 1


class Roots:
    """Parents and roots of the rows of a file, by row number; 8 bytes for each row."""

    def __init__(self, last_row: int) -> None:
        self.parents = array("i", bytes(4 * (last_row + 1)))
        self.roots = array("i", bytes(4 * (last_row + 1)))

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

    def replies(self) -> Iterator[tuple[int, int, int]]:
        """(row, the row it answers, the row its conversation begins with) of each row that answers another one."""
        parents, roots = self.parents, self.roots
        return ((row, parents[row], roots[row]) for row in range(1, len(parents)) if parents[row])

    def _loop(self, row: int) -> list[int]:
        found = [row]
        while (parent := self.parents[found[-1]]) != row:
            found.append(parent)
        lowest = found.index(min(found))
        return found[lowest:] + found[:lowest]
