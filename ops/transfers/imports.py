"""Importing messages: rows in, problems and effects out. Commands, screens and jobs are faces of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import DEFAULT_DB_ALIAS, DatabaseError, IntegrityError
from django.dispatch import Signal
from django.utils import timezone

from messaging import pages
from ops.audit.recording import NotRecorded
from ops.transfers import faults
from ops.transfers.problems import CountingReport, ImportStopped, Report, Unreadable
from ops.transfers.roots import Roots
from ops.transfers.rows import SourceRow, checked_rows
from ops.transfers.staging import Staging, staging_on
from ops.transfers.storing import Progress, Stored, store

# Sent with ``stored`` (Stored) and ``using`` when an import has stored something.
messages_imported = Signal()


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import added, found stored already, left out as repeated within the file, and reported by level."""

    stored: Stored
    unchanged: int
    repeated: int
    errors: int
    warnings: int
    notices: int

    @property
    def refused(self) -> bool:
        """Whether nothing was stored, because at least one row has an error."""
        return self.errors > 0


def import_messages(
    rows: Iterable[SourceRow],
    *,
    report: Report,
    create_users: bool = False,
    notify: bool = False,
    now: datetime | None = None,
    progress: Progress = lambda stored, messages: None,
    using: str = DEFAULT_DB_ALIAS,
) -> ImportResult:
    """Check all rows, and where none has an error store them: all or nothing. A second run stores nothing.

    ``report`` is called with each problem as it is found, ``progress`` with (stored, to store) while storing. Every
    person named needs an account; ``create_users`` makes those missing (inactive, without a password). Receivers are
    notified only where ``notify`` says so. ``rows`` may raise Unreadable, which is reported as an error.
    Raises ImportStopped, in words for people, where the database does not go along; then nothing was stored.
    """
    now = now or timezone.now()
    counted = CountingReport(report)
    try:
        with staging_on(using) as staging:
            repeated, unchanged, roots = _check(staging, rows, counted, create_users=create_users, now=now)
            stored = Stored()
            if not counted.levels["error"]:
                stored = store(staging, roots, create_users=create_users, notify=notify, now=now, progress=progress)
                _announce(stored, using)
    except NotRecorded as error:
        raise ImportStopped(str(error)) from error
    except DatabaseError as error:
        raise ImportStopped(_in_words(error)) from error
    levels = counted.levels
    return ImportResult(stored, unchanged, repeated, levels["error"], levels["warning"], levels["notice"])


def _announce(stored: Stored, using: str) -> None:
    """Rows that are stored in sets send no signal each: what was kept of the old state is forgotten here."""
    if stored.messages or stored.users:
        pages.forget_all(using=using)
        messages_imported.send(sender=None, stored=stored, using=using)


def _check(
    staging: Staging, rows: Iterable[SourceRow], report: Report, *, create_users: bool, now: datetime
) -> tuple[int, int, Roots]:
    """Stage and check the rows; how many are repeated, how many stored already, and the roots of the others."""
    unreadable: list[Unreadable] = []
    staging.fill(checked_rows(_readable(rows, unreadable), now=now, report=report))
    for end in unreadable:
        report(end.problem)
    repeated = faults.skip_repeats(staging, report)
    faults.check_people(staging, report, create_users=create_users)
    # A parent may stand in the part of a file that could not be read.
    if not unreadable:
        faults.check_parents(staging, report)
    unchanged = faults.skip_stored(staging, report)
    return repeated, unchanged, faults.find_roots(staging, report)


def _readable(rows: Iterable[SourceRow], unreadable: list[Unreadable]) -> Iterable[SourceRow]:
    """The rows up to where they cannot be read any more; why goes to ``unreadable``."""
    try:
        yield from rows
    except Unreadable as error:
        unreadable.append(error)


def _in_words(error: DatabaseError) -> str:
    """What people can do about an error of the database; its own words may hold somebody's text."""
    words = str(error).lower()
    if isinstance(error, IntegrityError):
        return "Somebody else stored or removed some of the same messages or people meanwhile: run the import again."
    if "locked" in words or "lock timeout" in words or "deadlock" in words:
        return "Another program is writing to the database: run the import again when it is done."
    if "full" in words or "no space" in words or "too large" in words:
        return "The disk is full, or the room for temporary files is: make room and run the import again."
    if "read-only" in words or "readonly" in words or "unable to open" in words or "permission" in words:
        return "The database cannot be written to: ask whoever runs it for the right to, then run the import again."
    return "The database did not go along: check that it runs and that its migrations are applied, then try again."
