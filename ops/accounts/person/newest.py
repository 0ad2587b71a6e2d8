"""The messages of one person that their page counts: the newest ones, so that it costs the same for everybody.

Somebody may have sent half a million. What is counted by something that no index has, such as the receiver, is
counted among the newest; the page then says so.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from messaging.models import Message

NEWEST = 10_000  # messages sent, and as many received


def sent(person: Any) -> QuerySet[Message]:
    """The newest messages that ``person`` sent."""
    return Message.objects.filter(sender=person).order_by("-timestamp", "-id")[:NEWEST]


def received(person: Any) -> QuerySet[Message]:
    """The newest messages that ``person`` received."""
    return Message.objects.filter(receiver=person).order_by("-timestamp", "-id")[:NEWEST]


def leaves_out(person: Any) -> bool:
    """Whether ``person`` (with_activity) has more messages than are counted."""
    return max(person.sent, person.received) > NEWEST
