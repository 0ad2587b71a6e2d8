"""The page of what two people wrote to each other, by conversation and by message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from messaging.models import Conversation, Message
from ops.accounts.actions import ConsolePage
from ops.accounts.person import newest, tabs
from ops.accounts.person.page import load, record_or_withhold
from ops.accounts.person.places import SIZE
from ops.audit.readings import Shown

MOST_CONVERSATIONS = 20


class Exchanged(NamedTuple):
    """A message between two people."""

    at: datetime
    key: int
    conversation: int


@dataclass(frozen=True)
class Both:
    """A conversation in which two people wrote to each other: their number of messages there, and the latest one."""

    conversation: Any
    messages: int
    latest: Exchanged


def exchanged(one: Any, other: Any) -> tuple[list[Exchanged], bool]:
    """Return the messages between two people (with_activity), latest first, and whether older ones may be missing.

    No index has sender and receiver. To bound the cost, each direction reads the messages of the person who has fewer
    in it, and at most ``newest.NEWEST``.
    """
    found: set[Exchanged] = set()
    is_cut = False
    for sender, receiver in ((one, other), (other, one)):
        if sender.sent <= receiver.received:
            theirs, column, wanted, number = newest.sent(sender), "receiver_id", receiver.pk, sender.sent
        else:
            theirs, column, wanted, number = newest.received(receiver), "sender_id", sender.pk, receiver.received
        rows = theirs.values_list("timestamp", "pk", "conversation_id", column)
        found |= {Exchanged(at, key, conversation) for at, key, conversation, who in rows if who == wanted}
        is_cut = is_cut or number > newest.NEWEST
    return sorted(found, reverse=True), is_cut


def conversations_of(messages: Iterable[Exchanged]) -> tuple[list[Both], int]:
    """Return the conversations of ``messages`` (latest first), in that order, and how many are left out."""
    latest: dict[int, Exchanged] = {}
    numbers: Counter[int] = Counter()
    for one in messages:
        latest.setdefault(one.conversation, one)
        numbers[one.conversation] += 1
    first = list(latest)[:MOST_CONVERSATIONS]
    stored = Conversation.objects.in_bulk(first)
    rows = [Both(stored[key], numbers[key], latest[key]) for key in first if key in stored]
    return rows, len(latest) - len(first)


class BetweenView(ConsolePage):
    """Shows what two people wrote to each other. Opening it is recorded as a reading of both."""

    http_method_names = ["get", "head", "options"]
    permission = tabs.CONVERSATIONS.permission
    template_name = "accounts/person/between.html"

    def get(self, request: HttpRequest, pk: int, other: int) -> HttpResponse:
        if pk == other:
            raise Http404
        people = load(pk, other, by=request.user)
        found, is_cut = exchanged(*people)
        conversations, more = conversations_of(found)
        pages = Paginator(found, SIZE).get_page(request.GET.get("page"))
        messages = self._messages([one.key for one in pages])
        shown = Shown(messages=[row.pk for row in messages])
        withheld = record_or_withhold(request, *people, shown=shown, rows=messages)
        context = self.get_context_data(
            title=_("Between %(one)s and %(other)s")
            % {"one": people[0].get_username(), "other": people[1].get_username()},
            one=people[0],
            other=people[1],
            total=len(found),
            leaves_out=is_cut,
            newest=newest.NEWEST,
            conversations=conversations,
            more_conversations=more,
            pages=pages,
            rows=messages,
            **withheld,
        )
        return TemplateResponse(request, self.template_name, context)

    def _messages(self, keys: list[int]) -> list[Any]:
        """Return the messages with these keys; none if the user may not open messages."""
        if not self.request.user.has_perm(tabs.MESSAGES.permission):
            return []
        found: Any = Message.objects.for_list().in_bulk(keys)
        return [found[key] for key in keys if key in found]
