"""What the pages of conversations and of messages have in common."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.http import urlencode

from ops.audit.readings import Shown
from ops.audit.reasons.corrections import explain
from ops.console.thread.rows import Row
from ops.events import ConsoleEvent


def place_in_thread(message_id: int, words: str) -> str:
    """The part of a thread with this message, in which ``words`` are marked, as a query string."""
    return f"message={message_id}&{urlencode({'find': words})}"


def sees_histories(request: HttpRequest) -> bool:
    """Whether the user's role shows older texts of edited messages; if not, differences are left out too."""
    return request.user.has_perm("messaging.view_messagehistory")


def shown_by(rows: Sequence[Row]) -> Shown:
    """What these rows show of messages and their older texts."""
    compared = [row.message.pk for row in rows if row.edits is not None and row.edits.shown]
    return Shown(messages=[row.message.pk for row in rows], histories=compared)


def explain_edits(rows: Iterable[Row], *others: tuple[int, Any]) -> None:
    """Put the reasons of corrections beside the edits of these rows, and the ``others`` (of a message's key)."""
    shown = [(row.message.pk, row.edits.shown) for row in rows if row.edits is not None]
    explain([*shown, *others], event=ConsoleEvent.MESSAGE_EDITED)
