"""Asking for an export: it is checked, counted and recorded before its first byte is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Length
from django.utils import timezone

from messaging.models import Message, MessageHistory, Notification
from ops.audit.recording import record
from ops.exports import contents, person
from ops.exports.columns import MessageTable
from ops.exports.events import ExportEvent
from ops.exports.formats import workbook
from ops.exports.models import Export
from ops.exports.selections import MODELS, Refused, messages_of, narrowed, newest, within
from ops.files import private_files
from ops.jobs import starting
from ops.jobs.leases import UNDER_WAY

KIND = "export.make"
AT_ONCE = 10_000  # rows: as many as a page may wait for
FETCHED_WITHIN = timedelta(minutes=10)  # what is sent at once: after that it has to be asked for again
NOTHING = "Nothing matches (any more), so there is nothing to export."


@dataclass(frozen=True)
class Wish:
    """What somebody is about to export: an ``export`` that is not stored yet, and the ``messages`` that are in it.

    ``words`` say what narrows the list; ``filters`` and ``terms`` are what the audit trail says of it.
    """

    export: Export
    messages: QuerySet
    words: list[str] = field(default_factory=list)
    filters: dict[str, str] = field(default_factory=dict)
    terms: str = ""


def wish(
    *,
    by: Any,
    scope: str,
    query: str = "",
    ids: Sequence[int] | None = None,
    now: datetime | None = None,
    **asked: Any,
) -> Wish:
    """What ``by`` would export: a list by its ``query`` string, or the rows with these ``ids``.

    ``asked`` are fields of Export: reason, format, columns, whole_threads, histories. Raises Refused.
    """
    export = Export(by=by, scope=scope, created_at=now or timezone.now(), **asked)
    export.columns = list(MessageTable.columns(export.columns))
    if ids is not None:
        export.selection = {"ids": sorted(set(ids))}
        _mark(export)
        return Wish(export, messages_of(export))
    narrowing = narrowed(scope, query, by=by, as_of=export.created_at)
    export.selection = {"query": query, "words": narrowing.words}
    _mark(export)
    messages = within(narrowing.rows, export)
    return Wish(export, messages, narrowing.words, narrowing.filters, narrowing.terms)


def ask(wished: Wish) -> Export:
    """Store and record an export; then ``lines`` or ``begin`` make it. Raises Refused, NotRecorded.

    It comes back with its ``rows`` counted, and holds nothing that is stored later.
    """
    export = wished.export
    _count(export, wished.messages)
    details: dict[str, Any] = {
        "format": export.format,
        "columns": export.columns,
        "rows": export.rows,
        "whole_threads": export.whole_threads,
        "histories": export.histories,
        "up_to": export.up_to,
    }
    if "ids" in export.selection:
        details["chosen"] = export.selection["ids"]
    else:
        details["filters"] = wished.filters
    _store(export, target=MODELS[export.scope], details=details, label=wished.terms or None)
    return export


def person_zip(user: Any, *, by: Any, reason: str, now: datetime | None = None) -> Export:
    """Make a ZIP of everything that ``user`` may ask for, in this request or by a worker; the export, with its file
    or its job. Raises Refused, NotRecorded.

    No transaction may be around: what takes longer than 2 s is handed over to a worker.
    """
    export = Export(
        by=by, scope=Export.Scope.PERSON, reason=reason, created_at=now or timezone.now(), selection={"person": user.pk}
    )
    _mark(export)
    person.data_of(export)  # refuses whoever may not
    counts = person.counts_of(user)
    export.rows = counts["sent"] + counts["received"]  # one to oneself is in both files, and counts twice
    details = {"rows": export.rows, "counts": counts, "format": "zip", "up_to": export.up_to}
    _store(export, target=user, details=details, label=None)
    return start(export)


def start(export: Export) -> Export:
    """Have a job make the file: here where that takes at most 2 s, else by a worker."""
    Export.objects.filter(pk=export.pk).update(file=private_files.new_name(contents.suffix(export)))
    title = f"Export of {contents.file_name(export)}"
    params = {"export": str(export.pk)}
    job = starting.start(KIND, requester=export.by, title=title, params=params, total=export.rows, here=True)
    Export.objects.filter(pk=export.pk).update(job=job)
    export.refresh_from_db()
    return export


def may_be_sent_at_once(export: Export) -> bool:
    """Whether it is small and plain enough to be sent while it is made; everything else is made by a job."""
    return contents.suffix(export) in contents.STREAMED and (export.rows or 0) <= AT_ONCE


def is_being_sent(export: Export, now: datetime) -> bool:
    """Whether an export without a file may still be fetched by whoever asked for it a moment ago."""
    return may_be_sent_at_once(export) and now < export.created_at + FETCHED_WITHIN


def lines(export: Export) -> Iterator[bytes]:
    """The bytes of an export that may be sent at once. What may not be raises Refused before the first one."""
    (file,) = contents.files_of(export)
    return file.whole()


def _mark(export: Export) -> None:
    """Remember what is stored now: nothing newer is in the export, whenever it is made."""
    export.up_to = newest(Message)
    export.selection |= {"last_history": newest(MessageHistory)}
    if export.scope == Export.Scope.PERSON:
        export.selection |= {"last_notification": newest(Notification)}


def _count(export: Export, messages: QuerySet) -> None:
    """Count the messages; raises Refused where there is none, or where no sheet can hold them."""
    export.rows = messages.count()
    if not export.rows:
        raise Refused(NOTHING)
    if export.format != Export.Format.XLSX:
        return
    if export.rows > workbook.MOST_ROWS:
        raise Refused(workbook.TOO_MANY.format(export.rows))
    longest = messages.aggregate(longest=Max(Length("content")))["longest"]
    if "content" in MessageTable.columns(export.columns) and longest > workbook.MOST_CHARACTERS:
        raise Refused(workbook.TOO_LONG)


def _store(export: Export, *, target: Any, details: dict[str, Any], label: str | None) -> None:
    export.file_name = contents.file_name(export)
    with transaction.atomic():
        export.save(force_insert=True)
        record(
            ExportEvent.MESSAGES_EXPORTED,
            actor=export.by,
            target=target,
            details=details,
            reason=export.reason,
            label=label,
        )


def files_in_use() -> list[str]:
    """The files that jobs which wait or run still write."""
    at_work = Q(job__state__in=UNDER_WAY) | Q(job__ending__gt="")
    return list(Export.objects.filter(at_work).order_by().values_list("file", flat=True))
