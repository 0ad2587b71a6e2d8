"""The home page's sections about conversations: where a reviewer left off, and edits to look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext

from messaging.models import Conversation, Message, MessageHistory
from ops.audit.models import Entry
from ops.audit.readings import reading_event
from ops.console.filters import days_ago
from ops.console.frame.home import Section
from ops.console.rooms import PendingWork
from ops.imports.filters import by_an_import

NEWEST = 200  # entries of a person that are searched for the conversations they opened last
MOST_CONVERSATIONS = 5
MOST_NAMES = 3
EDITS, SINCE = "messaging.MessageHistory", "7d"


@dataclass(frozen=True)
class LeftOff:
    """A recently opened conversation: its first participants, how many others, and when it was opened."""

    key: int
    people: list[str]
    others: int
    at: datetime


def left_off(request: HttpRequest) -> list[LeftOff] | None:
    """Return the conversations that this user opened last, the latest first; None without the permission."""
    user: Any = request.user
    if not user.has_perm("messaging.view_conversation"):
        return None
    label = Conversation._meta.label_lower
    newest = Entry.objects.by_person(user.pk).order_by("-at", "-id")
    opened: dict[int, datetime] = {}
    # Not filtered by event: that would scan the index on actor and time until 200 such entries are found.
    for event, target_type, key, at in newest.values_list("event", "target_type", "target_id", "at")[:NEWEST]:
        if target_type == label and event == reading_event(label):
            opened.setdefault(int(key), at)
    people = Message.objects.usernames_by_conversation(list(opened)[: 2 * MOST_CONVERSATIONS]) if opened else {}
    found = [
        LeftOff(key, people[key][:MOST_NAMES], max(0, len(people[key]) - MOST_NAMES), at)
        for key, at in opened.items()
        if key in people  # the others were deleted
    ]
    return found[:MOST_CONVERSATIONS]


def edits(user: Any) -> Iterable[PendingWork]:
    """Yield lines for recent edits that a reviewer should look at, and for corrections if ``user`` may make some."""
    lately = MessageHistory.objects.filter(edited_at__gte=days_ago(7))
    yield PendingWork(
        EDITS,
        lately.after_a_reply(),
        lambda n: ngettext("edit after a reply, past 7 days", "edits after a reply, past 7 days", n),
        f"kind=after-reply&since={SINCE}",
    )
    if user.has_perm("messaging.change_message"):
        made = lately.corrections().exclude(by_an_import())
        yield PendingWork(
            EDITS,
            made,
            lambda n: ngettext("correction made, past 7 days", "corrections made, past 7 days", n),
            f"kind=corrections&since={SINCE}",
        )


SECTIONS = (
    Section(
        "left-off",
        gettext_lazy("Where you left off"),
        20,
        template="home/left_off.html",
        content=left_off,
        empty=gettext_lazy("You have not opened a conversation lately."),
    ),
    Section(
        "edits",
        gettext_lazy("Edits to look at"),
        30,
        lines=edits,
        empty=gettext_lazy("No edits after a reply in the past 7 days."),
    ),
)
