"""Requesting an export, which is checked, counted and recorded before its first byte is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Length
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.models import Message, MessageHistory, Notification
from ops.audit.details import Key, chosen
from ops.audit.readings import record_selection
from ops.audit.reasons.gate import breaks_glass
from ops.audit.reasons.giving import give
from ops.audit.recording import record
from ops.exports import contents, person
from ops.exports.columns import message_table
from ops.exports.events import ExportEvent
from ops.exports.formats import workbook
from ops.exports.models import Export
from ops.exports.reviews import tables
from ops.exports.selections import (
    MODELS,
    ExportRefused,
    check_export,
    messages_of,
    messages_within,
    newest_id,
    read_list,
)
from ops.files import private_files
from ops.jobs import starting
from ops.jobs.leases import UNDER_WAY

KIND = "export.make"
STREAM_LIMIT = 10_000  # rows of the largest export that is streamed instead of made by a job
STREAM_WINDOW = timedelta(minutes=10)  # how long an export without a file can be downloaded
USED = gettext_lazy("This export was made already, or is not approved: ask for another one.")
NOTHING = gettext_lazy("Nothing matches any longer, so there is nothing to export.")


@dataclass(frozen=True)
class Draft:
    """An ``export`` that is not stored yet, with its ``messages``.

    ``descriptions`` are the search and filters in words; the audit trail records ``filters`` and ``terms``.
    """

    export: Export
    messages: QuerySet
    descriptions: list[str] = field(default_factory=list)
    filters: dict[str, str] = field(default_factory=dict)
    terms: str = ""


def draft(
    *,
    by: Any,
    scope: str,
    query: str = "",
    ids: Sequence[int] | None = None,
    now: datetime | None = None,
    **options: Any,
) -> Draft:
    """Return a draft of ``by``'s export of the list with this ``query`` string, or of the rows with these ``ids``.

    ``options`` are fields of Export: reason, format, columns, whole_threads, histories, reviews. Raises ExportRefused.
    """
    export = Export(by=by, scope=scope, created_at=now or timezone.now(), **options)
    check_export(export)
    export.columns = list(message_table().columns(export.columns))
    if ids is not None:
        export.selection = {"ids": sorted(set(ids))}
        _set_bounds(export)
        return Draft(export, messages_of(export))
    listed = read_list(scope, query, by=by, as_of=export.created_at)
    export.selection = {"query": query, "descriptions": listed.descriptions}
    _set_bounds(export)
    messages = messages_within(listed.rows, export)
    return Draft(export, messages, listed.descriptions, listed.filters, listed.terms)


def submit(draft: Draft) -> Export:
    """Count the ``rows`` of an export, then store and record it. Raises ExportRefused and NotRecorded.

    ``stream`` or ``start`` then makes it, without rows that are stored later.
    """
    export = draft.export
    _count(export, draft.messages)
    details: dict[str, Any] = {
        "format": Key(export.format),
        "columns": [Key(column) for column in export.columns],
        "rows": export.rows,
        "whole_threads": export.whole_threads,
        "histories": export.histories,
        "reviews": export.reviews,
        "up_to": export.up_to,
    }
    if "ids" in export.selection:
        details["chosen"] = export.selection["ids"]
    else:
        details["filters"] = chosen(draft.filters)
    _save_and_record(export, draft.messages, target=MODELS[export.scope], details=details, label=draft.terms or None)
    return export


def person_zip(user: Any, *, by: Any, reason: str, now: datetime | None = None) -> Export:
    """Export all data of ``user`` as a ZIP, outside a transaction; return it. Raises ExportRefused and NotRecorded."""
    # After 2 s a worker takes over, which sees only what is committed.
    return _zip_of(user, Export(by=by, scope=Export.Scope.PERSON, reason=reason, created_at=now or timezone.now()))


def approved_zip(export: Export, user: Any) -> Export:
    """Make an approved export, as ``person_zip``: only once, and with the person's current data."""
    export.created_at = timezone.now()
    return _zip_of(user, export)


