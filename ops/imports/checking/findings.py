"""The findings of a check: every problem, and what happens to each row."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

from messaging.writing import in_batches
from ops.files.problems import Problem
from ops.files.suggestions import Suggestion
from ops.imports.checking.groups import Groups
from ops.imports.staging.base import Staging

BUFFERED = 2_000  # problems that are stored together
DELETED_TOGETHER = 500  # rows

BY_ROW = """
SELECT number, column_name, level, message, cure FROM {problems} WHERE reported ORDER BY number, serial
"""
WHY_EXCLUDED = "SELECT number, message FROM {problems} WHERE level = 'error' AND number > 0 ORDER BY number, serial"


class Mark(IntEnum):
    """What happens to a row; one byte for each."""

    NONE = 0  # there is no such row
    NEW = 1
    CHANGED = 2  # its text replaces a stored one
    KNOWN = 3  # it is stored already
    REPEATED = 4  # an earlier row is the same message
    EXCLUDED = 5  # it has an error, or depends on a row that has one


class Findings:
    """The problems of a file, one by one and in ``groups``, the ``suggestions`` that would cure some, the ``people`` to
    ask about, and the ``marks`` of its rows by row number.

    Counters: ``erased`` names in the file, changed texts that are ``undated`` (without edited_at), and rows that are
    ``gathered`` in the conversation of another row with the same missing parent.
    """

    def __init__(self, staging: Staging) -> None:
        self.staging = staging
        self.marks = bytearray(1)  # rows count from 1, also in an empty file
        self.erased = self.undated = self.gathered = 0
        self.suggestions: list[Suggestion] = []
        self.people: list[dict[str, Any]] = []  # AskedPeople.as_json()
        self.groups = Groups()
        self.levels: Counter[str] = Counter()
        self.cures: Counter[str] = Counter()
        self._buffer: list[tuple] = []
        self._serial = 0

    def report(self, problem: Problem) -> None:
        """Add a problem; a row with an error is excluded."""
        self.levels[problem.level] += 1
        if problem.cure:
            self.cures[problem.cure] += 1
        self.groups.add(problem)
        if problem.level == "error" and problem.row:
            self.mark(problem.row, Mark.EXCLUDED)
        self._store(problem, reported=True)

    def exclude(self, row: int, why: str) -> None:
        """Exclude a row because of a problem that was reported for another row."""
        self.mark(row, Mark.EXCLUDED)
        self._store(Problem(row, "", "error", why), reported=False)

    def mark(self, row: int, mark: Mark) -> None:
        """Set what happens to a row. An excluded row stays excluded, whatever later checks find."""
        if row >= len(self.marks):
            self.marks.extend(bytes(row - len(self.marks) + 1))
        if self.marks[row] != Mark.EXCLUDED:
            self.marks[row] = mark

    def drop_excluded_rows(self, *, texts_change: bool) -> None:
        """After all checks, delete rows from the tables that storing reads if their marks do not allow them.

        The marks alone decide which rows are imported. ``texts_change``: stored texts will be replaced; otherwise the
        table ``changes`` only serves the preview.
        """
        if not self.count(Mark.EXCLUDED):
            return
        self._keep_only("joins", Mark.NEW)
        if texts_change:
            self._keep_only("changes", Mark.CHANGED)

    def where(self, mark: Mark) -> bytearray:
        """Return a byte for each row, true if it has this mark."""
        return rows_marked(self.marks, mark)

    def count(self, mark: Mark) -> int:
        return self.marks.count(mark)

    def problems(self) -> Iterator[Problem]:
        """Yield everything that was reported, by row; problems of the whole file come first."""
        self._flush()
        for number, column, level, message, cure in self.staging.stream(BY_ROW):
            yield Problem(number or None, column, level, message, cure)

    def excluded(self) -> Iterator[tuple[int, str]]:
        """Yield (row, reasons) for each excluded row, by row."""
        self._flush()
        last, reasons = 0, [""]
        for number, message in self.staging.stream(WHY_EXCLUDED):
            if number != last:
                if last:
                    yield last, " ".join(reasons)
                last, reasons = number, []
            reasons.append(message)
        if last:
            yield last, " ".join(reasons)

    def _keep_only(self, table: str, mark: Mark) -> None:
        rows = self.staging.stream(f"SELECT number FROM {{{table}}}")
        out = array("i", (number for (number,) in rows if self.marks[number] != mark))
        for some in in_batches(out, DELETED_TOGETHER):
            places = ", ".join(["%s"] * len(some))
            self.staging.execute(f"DELETE FROM {{{table}}} WHERE number IN ({places})", list(some))

    def _flush(self) -> None:
        self.staging.fill("problems", self._buffer)
        self._buffer = []

    def _store(self, problem: Problem, *, reported: bool) -> None:
        self._serial += 1
        message = storable(problem.message)
        row: Any = (problem.row or 0, self._serial, reported, problem.level, problem.cure, problem.column, message)
        self._buffer.append(row)
        if len(self._buffer) >= BUFFERED:
            self._flush()


def rows_marked(marks: bytearray, *wanted: Mark) -> bytearray:
    """Return a byte for each row, true if its mark is one of these."""
    return marks.translate(bytes(mark in wanted for mark in range(256)))


def storable(text: str) -> str:
    """Spell out the characters of a text that cannot be stored (NUL and lone surrogates)."""
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()
