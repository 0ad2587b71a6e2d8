"""The newest messages of a person, which bound the cost of their page.

Somebody may have sent half a million messages. Counts that no index supports, such as those by receiver, cover only the
newest; the page then shows that.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from messaging.models import Message

NEWEST = 10_000  # messages sent, and as many received


def sent(person: Any) -> QuerySet[Message]:
    """Return the newest messages that ``person`` sent."""
    return Message.objects.filter(sender=person).order_by("-timestamp", "-id")[:NEWEST]


def received(person: Any) -> QuerySet[Message]:
    """Return the newest messages that ``person`` received."""
    return Message.objects.filter(receiver=person).order_by("-timestamp", "-id")[:NEWEST]


def leaves_out(person: Any) -> bool:
    """Return whether ``person`` (with_activity) has more messages than are counted."""
    return max(person.sent, person.received) > NEWEST
