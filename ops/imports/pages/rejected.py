"""The rows of a file that were left out, as a CSV file that can be corrected and imported like the first."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from ops.files.csv_writing import Writer
from ops.files.formulas import MARK, bare
from ops.files.reading import Source
from ops.imports.columns import ALWAYS_IGNORED, WHY


class RejectedRows:
    """Writes rows of ``source``, which was opened for that, to ``path``: all their columns as they were, and why.

    The file is CSV in the encoding and with the separator of the source (UTF-8 and commas where it has none), so that
    it is read with the same choices. Values and headers are guarded as our exports guard them, and exact once the guard
    is off, which their mark says; ``guarded_already`` says that the source has the guard. ``rows_above`` the header are
    left empty, so that it is where it was chosen to be. To be closed (``with``).
    """

    def __init__(self, source: Source, path: Path, *, guarded_already: bool = False, rows_above: int = 0) -> None:
        self._rows = source.originals()
        self._guarded_already = guarded_already
        columns = source.original_headers
        self._width = len(columns)
        self._kept = [index for index, name in enumerate(columns) if name not in (*ALWAYS_IGNORED, "")]
        codec, errors = source.codec
        self._file = path.open("w", encoding=codec, errors=errors, newline="")
        self._writer = Writer(self._file, separator=source.separator or ",")
        self._file.write("\n" * rows_above)
        self._writer.row([*(columns[index] for index in self._kept), WHY], mark=MARK)
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
            self._writer.row([*self._cells(values), why], mark="")
            self.written += 1

    def _cells(self, values: list[str]) -> list[str]:
        """The values in their columns; what is too many stays behind them, so that people see what there was."""
        in_columns = [values[index] if index < len(values) else "" for index in self._kept]
        cells = [*in_columns, *values[self._width :]]
        return [bare(cell) for cell in cells] if self._guarded_already else cells
