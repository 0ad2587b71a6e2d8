"""Shorthand for tests: rows of messages, imported as the command does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from messaging.models import Message
from ops.files.problems import Problem
from ops.files.sources import SourceRow
from ops.files.tests.files import SHARED, TIME, as_csv, as_json, as_json_lines, as_xlsx, read_rows, row
from ops.imports.recording import ImportResult, import_messages

__all__ = ["SHARED", "TIME", "as_csv", "as_json", "as_json_lines", "as_xlsx", "read_rows", "row"]


def numbered(*rows: tuple[str, ...]) -> list[SourceRow]:
    """The rows as a reader hands them over; the header was row 1."""
    return [(number, values, None) for number, values in enumerate(rows, start=2)]


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
