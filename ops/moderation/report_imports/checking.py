"""Checking a whole file of reports, against itself and against the database, before any report is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.languages.wording import numbered
from messaging.models import Message
from messaging.writing import in_batches
from ops.files.formulas import MARK
from ops.files.problems import Problem, Unreadable, label
from ops.files.reading import open_source
from ops.files.sources import Reading
from ops.files.timestamps import moments_in
from ops.imports import own_ids
from ops.moderation.models import Flag, Label, Source
from ops.moderation.report_imports.columns import COLUMNS
from ops.moderation.report_imports.rows import Row, checked

MOST_ROWS = 50_000  # stored in one transaction, which takes seconds
LOOKED_UP = 500  # values in one query


class Reported(NamedTuple):
    """The stored message that a row refers to."""

    pk: int
    conversation_id: int
    sender_id: Any
    receiver_id: Any
    revision: int


@dataclass(slots=True)
class Ready:
    """A row with the objects that it refers to: message, label, reporter (None if it names none), revision."""

    row: Row
    message: Reported
    label: Label
    reporter_id: Any
    revision: int


@dataclass
class Checked:
    """The result of a check: ``ready`` are the reports to store, ``known`` counts those already stored."""

    problems: list[Problem] = field(default_factory=list)
    ready: list[Ready] = field(default_factory=list)
    rows: int = 0
    known: int = 0

    @property
    def errors(self) -> int:
        return sum(problem.level == "error" for problem in self.problems)


def check_file(
    path: Path,
    *,
    now: datetime,
    using: str,
    reading: Reading | None = None,
    progress: Callable[[int], object] = lambda rows: None,
) -> Checked:
    """Check a file of reports, in any format that imports of messages accept. Stores nothing. ``progress`` is called
    for each row, with the number of rows before it."""
    found = Checked()
    read = reading or Reading()
    moments = moments_in(read.time_zone, read.dates, read.repeated_times)
    try:
        with open_source(path, COLUMNS, read) as source:
            guarded = MARK in source.headers
            sound = checked(source, found.problems.append, moments=moments, guarded=guarded, now=now)
            rows = list(_limited(sound, progress))
            found.problems += source.notices
    except Unreadable as error:
        found.problems.append(error.problem)
        return found
    found.rows = len(rows)
    for some in in_batches(_unknown(rows, found, using), LOOKED_UP):
        _look_up(some, found, using)
    _refuse_repeated(found, using)
    found.problems.sort(key=lambda problem: problem.row or 0)
    return found


def _limited(rows: Iterable[Row], progress: Callable[[int], object]) -> Iterable[Row]:
    for count, row in enumerate(rows):
        if count >= MOST_ROWS:
            words = ngettext(
                "the file has more than %(number)s report: split it.",
                "the file has more than %(number)s reports: split it.",
                MOST_ROWS,
            )
            raise Unreadable(numbered(words, MOST_ROWS))
        progress(count)
        yield row


def _unknown(rows: list[Row], found: Checked, using: str) -> list[Row]:
    """Return the rows that are new: not stored by an earlier import, nor exported from this database."""
    beginning = f"{own_ids.prefix(using)}{own_ids.FLAG}"
    unknown = []
    for some in in_batches(rows, LOOKED_UP):
        flags = Flag.objects.using(using).order_by()
        ids = [row.external_id for row in some]
        known = set(flags.filter(source=Source.IMPORT, external_id__in=ids).values_list("external_id", flat=True))
        own = {number: one for one in ids if (number := _number(one, beginning)) is not None}
        known |= {own[pk] for pk in flags.filter(pk__in=own).values_list("pk", flat=True)}
        unknown += [row for row in some if row.external_id not in known]
    found.known = len(rows) - len(unknown)
    return unknown


def _look_up(rows: Iterable[Row], found: Checked, using: str) -> None:
    """Look up the messages, labels and reporters of the rows, and record a problem for each that does not exist."""
    rows = list(rows)
    labels = {one.slug: one for one in Label.objects.using(using)}
    messages = _messages({row.message for row in rows}, using)
    users = get_user_model()._base_manager.using(using)
    people = dict(users.filter(username__in={row.reporter for row in rows}).values_list("username", "pk"))
    for row in rows:
        message, its_label = messages.get(row.message), labels.get(row.label)
        faults = []
        if message is None:
            words = _("no stored message has the external ID %(id)s: import the messages first.")
            faults.append(("message", words % {"id": label(row.message)}))
        if its_label is None:
            faults.append(("label", _no_label(row.label, labels)))
        if row.reporter and row.reporter not in people:
            words = _("there is no account %(name)s: correct the name, or leave it empty.")
            faults.append(("reporter", words % {"name": label(row.reporter)}))
        for column, words in faults:
            found.problems.append(Problem(row.number, column, "error", words))
        if message is not None and its_label is not None and not faults:
            revision = _revision(row, message, found)
            found.ready.append(Ready(row, message, its_label, people.get(row.reporter), revision))


def _no_label(slug: str, labels: Collection[str]) -> str:
    """Return the sentence that there is no such label, listing the existing ones."""
    if not labels:
        words = _("there is no label %(label)s, nor any other: add it under Settings › Labels.")
    else:
        words = _(
            "there is no label %(label)s. There are: %(labels)s. Use one of them, or add it under Settings › Labels."
        )
    return words % {"label": label(slug), "labels": ", ".join(labels)}


def _revision(row: Row, message: Reported, found: Checked) -> int:
    """Return the reported revision, at most the latest here: a message imported without its history has fewer."""
    if row.revision is not None and row.revision > message.revision:
        words = _("text %(number)s of the message is not stored here: taken as its latest, %(latest)s.")
        words %= {"number": row.revision, "latest": message.revision}
        found.problems.append(Problem(row.number, "revision", "notice", words))
    return min(row.revision or message.revision, message.revision)


def _messages(ids: set[str], using: str) -> dict[str, Reported]:
    """Return the stored messages by these external ids, including ids that our exports generate for messages without
    one."""
    beginning = own_ids.prefix(using)
    own = {number: one for one in ids if (number := _number(one, beginning)) is not None}
    messages = Message._base_manager.using(using).order_by()
    found = messages.filter(external_id__in=ids).values_list("external_id", *Reported._fields)
    named = {external_id: Reported(*values) for external_id, *values in found}
    made_up = messages.filter(pk__in=own, external_id=None).values_list(*Reported._fields)
    return named | {own[values[0]]: Reported(*values) for values in made_up}


def _number(external_id: str, beginning: str) -> int | None:
    """Return the primary key in an id that an export of this database generated, else None."""
    number = external_id.removeprefix(beginning)
    is_ours = number != external_id and number.isascii() and number.isdecimal() and number == str(int(number[:19]))
    return int(number) if is_ours and int(number) < 1 << 63 else None


def _refuse_repeated(found: Checked, using: str) -> None:
    """Record a problem for each second report of a text by one person, in the file or stored already."""
    keys = Counter[tuple[int, int, Any]]()
    stored: set[tuple[int, int, Any]] = set()
    flags = Flag.objects.using(using).exclude(reporter=None).order_by()
    for some in in_batches(found.ready, LOOKED_UP):
        rows = flags.filter(message__in={one.message.pk for one in some})
        stored |= set(rows.values_list("message", "revision", "reporter"))
    fit = []
    for one in found.ready:
        key = (one.message.pk, one.revision, one.reporter_id)
        keys[key] += one.reporter_id is not None
        if key in stored or keys[key] > 1:
            words = _("%(name)s has reported this text of the message already: remove the row.")
            words %= {"name": label(one.row.reporter)}
            found.problems.append(Problem(one.row.number, "reporter", "error", words))
        else:
            fit.append(one)
    found.ready = fit
