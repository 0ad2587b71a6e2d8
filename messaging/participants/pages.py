"""The contents of a participant's conversation page: the messages that the user sent or received in it.

A conversation, such as an imported one, may also hold messages between other people; those are never loaded here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from messaging import threads
from messaging.edits import Edits, edits_by_message
from messaging.models import Message
from messaging.participants.reporting import Report, may_be_reported, reporting
from messaging.reading import branching

PART_SIZE = 200  # messages; a longer conversation is split into parts
MAX_LEVEL = 6  # deeper branches are not indented further


class MessageStub(NamedTuple):
    """The fields of a message needed to put a whole conversation in order. The people are usernames."""

    id: int
    parent_id: int | None
    sender: str
    receiver: str
    unread: bool


class Place(NamedTuple):
    """The place of a message in a conversation; ``parent`` and ``head`` (the first of its run) are indexes."""

    stub: MessageStub
    parent: int | None
    head: int
    level: int


@dataclass(frozen=True)
class Card:
    """A message as a conversation shows it to its sender or its receiver.

    ``begins``: it has a header. Its people, level or day differ from the card before it, it names its parent, or it is
    the first unread message.
    """

    message: Message
    level: int  # the indentation of its branch; at most MAX_LEVEL
    parent: MessageStub | None  # set only if the card must name it, because it does not stand right below it
    parent_part: int
    begins: bool
    day: date | None  # set on the first card of a day, and of the page
    is_first_unread: bool
    is_own: bool
    unread: bool
    edits: Edits | None
    report: Report | None  # the reader's own report of a message that they received
    may_report: bool
    reason: str  # the reason that its author got for the removal of the message or of a part; shown to the author alone


@dataclass(frozen=True)
class ConversationPart:
    """Up to PART_SIZE messages of a conversation in reading order, with facts about all messages that the user sees."""

    conversation_id: int
    people: list[str]  # usernames of the others
    unread: int
    first_unread: tuple[int, int] | None  # number of its part, message id
    latest: Message
    latest_part: int
    cards: list[Card]
    page: Page


def conversation_part(user: Any, conversation_id: int, number: Any) -> ConversationPart | None:
    """Return a part of what ``user`` sees of a conversation, or None if they have no message in it.

    Runs at most four queries, however long the conversation is, and two of the reporting service. A ``number`` that is
    not the number of a part selects the first one, a number beyond the end the last.
    """
    visible = Message.objects.of(user).filter(conversation_id=conversation_id)
    stubs = [
        MessageStub(pk, parent_id, sender, receiver, receiver_id == user.pk and not read)
        for pk, parent_id, sender, receiver, receiver_id, read in visible.order_by("timestamp", "id").values_list(
            "id", "parent_message_id", "sender__username", "receiver__username", "receiver_id", "read"
        )
    ]
    if not stubs:
        return None
    order = _in_reading_order(stubs)
    page = Paginator(order, PART_SIZE).get_page(number)
    shown = [place.stub.id for place in page.object_list]
    messages = visible.filter(pk__in={*shown, stubs[-1].id}).select_related("sender", "receiver").in_bulk()
    own_name = user.get_username()
    names = dict.fromkeys(name for stub in stubs for name in (stub.sender, stub.receiver) if name != own_name)
    places = {place.stub.id: number for number, place in enumerate(order)}
    unread = [place.stub.id for place in order if place.stub.unread]
    latest = messages[stubs[-1].id]
    return ConversationPart(
        conversation_id=conversation_id,
        people=list(names),
        unread=len(unread),
        first_unread=(_part_number(places[unread[0]]), unread[0]) if unread else None,
        latest=latest,
        latest_part=_part_number(places[latest.pk]),
        cards=_cards(user, order, places, page, messages),
        page=page,
    )


def _in_reading_order(stubs: Sequence[MessageStub]) -> list[Place]:
    """Put messages, given oldest first, in reading order, with their places in the branches of the conversation."""
    found = threads.depth_first([stub[:2] for stub in stubs])
    order = [stubs[position] for position, _ in found]
    numbers: dict[int | None, int] = {stub.id: number for number, stub in enumerate(order)}
    parents = [numbers.get(stub.parent_id) if depth else None for stub, (_, depth) in zip(order, found, strict=True)]
    heads = branching.runs(parents, [stub.sender for stub in order])
    levels = branching.levels(parents, [depth for _, depth in found], heads)
    return [Place(*row) for row in zip(order, parents, heads, levels, strict=True)]


def _cards(
    user: Any, order: Sequence[Place], places: dict[int, int], page: Page, messages: dict[int, Message]
) -> list[Card]:
    """Return the cards of a page.

    ``order`` holds all messages of the conversation that the user sees, ``places`` their indexes in it by id, and
    ``messages`` those of the page by id.
    """
    shown = [messages[place.stub.id] for place in page.object_list]
    edits = edits_by_message(message for message in shown if not message.hidden)
    moderated = _moderated(user, shown)
    first_unread = next((place.stub.id for place in order if place.stub.unread), None)
    numbers = [places[message.pk] for message in shown]
    stand_below = branching.right_below(numbers, [place.parent for place in order], [place.head for place in order])
    cards: list[Card] = []
    for message, place, stands_below in zip(shown, page.object_list, stand_below, strict=True):
        names_parent = place.parent is not None and not stands_below
        parent = order[place.parent].stub if names_parent else None
        is_first_unread, day = message.pk == first_unread, _day(message)
        before = cards[-1] if cards else None
        is_new_day = before is None or _day(before.message) != day
        cards.append(
            Card(
                message=message,
                level=min(place.level, MAX_LEVEL),
                parent=parent,
                parent_part=_part_number(place.parent or 0),
                begins=is_new_day or is_first_unread or parent is not None or not _goes_on(before, message, place),
                day=day if is_new_day else None,
                is_first_unread=is_first_unread,
                is_own=message.sender_id == user.pk,
                unread=place.stub.unread,
                edits=edits.get(message.pk),
                report=moderated.reports.get(message.pk),
                may_report=_may_report(user, message, moderated),
                reason=moderated.reasons.get(message.pk, ""),
            )
        )
    return cards


def _goes_on(before: Card | None, message: Message, place: Place) -> bool:
    """Return whether a message belongs under the header of the card before it."""
    return before is not None and (before.message.sender_id, before.message.receiver_id, before.level) == (
        message.sender_id,
        message.receiver_id,
        min(place.level, MAX_LEVEL),
    )


def _day(message: Message) -> date:
    """Return the day on which a message was sent, in the reader's time zone."""
    return timezone.localtime(message.timestamp).date()


