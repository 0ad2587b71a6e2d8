"""Writing CSV files that people open in a spreadsheet: no cell of them is computed, none falls apart."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any

from ops.files.formulas import guarded, with_mark


class Writer:
    """Writes rows of texts to a text file, headers like any other row: all of them quoted and guarded.

    Quotes, because a spreadsheet set to another language also separates at ";", and what follows could be a formula.
    """

    def __init__(self, file: Any, *, separator: str = ",") -> None:
        self._writer = csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\n")

    def row(self, cells: Iterable[str], *, mark: str | None = None) -> None:
        """Write a row; with what is in the column of the mark, in a file that may be imported."""
        written = [guarded(cell) for cell in cells]
        self._writer.writerow(written if mark is None else with_mark(written, mark))
