"""The file formats of reference data: CSV protected against formulas, XLSX with text cells, and JSON.

django-import-export's own formats accept unclosed quotes, repeated headers and rows of different widths, and write
texts as formulas. These raise Unreadable for such files, and every text survives an export and import unchanged.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

import tablib
from django.utils import timezone
from django.utils.translation import gettext as _
from import_export.formats import base_formats

from messaging.languages.wording import grouped
from ops.files.csv_writing import Writer
from ops.files.formulas import MARK, MARK_WITHOUT_GUARD, bare
from ops.files.problems import Unreadable
from ops.files.xlsx import writing
from ops.files.xlsx.package import Package
from ops.files.xlsx.sheets import Sheet, workbook_of

MAX_ROWS = 1_000
AUTHOR = "Threadward"
WIDTH = 24  # characters of a column


def build_dataset(headers: list[str], rows: Iterable[list[Any]]) -> tablib.Dataset:
    """Return the rows of a file as a Dataset. Raises Unreadable unless each has as many cells as there are headers."""
    if not headers or not all(headers) or len(set(headers)) < len(headers):
        raise Unreadable(_("every column needs a name, and no name may occur twice."))
    dataset = tablib.Dataset(headers=headers)
    for number, row in enumerate(rows, start=1):
        if number > MAX_ROWS:
            raise Unreadable(_("the file has more than %(number)s rows: split it.") % {"number": grouped(MAX_ROWS)})
        if len(row) != len(headers):
            words = _("data row %(number)s has %(cells)s cells, but there are %(columns)s columns.")
            raise Unreadable(words % {"number": number, "cells": len(row), "columns": len(headers)})
        dataset.append(row)
    if not dataset.height:
        raise Unreadable(_("the file has no rows."))
    return dataset


class Csv(base_formats.CSV):
    """CSV in UTF-8, separated by commas or semicolons.

    An export has the column of formulas.MARK; an import removes the guards against formulas only if a file has it.
    """

    def get_title(self) -> str:
        return "CSV"

    def is_binary(self) -> bool:
        return True

    def get_read_mode(self) -> str:
        return "rb"

    def create_dataset(self, in_stream: bytes, **kwargs: Any) -> tablib.Dataset:
        try:
            text = in_stream.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Unreadable(_("the file is not in UTF-8: save it as “CSV UTF-8”.")) from None
        first = text.partition("\n")[0]
        delimiter = ";" if ";" in first and "," not in first else ","
        reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
        try:
            headers, *rows = [row for row in reader if row] or [[]]
        except csv.Error:
            words = _("line %(number)s is not valid CSV: check its quotes.")
            raise Unreadable(words % {"number": grouped(reader.line_num)}) from None
        names = [name.strip() for name in headers]
        if MARK in names:
            rows = [[bare(cell) for cell in row] for row in rows]
            names = [name if name == MARK else bare(name) for name in names]
        dataset = build_dataset(names, rows)
        for mark in {MARK, MARK_WITHOUT_GUARD}.intersection(names):
            del dataset[mark]
        return dataset

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> bytes:
        buffer = io.StringIO()
        writer = Writer(buffer)
        writer.row(map(str, dataset.headers), mark=MARK)
        for row in dataset:
            writer.row(map(str, row), mark="")
        return buffer.getvalue().encode()


class Xlsx(base_formats.XLSX):
    """The first sheet of a workbook; cells are written as text. Files over the reader's limits are refused."""

    def get_title(self) -> str:
        return "XLSX"

    def create_dataset(self, in_stream: bytes, **kwargs: Any) -> tablib.Dataset:
        package = Package(io.BytesIO(in_stream))
        rows = Sheet(package, workbook_of(package), lambda taken: None).rows()
        header = next(rows, None)
        if header is None:
            raise Unreadable(_("the file is empty."))
        width = max(header.values) + 1
        headers = [header.values.get(column, "").strip() for column in range(width)]
        return build_dataset(headers, (self._cells(row, width) for row in rows))

    def _cells(self, row: Any, width: int) -> list[str]:
        for flaw in row.flaws.values():
            if flaw.error:
                words = _("row %(number)s holds an error, %(error)s: correct it.")
            else:
                words = _("row %(number)s holds a formula: paste its value instead.")
            raise Unreadable(words % {"number": grouped(row.number), "error": flaw.error}, row=row.number)
        return [row.values.get(column, "") for column in range(max(width, *(column + 1 for column in row.values)))]

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> bytes:
        sheet = writing.Sheet([writing.Column(name, "text", WIDTH) for name in dataset.headers])
        try:
            rows = "".join(sheet.row(number, row) for number, row in enumerate(dataset, start=2))
        except writing.CellTooLong:
            words = _("An Excel cell holds at most %(number)s characters: export as CSV.")
            raise ValueError(words % {"number": grouped(writing.MOST_CHARACTERS)}) from None
        content, target = sheet.beginning() + rows.encode(), io.BytesIO()
        writing.pack(
            io.BytesIO(content),
            len(content),
            target,
            "data",
            rows=dataset.height,
            columns=sheet.width,
            author=AUTHOR,
            created=timezone.now(),
        )
        return target.getvalue()


class Json(base_formats.JSON):
    """A list of objects that all have the same keys."""

    def get_title(self) -> str:
        return "JSON"

    def is_binary(self) -> bool:
        return True

    def get_read_mode(self) -> str:
        return "rb"

    def create_dataset(self, in_stream: bytes, **kwargs: Any) -> tablib.Dataset:
        try:
            objects = json.loads(in_stream, object_pairs_hook=list)
        except (ValueError, RecursionError):
            raise Unreadable(_("the file is not valid JSON in UTF-8.")) from None
        if not isinstance(objects, list) or not objects or not all(self._is_flat(one) for one in objects):
            raise Unreadable(
                _("the file must be a list of objects, with a text, number, true, false or null for each name.")
            )
        headers = [name for name, _value in objects[0]]
        for number, one in enumerate(objects, start=1):
            if sorted(name for name, _value in one) != sorted(headers):
                words = _("object %(number)s has different names than the first one.")
                raise Unreadable(words % {"number": grouped(number)})
        return build_dataset(headers, ([dict(one)[name] for name in headers] for one in objects))

    @staticmethod
    def _is_flat(pairs: Any) -> bool:
        """Return whether a parsed value is an object (now a list of pairs) without nested objects or lists."""
        return isinstance(pairs, list) and all(
            isinstance(pair, tuple) and not isinstance(pair[1], list | tuple | dict) for pair in pairs
        )

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> bytes:
        return f"{json.dumps(dataset.dict, ensure_ascii=False, indent=1)}\n".encode()
