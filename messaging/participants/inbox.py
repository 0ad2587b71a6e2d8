"""The inbox: a user's conversations, those with unread messages first, then the latest.

Sorting hundreds of thousands of messages by conversation takes seconds. For a user who sent or received more than
NEWEST messages, the inbox therefore lists the conversations of the newest ones, and those of older ones on further
pages, each sorted by itself with unread messages first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, Exists, Max, Min, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.database.moments import validate_moment
from messaging.models import REMOVED, Conversation, Message

PAGE_SIZE = 50  # conversations
NEWEST = 20_000  # messages sent, and as many received, whose conversations are sorted together
PREVIEW_CHARACTERS = 200  # of a conversation's first message


@dataclass(frozen=True)
class Row:
    """A conversation in a user's inbox.

    ``people`` are the usernames of the others, and ``preview`` is the start of the oldest message. All fields cover
    only messages that the user sent or received.
    """

    conversation_id: int
    messages: int
    unread: int
    latest: datetime
    people: list[str]
    preview: str


@dataclass(frozen=True)
class Inbox:
    """A ``page`` of Rows. If ``before`` is set, only conversations whose last message is older are listed; ``older`` is
    the ``before`` of the further conversations, None without any."""

    page: Page
    before: datetime | None
    older: datetime | None


def inbox(user: Any, number: Any, before: str = "") -> Inbox:
    """Return a page of the user's inbox, in six queries.

    With ``before`` (ISO 8601), list only conversations without a message since that moment; an invalid one is ignored.
    A ``number`` that is not a page number selects the first page, one beyond the end the last.
    """
    moment = _moment(before)
    sides = [Message.objects.filter(**{side: user}) for side in ("sender", "receiver")]
    if moment is not None:
        sides = [messages.filter(timestamp__lt=moment) for messages in sides]
    older = max(filter(None, map(_oldest_of_newest, sides)), default=None)
    page = Paginator(_conversations(user, older, moment), PAGE_SIZE).get_page(number)
    found = {row["conversation_id"]: row for row in page.object_list}
    if older or moment:  # then the query counted only part of the messages
        found = {pk: {**found[pk], **row} for pk, row in _counts(user, found).items()}
    people, previews = _other_people(user, found), _previews(user, found)
    page.object_list = [Row(**row, people=people[pk], preview=previews[pk]) for pk, row in found.items()]
    return Inbox(page, moment, older)


def _moment(text: str) -> datetime | None:
    """Return the moment that ``text`` names; None if it names none, one without a zone, or one out of range."""
    try:
        found = datetime.fromisoformat(text)
        validate_moment(found)
    except (ValueError, ValidationError):
        return None
    return found if timezone.is_aware(found) else None


def _oldest_of_newest(messages: QuerySet) -> datetime | None:
    """Return when the last of the NEWEST messages was sent; None if there are no older ones."""
    last, *more = (*messages.order_by("-timestamp", "-id").values_list("timestamp", flat=True)[NEWEST - 1 :][:2], None)
    return last if more else None


def _conversations(user: Any, since: datetime | None, before: datetime | None) -> QuerySet:
    """Return the conversations in which the user sent or received messages in that time, with their counts of these."""
    messages = Message.objects.of(user)
    if before is not None:
        newer = Message.objects.of(user).filter(conversation=OuterRef("conversation"), timestamp__gte=before)
        messages = messages.filter(~Exists(newer), timestamp__lt=before)
    if since is not None:
        messages = messages.filter(timestamp__gte=since)
    unread_first = Case(When(unread__gt=0, then=Value(0)), default=Value(1))
    return _counted(user, messages).order_by(unread_first, "-latest", "-conversation_id")


def _counted(user: Any, messages: QuerySet) -> QuerySet:
    unread = Count("pk", filter=Q(receiver=user, read=False))
    counts = {"messages": Count("pk"), "unread": unread, "latest": Max("timestamp")}
    return messages.order_by().values("conversation_id").annotate(**counts)


def _counts(user: Any, conversation_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return the counts of all that the user sent and received in these conversations, by conversation id, in order."""
    rows = _counted(user, Message.objects.of(user).filter(conversation_id__in=list(conversation_ids)))
    counts = {row["conversation_id"]: row for row in rows}
    return {pk: counts[pk] for pk in conversation_ids if pk in counts}  # one may have been erased meanwhile


def _other_people(user: Any, conversation_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return the usernames of everybody but ``user`` by conversation id, in the order of their first message."""
    pairs = Message.objects.of(user).filter(conversation_id__in=list(conversation_ids)).order_by()
    pairs = pairs.values("conversation_id").annotate(first=Min("timestamp")).order_by("first")
    people: defaultdict[int, dict[str, None]] = defaultdict(dict)
    for conversation_id, *names in pairs.values_list("conversation_id", "sender__username", "receiver__username"):
        people[conversation_id].update(dict.fromkeys(name for name in names if name != user.get_username()))
    return {conversation_id: list(people[conversation_id]) for conversation_id in conversation_ids}


def _previews(user: Any, conversation_ids: Iterable[int]) -> dict[int, str]:
    """Return the start of the oldest message that ``user`` sent or received, by conversation id."""
    oldest = Message.objects.of(user).filter(conversation=OuterRef("pk")).order_by("timestamp", "id")
    # Truncated in the database, because texts may be long.
    shown_text = Case(When(hidden=True, then=Value(_(REMOVED))), default=Left("content", PREVIEW_CHARACTERS))
    start = Subquery(oldest.values_list(shown_text)[:1])
    shown = Conversation.objects.filter(pk__in=list(conversation_ids)).order_by()
    return dict(shown.values_list("pk", start))
