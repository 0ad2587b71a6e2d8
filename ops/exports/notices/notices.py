"""Notices to requesters of exports."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from ops.exports.models import Export
from ops.notices import topics
from ops.notices.kinds import Kind, called_by_file
from ops.notices.notifying import notify, notify_each

EXPORT = "exports.export"
READY, FAILED, EXPIRED, REMOVED = "exports.ready", "exports.failed", "exports.expired", "exports.removed"
LATELY = timedelta(days=2)  # files that expired earlier give no notice, such as after an update


KINDS = (
    Kind(
        "exports.approved",
        topics.APPROVALS,
        gettext_lazy("Your data export was approved: you can make it within 7 days."),
        EXPORT,
        called_by_file,
    ),
    Kind("exports.refused", topics.APPROVALS, gettext_lazy("Your data export was refused."), EXPORT, called_by_file),
    Kind(READY, topics.FINISHED, gettext_lazy("Your export is ready to be downloaded."), EXPORT, called_by_file),
    Kind(FAILED, topics.FAILED, gettext_lazy("Your export failed: no file was made."), EXPORT, called_by_file),
    Kind(EXPIRED, topics.FILES, gettext_lazy("The file of your export has expired."), EXPORT, called_by_file),
    # Names no export: together with the time of the notice, that would connect a receipt with a person.
    Kind(
        REMOVED,
        topics.FILES,
        gettext_lazy("An erasure of an account removed files of your exports."),
        page="admin:exports_export_changelist",
    ),
)


def notify_decided(export: Export, approval: str, *, by: Any) -> None:
    """Notify the requester that ``by`` approved or refused their export."""
    notify(f"exports.{approval}", [export.by_id], export, by=by)


def notify_expired(now: datetime) -> None:
    """Notify requesters of files that expired within LATELY, once for each file. Safe to repeat."""
    expired = Export.objects.filter(removed=False, size__isnull=False, expires_at__gt=now - LATELY, expires_at__lte=now)
    notify_each(EXPIRED, [(by, (EXPORT, pk)) for by, pk in expired.order_by("expires_at").values_list("by", "pk")])


def notify_removed(kept: QuerySet[Export], *, occasion: Any) -> None:
    """Notify the requesters of these exports that an erasure removed files of theirs."""
    notify(REMOVED, set(kept.values_list("by", flat=True)), occasion=occasion)
