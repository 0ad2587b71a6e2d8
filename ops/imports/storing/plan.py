"""The decisions of the check, in a private file that is kept from before the first row is stored until the import ends.

A worker that resumes an import continues with the same decisions: checking again would find the rows stored so far. The
file holds only numbers, no texts and no names.
"""

from __future__ import annotations

import gzip
import json
import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ops.files import private_files
from ops.imports.checking.check_file import Checked
from ops.imports.staging.base import Staging

KIND = "plan.gz"
PIECE = 2_000  # rows stored by one statement
NUMBERS_AT_A_TIME = 30_000  # read or written at a time; three for each row
TABLES = ("joins", "changes")  # temporary tables that are saved with the plan


@dataclass
class Plan:
    """The mark of each row (findings.Mark), whether the rows have the guards of our exports, whether ids such as 12.0
    were made whole numbers, and how many rows one statement stores (``piece``), on which their order depends.
    """

    marks: bytearray
    guarded: bool
    whole: bool
    piece: int

    @classmethod
    def of(cls, checked: Checked) -> Plan:
        return cls(checked.findings.marks, checked.guarded, checked.whole, PIECE)

    def save(self, path: Path, staging: Staging) -> None:
        """Write the plan and its tables to the disk, so that they survive a crash of the machine."""
        with open(path, "wb", opener=private_files.opener) as file:
            with gzip.open(file, "wb", compresslevel=1) as packed:
                head = {"rows": len(self.marks), "guarded": self.guarded, "whole": self.whole, "piece": self.piece}
                for table in TABLES:
                    head[table] = staging.value(f"SELECT COUNT(*) FROM {{{table}}}")
                packed.write(json.dumps(head).encode() + b"\n")
                packed.write(self.marks)
                for table in TABLES:
                    _write(packed, staging.stream(f"SELECT * FROM {{{table}}} ORDER BY number"))
            file.flush()
            os.fsync(file.fileno())

    @classmethod
    def load(cls, path: Path, staging: Staging) -> Plan:
        """Return the plan that ``save`` wrote, and fill its tables."""
        with gzip.open(path, "rb") as packed:
            head = json.loads(packed.readline())
            marks = bytearray(packed.read(head["rows"]))
            for table in TABLES:
                staging.fill(table, _read(packed, head[table]))
                staging.analyze(table)
        return cls(marks, head["guarded"], head.get("whole", False), head["piece"])


def _write(file: gzip.GzipFile, rows: Iterator[tuple]) -> None:
    numbers = array("q")
    for row in rows:
        numbers.extend(map(int, row))
        if len(numbers) >= NUMBERS_AT_A_TIME:
            file.write(numbers)
            del numbers[:]
    file.write(numbers)


def _read(file: gzip.GzipFile, rows: int) -> Iterator[tuple]:
    left = 3 * rows
    while left:
        numbers = array("q")
        numbers.frombytes(file.read(min(left, NUMBERS_AT_A_TIME) * numbers.itemsize))
        left -= len(numbers)
        yield from zip(numbers[0::3], numbers[1::3], numbers[2::3], strict=True)
