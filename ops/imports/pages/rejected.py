"""The excluded rows of a file, as a CSV file that can be corrected and imported like the original."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from ops.files.csv_writing import Writer
from ops.files.formulas import MARK, bare
from ops.files.reading import Source
from ops.imports.columns import ALWAYS_IGNORED, REASON_COLUMN


class RejectedRows:
    """Writes rows of ``source``, which was opened for that, to ``path``: all their columns unchanged, and why.

    The file is CSV in the encoding and with the separator of the source (UTF-8 and commas if it has none), so that the
    same options read it. Values and headers have the guard of our exports, and a mark that they do, so that reading
    restores them exactly; ``guarded_already``: the source has the guard itself. ``rows_above`` empty lines precede the
    header, so that it stays in its chosen row. Use as a context manager.
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
        self._writer.row([*(columns[index] for index in self._kept), REASON_COLUMN], mark=MARK)
        self.written = 0

    def __enter__(self) -> RejectedRows:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def write(self, number: int, why: str) -> None:
        """Add a row, whose number must be higher than the last one's, with what is wrong with it.

        Raises Unreadable if the source cannot be read up to it, OSError if the file cannot be written.
        """
        found, values = next((row for row in self._rows if row[0] >= number), (0, []))
        if found == number:
            self._writer.row([*self._cells(values), why], mark="")
            self.written += 1

    def _cells(self, values: list[str]) -> list[str]:
        """Return the values in their columns; surplus values follow at the end, so that people see them."""
        in_columns = [values[index] if index < len(values) else "" for index in self._kept]
        cells = [*in_columns, *values[self._width :]]
        return [bare(cell) for cell in cells] if self._guarded_already else cells
