"""The rows of a file that were left out, as a CSV file that can be corrected and imported like the first."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType

from ops.files.formulas import guarded, has_guard
from ops.files.reading import Source
from ops.imports.columns import ALWAYS_IGNORED


class RejectedRows:
    """Writes rows of ``source``, which was opened for that, to ``path``: all their columns as they were, and why.

    The file is CSV in the encoding and with the separator of the source (UTF-8 and commas where it has none), so that
    it is read with the same choices. Values are guarded as our exports guard them, and exact once the guard is off;
    ``guarded_already`` says that the source has the guard. To be closed (``with``).
    """

    def __init__(self, source: Source, path: Path, *, guarded_already: bool = False) -> None:
        self._rows = source.originals()
        self._guarded_already = guarded_already
        columns = source.original_headers
        self._width = len(columns)
        self._kept = [index for index, name in enumerate(columns) if name != ALWAYS_IGNORED]
        codec, errors = source.codec
        self._file = path.open("w", encoding=codec, errors=errors, newline="")
        self._writer = csv.writer(self._file, delimiter=source.separator or ",")
        headers = [columns[index] for index in self._kept]
        # A header that was chosen for a column of ours has to be found again.
        self._writer.writerow([*(name if name in source.used else guarded(name) for name in headers), ALWAYS_IGNORED])
        self.written = 0

    def __enter__(self) -> RejectedRows:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def write(self, number: int, why: str) -> None:
        """Add a row, whose number is higher than the last one's, with what is wrong with it.

        Raises Unreadable where the file cannot be read so far, OSError where it cannot be written.
        """
        found, values = next((row for row in self._rows if row[0] >= number), (0, []))
        if found == number:
            self._writer.writerow([*self._cells(values), guarded(why)])
            self.written += 1

    def _cells(self, values: list[str]) -> list[str]:
        """The values in their columns; what is too many stays behind them, so that people see what there was."""
        in_columns = [values[index] if index < len(values) else "" for index in self._kept]
        return [self._guarded(cell) for cell in [*in_columns, *values[self._width :]]]

    def _guarded(self, cell: str) -> str:
        return cell if self._guarded_already and has_guard(cell) else guarded(cell)
