"""Writing CSV files that people open in a spreadsheet: no cell is computed, and none is split."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any

from ops.files.formulas import guarded, with_mark


class Writer:
    """Writes rows of texts, the header included, to a text file: every cell is quoted and guarded.

    Quoted, because a spreadsheet in another language also splits cells at ";", and the rest could be a formula.
    """

    def __init__(self, file: Any, *, separator: str = ",") -> None:
        self._writer = csv.writer(file, delimiter=separator, quoting=csv.QUOTE_ALL, lineterminator="\n")

    def row(self, cells: Iterable[str], *, mark: str | None = None) -> None:
        """Write a row. ``mark`` is its cell in the column formulas.MARK, for a file that may be imported."""
        written = [guarded(cell) for cell in cells]
        self._writer.writerow(written if mark is None else with_mark(written, mark))
