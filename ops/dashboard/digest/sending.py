"""Sending the weekly digest: once a week to each user who chose it, from Monday morning on."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language

from messaging.languages.own import in_language_of
from ops.audit.details import Key
from ops.audit.recording import record
from ops.dashboard.boards.board import Board
from ops.dashboard.boards.boards import BOARDS
from ops.dashboard.digest.writing import body, subject, week_before
from ops.dashboard.events import DashboardEvent
from ops.dashboard.models import DigestReader
from ops.dashboard.periods import Period, console_zone
from ops.notices.mailing import server

logger = logging.getLogger(__name__)

PERMISSION = "dashboard.view_team"
SENT_FROM = 7  # o'clock on Monday, in the console's zone
TOLD = ("review", "team")  # the dashboards in the digest


def send_due(now: datetime | None = None) -> int:
    """Send the digest of last week to everyone who has not received it; return the number sent.

    Readers must still be allowed to open the team dashboard, and have an address. A digest that cannot be sent is
    retried in the next round. Nobody receives one for a week that ended before they chose the digest.
    """
    local = timezone.localtime(now, console_zone())
    if not server.is_on() or (local.weekday() == 0 and local.hour < SENT_FROM):
        return 0
    week = week_before(local.date())
    boards = [board for board in BOARDS if board.name in TOLD]
    texts: dict[tuple[str, ...], str] = {}
    sent = 0
    waiting = _due(week)
    if not waiting:
        return 0
    try:
        with server.connection() as over:
            for reader in waiting:
                sent += _send(reader, week, boards, texts, local, over)
    except server.FAILURES as error:
        _log(error)
    return sent


def _due(week: Period) -> list[DigestReader]:
    """Return the readers who have not received the digest of this week."""
    waiting = DigestReader.objects.filter(Q(last_week=None) | Q(last_week__lt=week.first), chosen_at__lt=week.end)
    return [
        reader
        for reader in waiting.select_related("person").order_by("pk")
        if reader.person.is_active
        and reader.person.is_staff
        and reader.person.email
        and reader.person.has_perm(PERMISSION)
    ]


def _send(
    reader: DigestReader,
    week: Period,
    boards: list[Board],
    texts: dict[tuple[str, ...], str],
    now: datetime,
    over: Any,
) -> bool:
    """Claim the week, so that no other worker sends it too, and send the digest; release the claim if that fails.

    The text is rendered before the claim, so that an error in rendering leaves nothing claimed.
    """
    theirs = [board for board in boards if reader.person.has_perm(board.permission)]
    with in_language_of(reader.person):
        text = (get_language() or "", *(board.name for board in theirs))
        if text not in texts:
            texts[text] = body(theirs, week, now)
        about = subject(week)
    mine = DigestReader.objects.filter(pk=reader.pk, last_week=reader.last_week)
    if not mine.update(last_week=week.first):
        return False
    try:
        server.send(about, texts[text], to=reader.person.email, over=over)
    except server.FAILURES as error:
        DigestReader.objects.filter(pk=reader.pk, last_week=week.first).update(last_week=reader.last_week)
        if server.is_down(error):
            raise
        _log(error)
        return False
    details = {"first": week.first, "last": week.last, "boards": [Key(board.name) for board in theirs]}
    record(DashboardEvent.DIGEST_SENT, actor=None, target=reader.person, details=details)
    return True


def _log(error: Exception) -> None:
    # Not the error's message, which may contain the address.
    logger.warning("A weekly digest could not be sent, and is tried again: %s.", type(error).__name__)
