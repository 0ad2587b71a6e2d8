"""Sending notices by e-mail to those who chose that: each notice once, and one e-mail per person and round."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import reduce
from itertools import groupby
from operator import or_
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, Value, When

from messaging.languages.own import in_language_of
from ops.notices.kinds import kinds_about
from ops.notices.mailing import server, writing
from ops.notices.models import EmailReader, Notice, NoticeQuerySet
from ops.notices.topics import TOPICS

logger = logging.getLogger(__name__)

WAIT = timedelta(minutes=1)  # leaves time to read it in the console first
NEWS = timedelta(days=3)  # older notices are not sent: no backlog after a long outage of the server


def send_due(now: datetime) -> int:
    """Send each person their unread notices that have not been sent, and return the number of e-mails.

    Only staff with an address get any, and only notices since they chose the topic. The next round retries failures.
    """
    if not server.is_on():
        return 0
    waiting = [(person, chosen) for person, chosen in _readers(now) if person.email]
    if not waiting:
        return 0
    sent = 0
    try:
        with server.connection() as over:
            for person, chosen in waiting:
                sent += _send(person, chosen, now, over)
    except server.FAILURES as error:
        _log(error)
    return sent


def _readers(now: datetime) -> list[tuple[Any, list[EmailReader]]]:
    """Return the people with due notices, each with their choices that have any. Runs one query."""
    # Kinds unknown to this version get no topic: a worker with the newer version sends them.
    about = Case(*(When(kind__in=kinds_about(topic.name), then=Value(topic.name)) for topic in TOPICS))
    due = _due(now).alias(about=about).filter(about=OuterRef("topic"), at__gte=OuterRef("chosen_at"))
    staff = EmailReader.objects.filter(person__is_active=True, person__is_staff=True)
    found = staff.filter(Exists(due.filter(recipient=OuterRef("person")))).select_related("person")
    by_person = groupby(found.order_by("person", "pk"), key=lambda reader: reader.person)
    return [(person, list(chosen)) for person, chosen in by_person]


def _due(now: datetime) -> NoticeQuerySet:
    return Notice.objects.unread().filter(mailed_at=None, at__gt=now - NEWS, at__lte=now - WAIT)


def _send(person: Any, chosen: list[EmailReader], now: datetime, over: Any) -> bool:
    """Claim this person's due notices on the chosen topics, so that no other worker sends them too, and send them.

    Return whether they were sent. Release the claim on failure, unless the server refuses the address for good. Raises
    ``server.FAILURES`` if the server is down.
    """
    theirs = reduce(or_, (Q(kind__in=kinds_about(one.topic), at__gte=one.chosen_at) for one in chosen))
    if not _due(now).of(person.pk).filter(theirs).update(mailed_at=now):
        return False
    claimed = Notice.objects.of(person.pk).filter(mailed_at=now)
    notices = list(claimed)
    try:
        with in_language_of(person):
            subject, body = writing.subject(notices), writing.body(notices)
        server.send(subject, body, to=person.email, over=over)
    except server.FAILURES as error:
        if server.is_final(error):
            logger.warning("The server refuses the e-mail address of account %s.", person.pk)
            return False
        claimed.update(mailed_at=None)
        if server.is_down(error):
            raise
        _log(error)
        return False
    return True


def _log(error: Exception) -> None:
    # Without the error's message, which may contain the address.
    logger.warning("Notices could not be sent by e-mail, and are tried again: %s.", type(error).__name__)
