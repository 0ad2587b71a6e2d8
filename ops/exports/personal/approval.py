"""Exports of one person's data that need a second person: requested, approved or refused, and made once.

The request is the Export row itself, before it is made. The erasure of either person removes it like any other export.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from ops.accounts.refusals import Refused
from ops.audit.recording import record
from ops.exports import contents, requests
from ops.exports.events import ExportEvent
from ops.exports.models import Export
from ops.exports.notices import notices

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PERMISSION = "exports.approve_person_export"
VALID = timedelta(days=7)  # how long an approval can be used
GONE = gettext_lazy("There is no such account any longer, so there is nothing to export.")
DECIDED = gettext_lazy("This no longer awaits approval.")
OWN_REQUEST = gettext_lazy("You requested this, so someone else must approve it.")
OWN_DATA = gettext_lazy("This is your own data, so someone else must approve it.")
COLLEAGUE = gettext_lazy("This is the account of a colleague who may use the console: only a superuser can approve it.")
ANONYMISED = gettext_lazy("This account was anonymised: there is nothing to export of a person who is not known.")
OPEN = gettext_lazy("You have requested this person’s data already: see Data › Exports.")
EXPIRED = gettext_lazy("The approval is more than 7 days old: request the export again.")
Approval = Export.Approval


def request(person: Any, *, by: Any, reason: str) -> Export:
    """Request an export of ``person``'s data. Raises Refused and NotRecorded."""
    if person.anonymised_at:
        raise Refused(ANONYMISED)
    if Export.objects.filter(_unused(timezone.now()), by=by, person=person).exists():
        raise Refused(OPEN)
    export = Export(by=by, scope=Export.Scope.PERSON, reason=reason, selection={"person": person.pk})
    export.person, export.approval = person, Approval.REQUESTED
    export.file_name = contents.file_name(export)
    with transaction.atomic():
        export.save(force_insert=True)
        record(ExportEvent.EXPORT_REQUESTED, actor=by, target=person, reason=reason)
    return export


def why_not_approve(export: Export, *, by: Any) -> StrOrPromise | None:
    """Return a sentence on why ``by`` cannot approve this request, or None if they can."""
    person = export.person
    if export.approval != Approval.REQUESTED:
        return DECIDED
    if person is None:
        return GONE
    if by.pk == export.by_id:
        return OWN_REQUEST
    if by.pk == person.pk:
        return OWN_DATA
    return COLLEAGUE if _is_colleague(person) and not by.is_superuser else None


def _is_colleague(person: Any) -> bool:
    return bool(person.is_staff or person.is_superuser)


def awaiting(user: Any) -> QuerySet[Export] | None:
    """Return the requests that ``user`` may approve now, as in ``why_not_approve``; None without the permission."""
    if not user.has_perm(PERMISSION):
        return None
    rows = Export.objects.filter(approval=Approval.REQUESTED, person__isnull=False).exclude(by=user)
    rows = rows.exclude(person=user)
    return rows if user.is_superuser else rows.filter(person__is_staff=False, person__is_superuser=False)


def to_make(user: Any) -> QuerySet[Export]:
    """Return the approved requests of ``user`` that can still be made."""
    rows = Export.objects.filter(by=user, approval=Approval.APPROVED, person__isnull=False)
    return rows.filter(decided_at__gt=timezone.now() - VALID)


def approve(export: Export, *, by: Any) -> None:
    """Allow the requester to make the export once. Raises Refused and NotRecorded."""
    _decide(export, Approval.APPROVED, ExportEvent.EXPORT_APPROVED, by=by)


def refuse(export: Export, *, by: Any, reason: str) -> None:
    """Refuse the export. Raises Refused and NotRecorded."""
    _decide(export, Approval.REFUSED, ExportEvent.EXPORT_REFUSED, by=by, reason=reason)


def why_not_make(export: Export, *, by: Any) -> StrOrPromise | None:
    """Return a sentence on why ``by`` cannot make this export, or None if they can."""
    if export.approval != Approval.APPROVED or by.pk != export.by_id:
        return requests.USED
    if export.decided_at is None or timezone.now() > export.decided_at + VALID:
        return EXPIRED
    # The person may have become a colleague since.
    by_superuser = export.decided_by is not None and export.decided_by.is_superuser
    return COLLEAGUE if export.person is not None and _is_colleague(export.person) and not by_superuser else None


def make(export: Export, *, by: Any) -> Export:
    """Make an approved export; returns it with its file or job. Raises Refused and NotRecorded.

    Must not be called in a transaction.
    """
    refused = why_not_make(export, by=by)
    if refused or export.person is None:
        raise Refused(refused or GONE)
    return requests.approved_zip(export, export.person)


def _unused(now: Any) -> Q:
    """Return the condition for requests that are pending, or approved and still valid."""
    return Q(approval=Approval.REQUESTED) | Q(approval=Approval.APPROVED, decided_at__gt=now - VALID)


def _decide(export: Export, approval: Approval, event: str, *, by: Any, reason: str = "") -> None:
    with transaction.atomic():
        stored = Export.objects.select_for_update(of=("self",)).get(pk=export.pk)
        refused = why_not_approve(stored, by=by)
        if refused:
            raise Refused(refused)
        stored.approval, stored.decided_by, stored.decided_at = approval, by, timezone.now()
        stored.save(update_fields=["approval", "decided_by", "decided_at"])
        record(event, actor=by, target=stored.person, reason=reason)
        notices.notify_decided(stored, approval, by=by)
    export.refresh_from_db()
