"""The tabs with a person's messages: by correspondent, by message, and by edit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.paginator import Paginator
from django.utils.translation import gettext_lazy

from messaging.models import Message, MessageHistory
from ops.accounts.models import User
from ops.accounts.person import newest, tabs
from ops.accounts.person.page import PersonTab
from ops.accounts.person.places import SIZE, place
from ops.audit.readings import Shown

ALL = "all"


@dataclass
class Correspondent:
    """Somebody with whom a person exchanged messages: how many the person sent, received and has not read, and when the
    last one was sent."""

    key: int
    last: datetime
    sent: int = 0
    received: int = 0
    unread: int = 0
    person: Any = None

    @property
    def messages(self) -> int:
        return self.sent + self.received


def correspondents(person: Any) -> list[Correspondent]:
    """Return everybody with whom ``person`` exchanged one of their newest messages, latest first; runs two queries."""
    found: dict[int, Correspondent] = {}
    # Counted in Python: to join the newest messages with all messages, a database may scan them all.
    for key, at in newest.sent(person).values_list("receiver_id", "timestamp"):
        found.setdefault(key, Correspondent(key, at)).sent += 1
    for key, at, read in newest.received(person).values_list("sender_id", "timestamp", "read"):
        if key != person.pk:  # messages to themselves are counted already
            one = found.setdefault(key, Correspondent(key, at))
            one.received += 1
            one.unread += not read
            one.last = max(one.last, at)
    return sorted(found.values(), key=lambda one: (one.last, one.key), reverse=True)


class ConversationsTab(PersonTab):
    """The people with whom a person exchanged messages."""

    tab = tabs.CONVERSATIONS
    permission = tab.permission
    template_name = "accounts/person/conversations.html"

    def content(self, person: Any) -> dict[str, Any]:
        pages = Paginator(correspondents(person), SIZE)
        rows = pages.get_page(self.request.GET.get("page"))
        people = User.objects.in_bulk([one.key for one in rows])
        for one in rows:
            one.person = people.get(one.key)
        # A correspondent may have been erased since they were counted.
        rows.object_list = [one for one in rows if one.person is not None]
        return {"rows": rows, "leaves_out": newest.leaves_out(person), "newest": newest.NEWEST}


class MessagesTab(PersonTab):
    """A person's messages: all, sent, received or unread, as ``show`` in the query string selects."""

    tab = tabs.MESSAGES
    permission = tab.permission
    template_name = "accounts/person/messages.html"
    choices = {
        ALL: gettext_lazy("All"),
        "from": gettext_lazy("From them"),
        "to": gettext_lazy("To them"),
        "unread": gettext_lazy("Not read by them"),
    }

    def content(self, person: Any) -> dict[str, Any]:
        asked = self.request.GET.get("show", "")
        show = asked if asked in self.choices else ALL
        sent, received = Message.objects.filter(sender=person), Message.objects.filter(receiver=person)
        unread = Message.unread.filter(receiver=person)
        # Each queryset has its own index; none covers both directions.
        listed = {ALL: [sent, received], "from": [sent], "to": [received], "unread": [unread]}
        found = place(listed[show], self.request.GET, moment="timestamp")
        messages: Any = Message.objects.for_list().in_bulk(found.keys)
        return {
            "rows": [messages[key] for key in found.keys if key in messages],
            "place": found,
            "show": show,
            "choices": self.choices.items(),
            "kept": f"&show={show}" if show != ALL else "",
        }

    def shown(self, content: dict[str, Any]) -> Shown:
        return Shown(messages=[row.pk for row in content["rows"]])


class EditsTab(PersonTab):
    """The earlier texts of messages that a person sent, the latest edit first."""

    tab = tabs.EDITS
    permission = tab.permission
    template_name = "accounts/person/edits.html"

    def content(self, person: Any) -> dict[str, Any]:
        edited = Message.objects.filter(pk__in=newest.sent(person).values("pk"), edited=True)
        histories = MessageHistory.objects.filter(message__in=edited.order_by().values("pk"))
        found = place([histories], self.request.GET, moment="edited_at")
        kept: Any = MessageHistory.objects.for_list().in_bulk(found.keys)
        return {
            "rows": [kept[key] for key in found.keys if key in kept],
            "place": found,
            "kept": "",
            "leaves_out": person.sent > newest.NEWEST,
            "newest": newest.NEWEST,
        }

    def shown(self, content: dict[str, Any]) -> Shown:
        return Shown(histories=[row.message_id for row in content["rows"]])
