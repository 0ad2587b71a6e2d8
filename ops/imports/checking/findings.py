"""What is found in a file while it is checked: every problem, and what becomes of each row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Any

from ops.files.problems import Problem
from ops.imports.checking.rows import StagedRow
from ops.imports.staging.base import PROBLEMS, Staging

KEPT_WAITING = 2_000  # problems, before they are written down

IN_ORDER = f"""
SELECT number, place, level, message, cure FROM {PROBLEMS} WHERE told ORDER BY number, serial
"""
WHY_LEFT_OUT = f"SELECT number, message FROM {PROBLEMS} WHERE level = 'error' AND number > 0 ORDER BY number, serial"


class Mark(IntEnum):
    """What becomes of a row; one byte for each."""

    NONE = 0  # there is no such row
    NEW = 1
    CHANGED = 2  # its text replaces a stored one
    KNOWN = 3  # it is stored already
    REPEATED = 4  # an earlier row says the same
    EXCLUDED = 5  # it has an error, or goes with one that has


class Findings:
    """The problems of a file (``report`` takes each), and the ``marks`` of its rows, by row number."""

    def __init__(self, staging: Staging) -> None:
        self.staging = staging
        self.marks = bytearray(1)  # rows count from 1, also in a file that has none
        self.levels: Counter[str] = Counter()
        self.cures: Counter[str] = Counter()
        self._waiting: list[tuple] = []
        self._serial = 0

    def report(self, problem: Problem) -> None:
        self.levels[problem.level] += 1
        if problem.cure:
            self.cures[problem.cure] += 1
        if problem.level == "error" and problem.row:
            self.mark(problem.row, Mark.EXCLUDED)
        self._write_down(problem, told=True)

    def leave_out(self, row: int, why: str) -> None:
        """Leave a row out that a problem of another row speaks for already."""
        self.mark(row, Mark.EXCLUDED)
        self._write_down(Problem(row, "", "error", why), told=False)

    def mark(self, row: int, mark: Mark) -> None:
        if row >= len(self.marks):
            self.marks.extend(bytes(row - len(self.marks) + 1))
        self.marks[row] = mark

    def marking(self, rows: Iterable[StagedRow]) -> Iterator[StagedRow]:
        """The rows, marking those without a fault as new and the others as left out."""
        marks, new, out = self.marks, Mark.NEW, Mark.EXCLUDED
        for row in rows:
            number = row[0]
            if number >= len(marks):
                marks.extend(bytes(number - len(marks) + 1))
            marks[number] = out if row[-1] is None else new
            yield row

    def where(self, mark: Mark) -> bytearray:
        """A byte for each row, true where it has this mark."""
        return rows_marked(self.marks, mark)

    def count(self, mark: Mark) -> int:
        return self.marks.count(mark)

    def problems(self) -> Iterator[Problem]:
        """Everything that was found, by row; what concerns the whole file comes first."""
        self.flush()
        for number, place, level, message, cure in self.staging.stream(IN_ORDER):
            yield Problem(number or None, place, level, message, cure)

    def left_out(self) -> Iterator[tuple[int, str]]:
        """(row, why) of each row that is left out, by row."""
        self.flush()
        last, reasons = 0, [""]
        for number, message in self.staging.stream(WHY_LEFT_OUT):
            if number != last:
                if last:
                    yield last, " ".join(reasons)
                last, reasons = number, []
            reasons.append(message)
        if last:
            yield last, " ".join(reasons)

    def flush(self) -> None:
        self.staging.fill(PROBLEMS, self._waiting)
        self._waiting = []

    def _write_down(self, problem: Problem, *, told: bool) -> None:
        self._serial += 1
        message = storable(problem.message)
        row: Any = (problem.row or 0, self._serial, told, problem.level, problem.cure, problem.column, message)
        self._waiting.append(row)
        if len(self._waiting) >= KEPT_WAITING:
            self.flush()


def rows_marked(marks: bytearray, *wanted: Mark) -> bytearray:
    """A byte for each row, true where its mark is one of these."""
    return marks.translate(bytes(mark in wanted for mark in range(256)))


def storable(text: str) -> str:
    """Words of a file with the characters spelled out that no database and no page takes."""
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()
