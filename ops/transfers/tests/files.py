"""Shorthand for tests: message files by what matters in them, imported as the command does."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings

from messaging.models import Message
from ops.transfers.csv_files import CsvFile
from ops.transfers.imports import ImportResult, import_messages
from ops.transfers.problems import Problem
from ops.transfers.rows import COLUMNS, SourceRow

SHARED = Path(settings.BASE_DIR).parent / "shared" / "data"
TIME = "2026-01-05T10:00:00+00:00"
HEADER = ",".join(COLUMNS)


def row(external_id: str = "1", parent: str = "", content: str = "hello", **values: str) -> tuple[str, ...]:
    """One message of Alice to Bob, in the order of COLUMNS."""
    given = {
        "external_id": external_id,
        "parent_external_id": parent,
        "sender": "alice",
        "receiver": "bob",
        "timestamp": TIME,
        "content": content,
    }
    return tuple({**given, **values}[column] for column in COLUMNS)


def numbered(*rows: tuple[str, ...]) -> list[SourceRow]:
    """The rows as a reader hands them over; the header was row 1."""
    return [(number, values, None) for number, values in enumerate(rows, start=2)]


def as_csv(*rows: Iterable[str]) -> bytes:
    """The rows under our header, as a CSV file in UTF-8."""
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *rows])
    return text.getvalue().encode()


def open_csv(content: bytes) -> CsvFile:
    """The bytes as an open CSV file."""
    return CsvFile(io.BufferedReader(io.BytesIO(content)))


def imported(rows: Iterable[SourceRow], **options: Any) -> tuple[ImportResult, list[str]]:
    """Import the rows; what came of it, and the problems as people see them."""
    problems: list[Problem] = []
    result = import_messages(rows, report=problems.append, **options)
    return result, [str(problem) for problem in problems]


def refusal(*rows: tuple[str, ...], **options: Any) -> list[str]:
    """Import rows that must be refused, with nothing stored; the problems as people see them."""
    before = stored()
    result, problems = imported(numbered(*rows), **options)
    assert result.refused
    assert stored() == before
    return problems


def stored() -> list[tuple]:
    """What is stored of every message that an import decides."""
    columns = ("external_id", "sender__username", "receiver__username", "timestamp", "content", "edited", "read")
    return list(
        Message.objects.order_by("id").values_list(*columns, "parent_message__external_id", "conversation_id", "id")
    )
