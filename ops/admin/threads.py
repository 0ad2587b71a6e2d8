"""Helpers shared by the pages of conversations and of messages."""

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
    """Return the query string for the part of a thread with this message, with ``words`` marked."""
    return f"message={message_id}&{urlencode({'find': words})}"


def sees_histories(request: HttpRequest) -> bool:
    """Return whether the user's role shows older texts of edited messages; if not, differences are left out too."""
    return request.user.has_perm("messaging.view_messagehistory")


def shown_by(rows: Sequence[Row]) -> Shown:
    """Return the messages whose texts and older texts these rows show."""
    compared = [row.message.pk for row in rows if row.edits is not None and row.edits.shown]
    return Shown(messages=[row.message.pk for row in rows], histories=compared)


def explain_edits(rows: Iterable[Row], *others: tuple[int, Any]) -> None:
    """Set the reasons of corrections on the edits of these rows, and of ``others`` (a message's key and its edits)."""
    shown = [(row.message.pk, row.edits.shown) for row in rows if row.edits is not None]
    explain([*shown, *others], event=ConsoleEvent.MESSAGE_EDITED)
