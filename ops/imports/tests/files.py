"""Shorthand for tests: rows of messages, imported by a job as the command does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from messaging.models import Message
from ops.files.sources import SourceRow
from ops.files.tests.files import COLUMNS, SHARED, TIME, as_csv, as_json, as_json_lines, as_xlsx, read_rows, row
from ops.imports import steps
from ops.imports.models import Import
from ops.imports.pages import previews
from ops.imports.recording import ImportCounts
from ops.imports.tests.importing import brought, do
from ops.jobs.run import JobFailed

__all__ = ["COLUMNS", "SHARED", "TIME", "as_csv", "as_json", "as_json_lines", "as_xlsx", "read_rows", "row"]


@dataclass(frozen=True)
class Result:
    """The result of an import; ``refused`` if nothing was stored because a row has an error."""

    stored: ImportCounts
    changed: int
    unchanged: int
    repeated: int
    errors: int
    warnings: int
    notices: int
    refused: bool


def numbered(*rows: tuple[str, ...]) -> list[SourceRow]:
    """Return the rows as a reader yields them; the header was row 1."""
    return [(number, values, None) for number, values in enumerate(rows, start=2)]


def imported(rows: Iterable[SourceRow], **options: Any) -> tuple[Result, list[str]]:
    """Import the rows of a CSV file by a job; return the result, and all problems as people see them."""
    return result_of(brought(*(tuple(values) for _, values, _ in rows), **options))


def result_of(import_: Import) -> tuple[Result, list[str]]:
    """Store an uploaded import; return the result, and all problems as people see them.

    Raises JobFailed if the job failed.
    """
    job = do(steps.store(import_, by=import_.by, kick=False))
    import_.refresh_from_db()
    if job.error:
        raise JobFailed(job.error)
    counts, refused = import_.counts, import_.state != Import.State.STORED
    outcome = {} if refused else import_.outcome
    names = ("unchanged", "repeated", "errors", "warnings", "notices")
    return (
        Result(
            stored=ImportCounts(*(outcome.get(name, 0) for name in ("messages", "replies", "conversations", "users"))),
            changed=outcome.get("changed", 0),
            refused=refused,
            **{name: counts[name] for name in names},
        ),
        all_problems(import_),
    )


def all_problems(import_: Import) -> list[str]:
    """Return every problem of a checked or stored import, as people read it."""
    return [str(problem) for problem in previews.load_problems(import_)]


def refusal(*rows: tuple[str, ...], **options: Any) -> list[str]:
    """Import rows that must be refused, with nothing stored; return the problems as people see them."""
    before = stored()
    result, problems = imported(numbered(*rows), **options)
    assert result.refused
    assert stored() == before
    return problems


def stored() -> list[tuple]:
    """Return what an import decides about each stored message, then the ids of its parent, conversation and itself."""
    columns = ("external_id", "sender__username", "receiver__username", "timestamp", "content", "edited", "read")
    return list(
        Message.objects.order_by("id").values_list(*columns, "parent_message__external_id", "conversation_id", "id")
    )
