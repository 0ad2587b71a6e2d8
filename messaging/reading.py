"""What one participant reads: their inbox, and of a conversation the messages they sent or received.

A conversation may hold other people's messages too (an imported thread): those are never loaded here.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, Max, Min, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Left

from messaging import threads
from messaging.edits import Edits, edits_beside
from messaging.models import Conversation, Message

INBOX_PAGE = 50  # conversations
PART = 200  # messages of a long conversation shown at once
FIRST_CHARACTERS = 200  # of a first message, for its first words
DEEPEST = 6  # replies below are not indented any further, but say what they answer


@dataclass(frozen=True)
class InboxRow:
    """A conversation in somebody's inbox; the figures count what they sent or received, ``people`` are the others."""

    conversation_id: int
    messages: int
    unread: int
    latest: datetime
    people: list[str]
    first_words: str


class Link(NamedTuple):
    """A message without its text, as the order of a conversation needs it."""

    id: int
    parent_id: int | None
    sender: str
    receiver: str
    unread: bool


@dataclass(frozen=True)
class Card:
    """A message as a conversation shows it to one of its two people."""

    message: Message
    depth: int  # at most DEEPEST
    answers: Link | None  # named only where the place alone does not show it
    answers_part: int
    mine: bool
    unread: bool
    edits: Edits | None


@dataclass(frozen=True)
class ConversationPart:
    """Up to PART messages of a conversation in reading order, and what is true of all that this user sees of it."""

    conversation_id: int
    people: list[str]
    unread: int
    first_unread: tuple[int, int] | None  # part, message id
    latest: Message
    latest_part: int
    cards: list[Card]
    page: Page


def inbox_page(user: Any, number: Any) -> Page:
    """A page of InboxRow: unread ones first, then by the latest message; three queries however many rows.

    A nonsense ``number`` gives the first page, one beyond the end the last.
    """
    unread = Count("pk", filter=Q(receiver=user, read=False))
    conversations = (
        Message.objects.of(user)
        .order_by()
        .values("conversation_id")
        .annotate(messages=Count("pk"), unread=unread, latest=Max("timestamp"))
        .order_by(Case(When(unread__gt=0, then=Value(0)), default=Value(1)), "-latest", "-conversation_id")
    )
    page = Paginator(conversations, INBOX_PAGE).get_page(number)
    rows = list(page.object_list)
    people, first_words = _beginnings(user, [row["conversation_id"] for row in rows])
    page.object_list = [
        InboxRow(**row, people=people[row["conversation_id"]], first_words=first_words[row["conversation_id"]])
        for row in rows
    ]
    return page


def _beginnings(user: Any, conversation_ids: list[int]) -> tuple[dict[int, list[str]], dict[int, str]]:
    """Of each conversation, the other people in the order they turn up, and the beginning of the first message."""
    messages = Message.objects.of(user)
    pairs = messages.filter(conversation_id__in=conversation_ids).order_by().values("conversation_id")
    pairs = pairs.annotate(first=Min("timestamp")).order_by("first")
    people: defaultdict[int, dict[str, None]] = defaultdict(dict)
    for conversation_id, *names in pairs.values_list("conversation_id", "sender__username", "receiver__username"):
        people[conversation_id].update(dict.fromkeys(name for name in names if name != user.get_username()))
    oldest = messages.filter(conversation=OuterRef("pk")).order_by("timestamp", "id")
    beginning = Subquery(oldest.values_list(Left("content", FIRST_CHARACTERS))[:1])
    first_words = Conversation.objects.filter(pk__in=conversation_ids).order_by().values_list("pk", beginning)
    return {key: list(people[key]) for key in conversation_ids}, dict(first_words)


def conversation_part(user: Any, conversation_id: int, number: Any) -> ConversationPart | None:
    """A part of what ``user`` sees of a conversation; None where they are not part of it.

    Four queries at most, however long it is. A nonsense ``number`` gives the first part, one beyond the end the last.
    """
    visible = Message.objects.of(user).filter(conversation_id=conversation_id)
    links = [
        Link(pk, parent_id, sender, receiver, receiver_id == user.pk and not read)
        for pk, parent_id, sender, receiver, receiver_id, read in visible.order_by("timestamp", "id").values_list(
            "id", "parent_message_id", "sender__username", "receiver__username", "receiver_id", "read"
        )
    ]
    if not links:
        return None
    order = [(links[position], depth) for position, depth in threads.depth_first([link[:2] for link in links])]
    page = Paginator(order, PART).get_page(number)
    shown = [link.id for link, _ in page.object_list]
    messages = visible.filter(pk__in={*shown, links[-1].id}).select_related("sender", "receiver").in_bulk()
    own_name = user.get_username()
    names = dict.fromkeys(name for link in links for name in (link.sender, link.receiver) if name != own_name)
    unread = [(place // PART + 1, link.id) for place, (link, _) in enumerate(order) if link.unread]
    return ConversationPart(
        conversation_id=conversation_id,
        people=list(names),
        unread=len(unread),
        first_unread=unread[0] if unread else None,
        latest=messages[links[-1].id],
        latest_part=next(place for place, (link, _) in enumerate(order) if link is links[-1]) // PART + 1,
        cards=_cards(user, order, page, messages),
        page=page,
    )


def _cards(user: Any, order: list[tuple[Link, int]], page: Page, messages: dict[int, Message]) -> list[Card]:
    places = {link.id: place for place, (link, _) in enumerate(order)}
    edits = edits_beside(messages[link.id] for link, _ in page.object_list)
    cards = []
    for link, depth in page.object_list:
        parent_place = places.get(link.parent_id) if link.parent_id else None
        parent_part = 0 if parent_place is None else parent_place // PART + 1
        # Where the rail ends, or the parent is in another part, the place alone does not show what is answered.
        hidden = parent_place is not None and (depth > DEEPEST or parent_part != page.number)
        cards.append(
            Card(
                message=messages[link.id],
                depth=min(depth, DEEPEST),
                answers=order[parent_place][0] if hidden and parent_place is not None else None,
                answers_part=parent_part,
                mine=messages[link.id].sender_id == user.pk,
                unread=link.unread,
                edits=edits.get(link.id),
            )
        )
    return cards


def part_of(user: Any, message: Message) -> int:
    """The number of the part in which ``user`` finds a message that they can see."""
    visible = Message.objects.of(user).filter(conversation_id=message.conversation_id).order_by("timestamp", "id")
    links = list(visible.values_list("id", "parent_message_id"))
    places = (place for place, (at, _) in enumerate(threads.depth_first(links)) if links[at][0] == message.pk)
    return next(places) // PART + 1
