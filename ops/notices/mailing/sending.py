"""Sending notices by e-mail to who chose that: each notice once, and one e-mail for each person and round."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef

from messaging.languages.own import in_language_of
from ops.notices.mailing import server, writing
from ops.notices.models import EmailReader, Notice, NoticeQuerySet

logger = logging.getLogger(__name__)

WAIT = timedelta(minutes=1)  # whoever sits before the console reads it there
NEWS = timedelta(days=3)  # what is older is no news: a server that was away for long sends no heap


def send_due(now: datetime) -> int:
    """Send to each person what they have not read and was not sent yet; returns how many e-mails.

    What cannot be sent is tried again by the next round. Only to staff who have an address, and nothing that happened
    before they chose this.
    """
    if not server.is_on():
        return 0
    waiting = [reader for reader in _readers(now) if reader.person.email]
    if not waiting:
        return 0
    sent = 0
    try:
        with server.connection() as over:
            for reader in waiting:
                sent += _send(reader, now, over)
    except server.FAILURES as error:
        _log(error)
    return sent


def _readers(now: datetime) -> Any:
    """Who has something to be sent."""
    due = _due(now).filter(recipient=OuterRef("person"), at__gte=OuterRef("chosen_at"))
    staff = EmailReader.objects.filter(person__is_active=True, person__is_staff=True)
    return staff.filter(Exists(due)).select_related("person").order_by("pk")


def _due(now: datetime) -> NoticeQuerySet:
    return Notice.objects.unread().filter(mailed_at=None, at__gt=now - NEWS, at__lte=now - WAIT)


def _send(reader: EmailReader, now: datetime, over: Any) -> bool:
    """Claim this person's notices, so that no other worker sends them too, and send them; give them back where that
    fails."""
    theirs = _due(now).of(reader.person_id).filter(at__gte=reader.chosen_at)
    if not theirs.update(mailed_at=now):
        return False
    claimed = Notice.objects.of(reader.person_id).filter(mailed_at=now)
    notices = list(claimed)
    try:
        with in_language_of(reader.person):
            subject, body = writing.subject(notices), writing.body(notices)
        server.send(subject, body, to=reader.person.email, over=over)
    except server.FAILURES as error:
        if server.is_final(error):
            logger.warning("The server refuses the e-mail address of account %s.", reader.person_id)
            return False
        claimed.update(mailed_at=None)
        _log(error)
        return False
    return True


def _log(error: Exception) -> None:
    # Not its words, which may name the address.
    logger.warning("Notices could not be sent by e-mail, and are tried again: %s.", type(error).__name__)
