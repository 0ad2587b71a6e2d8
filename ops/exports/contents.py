"""The files of an export: a single one is downloaded directly, several in a ZIP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import get_valid_filename

from ops.exports import person
from ops.exports.columns import Column, HistoryTable, message_table
from ops.exports.formats import csv_lines, json_lines, workbook
from ops.exports.models import Export
from ops.exports.reviews import tables
from ops.exports.rows import Chunk, ranges
from ops.exports.selections import author_name, histories_of, messages_of

# The module of each format, which writes the header and the lines of rows.
FORMATS: dict[str, Any] = {
    Export.Format.CSV: csv_lines,
    Export.Format.JSON_LINES: json_lines,
    Export.Format.XLSX: workbook,
}
STREAMABLE = {Export.Format.CSV, Export.Format.JSON_LINES}  # formats whose file is the header and the lines
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
}


@dataclass(frozen=True)
class File:
    """One file: the ``columns`` of ``rows`` with keys up to ``up_to``, in a ``format``; without rows, the ``text``.

    If ``counts``, its rows are counted as rows of the export.
    """

    title: str
    format: str
    rows: QuerySet | None = None
    columns: Mapping[str, Column] = field(default_factory=dict)
    up_to: int = 0
    text: str = ""
    counts: bool = False

    @property
    def name(self) -> str:
        """The name of the file in a ZIP."""
        return f"{self.title}.{self.format}"

    def header(self) -> bytes:
        return FORMATS[self.format].header(self.columns)

    def lines(self, after: int, up_to: int, number: int) -> Iterator[Chunk]:
        """Yield the lines of rows with keys greater than ``after`` up to ``up_to``, which ``number`` rows precede."""
        return FORMATS[self.format].lines(self.rows, self.columns, after=after, up_to=up_to, number=number)

    def stream(self) -> Iterator[bytes]:
        """Yield the bytes of the file, chunk by chunk, for the formats in STREAMABLE."""
        yield self.header()
        for after, up_to in ranges(self.up_to):
            for chunk, _ in self.lines(after, up_to, 0):
                yield chunk


def files_of(export: Export) -> list[File]:
    """Return the files of an export, without loading any row. Raises selections.ExportRefused."""
    if export.scope == Export.Scope.PERSON:
        return _of_person(export)
    messages = messages_of(export)
    columns = message_table().columns(export.columns)
    files = [File("messages", export.format, messages, columns, export.up_to, counts=True)]
    if export.histories:
        columns = HistoryTable.columns(list(HistoryTable.fields))
        rows = histories_of(export, messages)
        files.append(File("histories", export.format, rows, columns, export.selection["last_history"]))
    if export.reviews:
        for title, rows in tables.rows_of(messages).items():
            table = tables.TABLES[title]
            columns = table.columns(list(table.fields))
            files.append(File(title, export.format, rows, columns, export.selection["last_reviews"][title]))
    return files


def _of_person(export: Export) -> list[File]:
    data = person.data_of(export)
    texts = [File(title, kind, text=text) for (title, kind), text in data.texts.items()]
    tables = [
        File(title, "csv", rows, columns, up_to, counts=title.startswith("messages"))
        for title, (rows, columns, up_to) in data.tables.items()
    ]
    return [*texts, *tables]


def suffix(export: Export) -> str:
    """Return the suffix of the downloaded file."""
    return "zip" if export.histories or export.reviews or export.scope == Export.Scope.PERSON else export.format


def file_name(export: Export) -> str:
    """Return the name of the downloaded file: its content, who exported it, and when."""
    what = "personal-data" if export.scope == Export.Scope.PERSON else export.scope
    when = f"{timezone.localtime(export.created_at):%Y-%m-%d-%H%M}"
    return f"{get_valid_filename(f'{what}-{author_name(export)}-{when}')}.{suffix(export)}"