def _zip_of(user: Any, export: Export) -> Export:
    export.selection = {"person": user.pk}
    _set_bounds(export)
    person.data_of(export)  # raises ExportRefused if not permitted
    counts = person.counts_of(user)
    export.rows = counts["sent"] + counts["received"]  # both files contain a message to oneself
    details = {"rows": export.rows, "counts": counts, "format": Key("zip"), "up_to": export.up_to}
    _save_and_record(export, Message.objects.of(user), target=user, details=details, label=None)
    return start(export)


def start(export: Export) -> Export:
    """Start the job that makes the file. It runs in this process for at most 2 s, then in a worker."""
    Export.objects.filter(pk=export.pk).update(file=private_files.new_name(contents.suffix(export)))
    title = _("Export of %(file)s") % {"file": contents.file_name(export)}
    params = {"export": str(export.pk)}
    job = starting.start(KIND, requester=export.by, title=title, params=params, total=export.rows, here=True)
    Export.objects.filter(pk=export.pk).update(job=job)
    export.refresh_from_db()
    return export


def can_stream(export: Export) -> bool:
    """Return whether the export is one small file, which is sent while it is made; a job makes all others."""
    return contents.suffix(export) in contents.STREAMABLE and (export.rows or 0) <= STREAM_LIMIT


def can_still_stream(export: Export, now: datetime) -> bool:
    """Return whether an export without a stored file can still be downloaded."""
    return can_stream(export) and now < export.created_at + STREAM_WINDOW


def stream(export: Export) -> Iterator[bytes]:
    """Return the bytes of an export for which ``can_stream`` is true. Raises ExportRefused before the first one."""
    (file,) = contents.files_of(export)
    return file.stream()


def _set_bounds(export: Export) -> None:
    """Set the upper bounds of the export, which keep newer rows out whenever it is made."""
    export.up_to = newest_id(Message)
    export.selection |= {"last_history": newest_id(MessageHistory)}
    if export.reviews:
        export.selection |= {"last_reviews": {title: newest_id(model) for title, model in tables.MODELS.items()}}
    if export.scope == Export.Scope.PERSON:
        export.selection |= {"last_notification": newest_id(Notification)}


def _count(export: Export, messages: QuerySet) -> None:
    """Count the messages. Raises ExportRefused if there are none, or if a sheet cannot hold them."""
    export.rows = messages.count()
    if not export.rows:
        raise ExportRefused(NOTHING)
    if export.format != Export.Format.XLSX:
        return
    if export.rows > workbook.MOST_ROWS:
        raise ExportRefused(workbook.too_many(export.rows))
    longest = messages.aggregate(longest=Max(Length("content")))["longest"]
    if "content" in message_table().columns(export.columns) and longest > workbook.MOST_CHARACTERS:
        raise ExportRefused(workbook.too_long())


def _save_and_record(
    export: Export, messages: QuerySet, *, target: Any, details: dict[str, Any], label: str | None
) -> None:
    export.file_name = contents.file_name(export)
    with transaction.atomic():
        if not export._state.adding:
            _use_approval(export)
        export.save(force_insert=export._state.adding)
        entry = record(
            ExportEvent.MESSAGES_EXPORTED,
            actor=export.by,
            target=target,
            details=details,
            reason=export.reason,
            label=label,
        )
        record_selection(entry, messages)
        if breaks_glass():  # the export's own reason is used; Leads are notified of it
            give(export.by, target, details={"why": Key("export"), "rows": export.rows}, words=export.reason)
        export.entry_id = entry.pk
        export.save(update_fields=["entry_id"])


def _use_approval(export: Export) -> None:
    """Mark the approval as used. Raises ExportRefused if another click has used it."""
    unused = Export.objects.filter(pk=export.pk, approval=Export.Approval.APPROVED)
    if not unused.update(approval=Export.Approval.USED):
        raise ExportRefused(USED)
    export.approval = Export.Approval.USED


def files_in_use() -> list[str]:
    """Return the files of exports whose jobs are pending, running or being rolled back."""
    at_work = Q(job__state__in=UNDER_WAY) | Q(job__ending__gt="")
    return list(Export.objects.filter(at_work).order_by().values_list("file", flat=True))
