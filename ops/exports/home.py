"""Exports on the home page: the user's files and when they expire, and for auditors how many exports were made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy, ngettext

from ops.audit.models import Entry
from ops.audit.screens import watching
from ops.console.filters import days_ago
from ops.console.frame.home import Section
from ops.console.rooms import PendingWork
from ops.exports.events import ExportEvent
from ops.exports.models import Export
from ops.exports.selections import PERMISSION, REQUESTS

READY = "mine"  # value of FileFilter


def files(user: Any) -> Iterable[PendingWork]:
    """Yield the exports whose file the user can still download; nothing for people who may not export."""
    if not (user.has_perm(PERMISSION) or user.has_perm(REQUESTS)):
        return
    rows = Export.objects.to_download(user)
    yield PendingWork(
        "exports.Export",
        rows,
        lambda n: ngettext("file to download", "files to download", n),
        f"file={READY}",
        until=("expires_at", gettext_lazy("first expires")),
    )


def made(user: Any) -> Iterable[PendingWork]:
    """Yield everybody's exports of the past 7 days, from the audit trail."""
    event = ExportEvent.MESSAGES_EXPORTED
    rows = Entry.objects.filter(event=event, at__gte=days_ago(7))
    query = f"event={event.value}&since=7d"
    yield PendingWork(watching.LIST, rows, lambda n: ngettext("export, past 7 days", "exports, past 7 days", n), query)


SECTIONS = (
    Section(
        "exports",
        gettext_lazy("Your exports"),
        70,
        lines=files,
        empty=gettext_lazy("No export file is ready to download."),
    ),
    Section(watching.NAME, watching.TITLE, watching.ORDER + 1, lines=made),
)
