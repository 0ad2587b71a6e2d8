"""Importing messages: rows in, problems and effects out. Commands, screens and jobs are faces of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, DatabaseError, transaction
from django.dispatch import Signal
from django.utils import timezone

from messaging import pages
from messaging.editors import current_editor
from messaging.models import Conversation, Message, MessageHistory
from ops.audit.recording import NotRecorded, record
from ops.files.problems import Report
from ops.files.sources import SourceRow
from ops.imports.checking.check_file import Checked, How, check
from ops.imports.checking.findings import Mark
from ops.imports.checking.roots import Roots
from ops.imports.events import ImportEvent
from ops.imports.options import Choices
from ops.imports.staging.base import Staging
from ops.imports.staging.vendors import staging_on
from ops.imports.storing import batches, texts
from ops.imports.storing.batches import Bases, ImportStopped, Stored, Work
from ops.imports.storing.plans import Plan
from ops.jobs import errors

# Sent with ``using`` when an import has stored something, or an undo has removed something.
messages_imported = Signal()

Progress = Callable[[int, int], None]  # rows stored, rows to store


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import added, found stored already, left out as repeated within the file, and reported by level."""

    stored: Stored
    changed: int
    unchanged: int
    repeated: int
    errors: int
    warnings: int
    notices: int
    refused: bool  # nothing was stored, because at least one row has an error


def import_messages(
    rows: Iterable[SourceRow],
    *,
    report: Report,
    now: datetime | None = None,
    progress: Progress = lambda stored, messages: None,
    guarded: bool = False,
    using: str = DEFAULT_DB_ALIAS,
    **choices: Any,
) -> ImportResult:
    """Check all rows, and where none has an error store them, in this process and in one transaction.

    For rows that are at hand; files that people bring are imported by jobs (runs.py). ``choices`` are those of
    options.Choices; ``guarded`` says that the rows are from a CSV file. ``report`` is called with every problem, by
    row, ``progress`` with (stored, to store). ``rows`` may raise Unreadable, which is reported as an error.
    Raises ImportStopped, in words for people, where the database does not go along; then nothing was stored.
    """
    chosen = Choices(**choices)
    how = How("UTC", guarded, now or timezone.now())
    try:
        with staging_on(using) as staging:
            checked = check(staging, rows, choices=chosen, how=how, tell=lambda count: None)
            for problem in checked.findings.problems():
                report(problem)
            if not checked.may_be_stored(chosen):
                return _result(checked, Stored(), 0, refused=True)
            work = InOneGo(progress, checked.counts["new"])
            with transaction.atomic(using=using):
                bases = reserve(staging, checked.counts, len(checked.plan.marks) - 1)
                carry_out(staging, checked.roots, checked.plan, work, bases, chosen, how.now)
                stored = stored_by(checked.counts)
                changed = work.cursor.get("changed", 0)
                finish(stored, changed, using=using, details={})
            return _result(checked, stored, changed, refused=False)
    except NotRecorded as error:
        raise ImportStopped(str(error)) from error
    except DatabaseError as error:
        raise ImportStopped(errors.advice(error, again="run the import again")) from error


class InOneGo:
    """The work of an import that is done in one transaction: its batches are no transactions of their own."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.cursor: dict[str, Any] = {}
        self.progress, self.total = progress, total

    def batch(self) -> AbstractContextManager[None]:
        return nullcontext()

    def beat(self, done: int | None = None, total: int | None = None) -> None:
        """Nobody waits for a sign of life."""

    def advance(self, done: int | None = None, total: int | None = None) -> None:
        self.progress(done or 0, self.total)


def reserve(staging: Staging, counts: dict[str, Any], last_row: int) -> Bases:
    """Set the ids aside that rows and people get, so that what an import added is known by its ids."""
    new, changed, users = counts["new"], counts["changed"], counts["users"]
    return Bases(
        messages=staging.reserve_ids(Message, last_row) if new else None,
        conversations=staging.reserve_ids(Conversation, last_row) if new else None,
        histories=staging.reserve_ids(MessageHistory, last_row) if changed else None,
        users=staging.reserve_ids(get_user_model(), users) if users else None,
    )


def carry_out(
    staging: Staging, roots: Roots, plan: Plan, work: Work, bases: Bases, choices: Choices, now: datetime
) -> None:
    """Create the people, change the texts and store the messages that were decided on, from the cursor of ``work`` on.

    Raises ImportStopped where what was checked does not hold any more, and whatever the database raises.
    """
    new = plan.marks.translate(bytes(mark == Mark.NEW for mark in range(256)))
    order = roots.in_order(new, plan.piece)
    with staging.writing():
        if choices.create_users:
            batches.create_people(staging, work, bases, now)
        if choices.existing == "edit":
            texts.change_texts(staging, work, bases)
        batches.store_messages(staging, order, work, bases, notify_at=now if choices.notify else None)


def stored_by(counts: dict[str, Any]) -> Stored:
    """What an import adds, by the counts of its checks."""
    return Stored(counts["new"], counts["replies"], counts["conversations"], counts["users"])


def finish(stored: Stored, changed: int, *, using: str, details: dict[str, Any]) -> None:
    """Within the last transaction: what is not in the audit trail was not imported. Raises NotRecorded."""
    if not (stored.messages or stored.users or changed):
        return
    counts = {**asdict(stored), **({"changed": changed} if changed else {}), **details}
    record(ImportEvent.IMPORT_MADE, actor=current_editor(), target=Message, details=counts, using=using)
    announce(using)


def announce(using: str) -> None:
    """Rows that are stored or removed in sets send no signal each: what was kept of the old state is forgotten here."""
    pages.forget_all(using=using)
    transaction.on_commit(lambda: messages_imported.send(sender=None, using=using), using=using)


def _result(checked: Checked, stored: Stored, changed: int, *, refused: bool) -> ImportResult:
    counts = checked.counts
    return ImportResult(
        stored=stored,
        changed=changed,
        unchanged=counts["unchanged"],
        repeated=counts["repeated"],
        errors=counts["errors"],
        warnings=counts["warnings"],
        notices=counts["notices"],
        refused=refused,
    )
