"""The formats of reference data: CSV with the guard against formulas, XLSX with text cells, JSON.

django-import-export's own formats accept a quote that is never closed, repeated headers and rows of any width, and
take texts for formulas. These refuse such files with a sentence (Unreadable), and give every text back exactly.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

import tablib
from django.utils import timezone
from import_export.formats import base_formats

from ops.files.formulas import bare, guarded
from ops.files.problems import Unreadable
from ops.files.xlsx import writing
from ops.files.xlsx.package import Package
from ops.files.xlsx.sheets import Sheet, workbook_of

MOST_ROWS = 1_000
AUTHOR = "Threadward"


def dataset_of(headers: list[str], rows: Iterable[list[Any]]) -> tablib.Dataset:
    """The rows of a file, as many cells each as there are headers. Raises Unreadable."""
    if not headers or not all(headers) or len(set(headers)) < len(headers):
        raise Unreadable("every column needs a name, and no name may occur twice.")
    dataset = tablib.Dataset(headers=headers)
    for number, row in enumerate(rows, start=1):
        if number > MOST_ROWS:
            raise Unreadable(f"the file has more than {MOST_ROWS:,} rows: split it.")
        if len(row) != len(headers):
            raise Unreadable(f"data row {number} has {len(row)} cells, but there are {len(headers)} columns.")
        dataset.append(row)
    if not dataset.height:
        raise Unreadable("the file has no rows.")
    return dataset


class Csv(base_formats.CSV):
    """CSV in UTF-8, separated by commas or semicolons."""

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
            raise Unreadable("the file is not in UTF-8: save it as “CSV UTF-8”.") from None
        first = text.partition("\n")[0]
        delimiter = ";" if ";" in first and "," not in first else ","
        reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
        try:
            headers, *rows = [row for row in reader if row] or [[]]
        except csv.Error:
            raise Unreadable(f"line {reader.line_num:,} is no valid CSV: check its quotes.") from None
        return dataset_of([name.strip() for name in headers], ([bare(cell) for cell in row] for row in rows))

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> bytes:
        page = io.StringIO()
        writer = csv.writer(page, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(dataset.headers)
        writer.writerows([guarded(str(cell)) for cell in row] for row in dataset)
        return page.getvalue().encode()


class Xlsx(base_formats.XLSX):
    """The first sheet of a workbook, read within limits, written as text."""

    def get_title(self) -> str:
        return "XLSX"

    def create_dataset(self, in_stream: bytes, **kwargs: Any) -> tablib.Dataset:
        package = Package(io.BytesIO(in_stream))
        rows = Sheet(package, workbook_of(package), lambda taken: None).rows()
        header = next(rows, None)
        if header is None:
            raise Unreadable("the file is empty.")
        width = max(header.values) + 1
        headers = [header.values.get(column, "").strip() for column in range(width)]
        return dataset_of(headers, (self._cells(row, width) for row in rows))

    def _cells(self, row: Any, width: int) -> list[str]:
        for flaw in row.flaws.values():
            raise Unreadable(f"row {row.number:,} holds {flaw}", row=row.number)
        return [row.values.get(column, "") for column in range(max(width, *(column + 1 for column in row.values)))]

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> bytes:
        letters = writing.letters_of(len(dataset.headers))
        try:
            rows = "".join(writing.row(number, row, letters) for number, row in enumerate(dataset, start=2))
        except writing.CellTooLong:
            words = f"An Excel cell holds at most {writing.MOST_CHARACTERS:,} characters: export as CSV."
            raise ValueError(words) from None
        sheet = writing.beginning(dataset.headers) + rows.encode()
        target = io.BytesIO()
        writing.pack(io.BytesIO(sheet), len(sheet), target, "data", author=AUTHOR, created=timezone.now())
        return target.getvalue()


class Json(base_formats.JSON):
    """A list of objects that all have the same names."""

    def get_title(self) -> str:
        return "JSON"

    def is_binary(self) -> bool:
        return True

    def get_read_mode(self) -> str:
        return "rb"

    def create_dataset(self, in_stream: bytes, **kwargs: Any) -> tablib.Dataset:
        try:
            found = json.loads(in_stream, object_pairs_hook=list)
        except (ValueError, RecursionError):
            raise Unreadable("the file is no valid JSON in UTF-8.") from None
        if not isinstance(found, list) or not found or not all(self._is_flat(one) for one in found):
            raise Unreadable(
                "the file must be a list of objects, with a text, number, true, false or null for each name."
            )
        headers = [name for name, _ in found[0]]
        for number, one in enumerate(found, start=1):
            if sorted(name for name, _ in one) != sorted(headers):
                raise Unreadable(f"object {number:,} has other names than the first one.")
        return dataset_of(headers, ([dict(one)[name] for name in headers] for one in found))

    @staticmethod
    def _is_flat(pairs: Any) -> bool:
        """Whether it was an object (a list of pairs now) without objects and lists in it."""
        return isinstance(pairs, list) and all(
            isinstance(pair, tuple) and not isinstance(pair[1], list | tuple | dict) for pair in pairs
        )

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> bytes:
        return f"{json.dumps(dataset.dict, ensure_ascii=False, indent=1)}\n".encode()
