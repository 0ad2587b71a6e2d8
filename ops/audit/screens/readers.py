"""Who read a conversation: a section of the panel beside it, for users who may read the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.audit.models import Entry
from ops.audit.readings import reading_event
from ops.console.thread import clock
from ops.console.thread.page import ConversationPage
from ops.console.thread.panel import Section

NEWEST = 200  # entries that are read
MOST_READERS = 10


@dataclass
class Reader:
    """A person who opened a conversation: how often, and when last."""

    name: str
    last: str
    times: int = 1


def who_read(request: HttpRequest, page: ConversationPage) -> list[Reader]:
    """Return the people who opened a conversation most recently, the latest first."""
    if not request.user.has_perm("audit.view_entry"):
        return []
    label = page.conversation._meta.label_lower
    entries = Entry.objects.about(label, page.conversation.pk).filter(event=reading_event(label))
    readers: dict[Any, Reader] = {}
    rows = entries.order_by("-at", "-id").values_list("actor_id", "actor_name", "at")[:NEWEST]
    for actor_id, name, at in rows:
        if actor_id in readers:
            readers[actor_id].times += 1
        else:
            readers[actor_id] = Reader(name or _("unknown user"), clock.day_and_time(clock.local(at)))
    return list(readers.values())[:MOST_READERS]


SECTION = Section("who-read", gettext_lazy("Who read this"), 50, "audit/_readers.html", who_read)
