"""Shorthand for tests: files of rows, given by what matters in them, and the results of readers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import xlsxwriter
from django.conf import settings

from ops.files.csv_files import CsvFile
from ops.files.dialects.utc_times import exact_header, in_utc_header
from ops.files.formulas import MARK, MARK_WITHOUT_GUARD, with_mark
from ops.files.headers.columns import Columns
from ops.files.problems import Unreadable
from ops.files.sources import Reading, SourceRow

SHARED = Path(settings.BASE_DIR).parent / "shared" / "data"
TIME = "2026-01-05T10:00:00+00:00"
# A table as the apps of the console define it.
COLUMNS = ("external_id", "parent_external_id", "sender", "receiver", "timestamp", "edited", "read", "content")
TABLE = Columns(
    names=COLUMNS,
    aliases={"external_id": "id", "parent_external_id": "parent_id", "timestamp": in_utc_header("timestamp")},
    may_be_missing=("edited", "read"),
    may_be_left_out=("external_id", "parent_external_id", "edited", "read"),
    always_ignored=("problem", MARK, MARK_WITHOUT_GUARD, exact_header("timestamp")),
)


def row(external_id: str = "1", parent: str = "", content: str = "hello", **values: str) -> tuple[str, ...]:
    """Return one row, a message from Alice to Bob, in the order of COLUMNS."""
    given = {
        "external_id": external_id,
        "parent_external_id": parent,
        "sender": "alice",
        "receiver": "bob",
        "timestamp": TIME,
        "edited": "",
        "read": "",
        "content": content,
    }
    return tuple({**given, **values}[column] for column in COLUMNS)


def as_csv(*rows: Iterable[str]) -> bytes:
    """Return the rows under our header, as a CSV file in UTF-8."""
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *rows])
    return text.getvalue().encode()


def as_marked_csv(*rows: Iterable[str]) -> bytes:
    """Return the rows, whose values are guarded already, as a CSV file that is marked as ours."""
    text = io.StringIO()
    marks = [MARK, *[""] * len(rows)]
    csv.writer(text).writerows(map(with_mark, map(list, [COLUMNS, *rows]), marks))
    return text.getvalue().encode()


def open_csv(content: bytes, **options: Any) -> CsvFile:
    """Return the bytes as an open CSV file; options are those of Reading."""
    return CsvFile(opened(content), TABLE, Reading(**options))


def opened(content: bytes) -> io.BufferedReader:
    """Return the bytes as an open file."""
    return io.BufferedReader(io.BytesIO(content))


def as_json(*rows: Iterable[Any]) -> bytes:
    """Return the rows as a list of objects."""
    return json.dumps([dict(zip(COLUMNS, values, strict=True)) for values in rows]).encode()


def as_json_lines(*rows: Iterable[Any]) -> bytes:
    """Return the rows as objects, one on each line."""
    lines = (json.dumps(dict(zip(COLUMNS, values, strict=True)), ensure_ascii=False) for values in rows)
    return "".join(f"{line}\n" for line in lines).encode()


def as_xlsx(*rows: Iterable[str], headers: Iterable[str] = COLUMNS) -> bytes:
    """Return the rows under our header, as a workbook of texts such as Excel writes."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        for number, values in enumerate([headers, *rows]):
            for column, value in enumerate(values):
                sheet.write_string(number, column, value)
    return content.getvalue()


def read_rows(source: Iterable[SourceRow]) -> list[tuple[str, ...]]:
    """Return the values of all rows; none may have a problem."""
    found = list(source)
    assert [problem for _, _, problem in found if problem] == []
    return [tuple(values) for _, values, _ in found]


def problems_of(source: Iterable[SourceRow]) -> list[str]:
    """Return the problems of a file as people see them; if reading stops early, the last one is the reason."""
    problems: list[str] = []
    try:
        problems += [str(problem) for _, _, problem in source if problem]
    except Unreadable as error:
        problems.append(str(error))
    return problems
