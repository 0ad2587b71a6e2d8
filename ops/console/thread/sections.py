"""The sections of the panel that every conversation has: people, messages worth a look, facts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Min
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.languages.wording import grouped
from messaging.models import Conversation, Message
from ops.console.rooms import Fact, rooms
from ops.console.thread import clock
from ops.console.thread.page import ConversationPage
from ops.console.thread.panel import Section
from ops.console.thread.parts import Participant
from ops.console.thread.rows import Row
from ops.console.thread.texts import has_hidden, has_link

FEW_PEOPLE = 6  # shown immediately; the others are collapsed
MOST_LINKS = 12  # to messages with the same thing worth a look
MOST_OTHERS = 5  # other conversations of two people
NEWEST = 2_000  # messages from each of two people that are searched for their other conversations


@dataclass
class People:
    """The people of a conversation, most messages sent first; ``left_out`` counts those not listed. ``others`` are
    other conversations of two people, None if more take part in this one."""

    first: list[tuple[Participant, str]] = field(default_factory=list)
    more: list[tuple[Participant, str]] = field(default_factory=list)
    left_out: int = 0
    others: list[tuple[Any, str]] | None = None
    has_more_others: bool = False


def people(request: HttpRequest, page: ConversationPage) -> People | None:
    """Return the people in the conversation, with the notes of all rooms on them."""
    participants = page.thread.most_active
    if not participants:
        return None
    notes: defaultdict[Any, list[str]] = defaultdict(list)
    ids = [one.person.pk for one in participants]
    for room in rooms():
        for person_id, note in room.notes_on_people(request, ids).items():
            notes[person_id].append(str(note))
    shown = [(one, ", ".join(notes[one.person.pk])) for one in participants]
    found = People(first=shown[:FEW_PEOPLE], more=shown[FEW_PEOPLE:])
    found.left_out = page.thread.less_active
    if len(ids) == 2:
        others = _other_conversations(page.conversation.pk, *ids)
        found.others, found.has_more_others = others[:MOST_OTHERS], len(others) > MOST_OTHERS
    return found


def _other_conversations(conversation_id: int, one: Any, other: Any) -> list[tuple[Any, str]]:
    """Return the newest other conversations in which two people wrote to each other, and when they started; one more
    than is shown. Only their newest messages are searched, so that the cost does not grow with their number."""
    found = []
    for sender, receiver in ((one, other), (other, one)):
        newest = Message.objects.filter(sender=sender).order_by("-timestamp", "-id").values("pk")[:NEWEST]
        found.append(Message.objects.filter(pk__in=newest, receiver=receiver).order_by().values("conversation_id"))
    conversations = Conversation.objects.filter(pk__in=found[0].union(found[1])).exclude(pk=conversation_id)
    rows = conversations.order_by("-last_message_at", "-id").values_list("pk", "started_at")[: MOST_OTHERS + 1]
    return [(pk, clock.day_and_time(clock.local(started_at))) for pk, started_at in rows]


@dataclass(frozen=True)
class Noticed:
    """Messages on the page that are worth a look for the same reason, ``title``; ``more`` counts those left out."""

    title: str
    rows: list[Row]
    more: int


def worth_a_look(request: HttpRequest, page: ConversationPage) -> list[Noticed]:
    """Return the messages of this page that a reviewer would look at first."""
    rows = page.thread.rows
    found = {
        _("Edited after a reply"): _edited_after_a_reply(rows),
        _("Links"): [row for row in rows if has_link(row.message.content)],
        _("Hidden characters"): [row for row in rows if has_hidden(row.message.content)],
    }
    return [
        Noticed(title, noticed[:MOST_LINKS], max(0, len(noticed) - MOST_LINKS))
        for title, noticed in found.items()
        if noticed
    ]


def _edited_after_a_reply(rows: list[Row]) -> list[Row]:
    edited = [row for row in rows if row.edits is not None]
    if not edited:
        return []
    replies = Message.objects.filter(parent_message__in=[row.message.pk for row in edited]).order_by()
    first_replies = dict(replies.values_list("parent_message").annotate(first=Min("timestamp")))
    return [
        row
        for row in edited
        if row.edits is not None
        and row.message.pk in first_replies
        and row.edits.last_at > first_replies[row.message.pk]
    ]


def facts(request: HttpRequest, page: ConversationPage) -> list[Fact]:
    """Return the facts about the conversation, with those of all rooms."""
    conversation = page.conversation
    first, last = (clock.local(one) for one in (conversation.started_at, conversation.last_message_at))
    return [
        Fact(_("Number"), str(conversation.pk)),
        Fact(_("Messages"), grouped(page.thread.total)),
        Fact(_("First message"), clock.day_and_time(first)),
        Fact(_("Last message"), clock.day_and_time(last)),
        *(fact for room in rooms() for fact in room.facts_of_conversation(request, conversation)),
    ]


SECTIONS = (
    Section("people", gettext_lazy("People"), 20, "console/panel/people.html", people),
    Section("worth-a-look", gettext_lazy("Worth a look"), 30, "console/panel/worth_a_look.html", worth_a_look),
    Section("facts", gettext_lazy("Facts"), 40, "console/panel/facts.html", facts),
)