class _Moderated(NamedTuple):
    """For one reader: whether they can report, and by message id their reports and the reasons for removing theirs."""

    can_report: bool = False
    reports: Mapping[int, Report] = {}
    reasons: Mapping[int, str] = {}


def _moderated(user: Any, shown: Iterable[Message]) -> _Moderated:
    service = reporting()
    if service is None:
        return _Moderated()
    received = [message.pk for message in shown if may_be_reported(message, user)]
    removed = [message.pk for message in shown if message.edit_refusal and message.sender_id == user.pk]
    return _Moderated(
        can_report=True,
        reports=service.reports_of(user, received) if received else {},
        reasons=service.reasons(removed) if removed else {},
    )


def _may_report(user: Any, message: Message, moderated: _Moderated) -> bool:
    """Return whether the card has a link to report the message: each text once, and no hidden message."""
    report = moderated.reports.get(message.pk)
    reported = report is not None and report.is_current
    return moderated.can_report and may_be_reported(message, user) and not message.hidden and not reported


def part_of(user: Any, message: Message) -> int:
    """Return the number of the part that shows ``message`` to ``user``, who must be its sender or receiver; 1 if the
    message was deleted meanwhile."""
    visible = Message.objects.of(user).filter(conversation_id=message.conversation_id).order_by("timestamp", "id")
    links = list(visible.values_list("id", "parent_message_id"))
    places = (place for place, (at, _) in enumerate(threads.depth_first(links)) if links[at][0] == message.pk)
    return _part_number(next(places, 0))


def redirect_to_message(user: Any, message: Message) -> HttpResponse:
    """Redirect to the part of the conversation that shows ``message`` to ``user``, its sender or receiver."""
    number = part_of(user, message)
    address = reverse("messaging:conversation", args=[message.conversation_id])
    return redirect(f"{address}{f'?part={number}' if number > 1 else ''}#m{message.pk}")


def _part_number(place: int) -> int:
    """Return the number, from 1, of the part that holds the message at this place (from 0) in reading order."""
    return place // PART_SIZE + 1
