"""The page of a conversation: the thread, the search within it, and the list it was opened from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from messaging.models import Message
from ops.console.addresses import clean_search_term, whole_number
from ops.console.searching.asked import Search
from ops.console.thread.parts import Thread

LIST = "_changelist_filters"  # Django's name for the query of the list from which a row was opened
HITS = "hits"  # the query of the list of messages from which a found message was opened
MOST_FOUND = 50  # links to found messages on the page


@dataclass
class ConversationPage:
    """A conversation as requested by a query string. ``list_query`` is the query of the list of conversations, and
    ``hits`` that of the list of messages, from which it was opened."""

    conversation: Any
    thread: Thread
    find: Search | None
    list_query: str
    hits: str

    @cached_property
    def found(self) -> list[tuple[int, int]]:
        """The position and id of each message of the whole conversation that the search finds."""
        if self.find is None:
            return []
        messages = Message.objects.filter(self.find.condition, conversation=self.conversation)
        indexes = self.thread.indexes
        return sorted((indexes[pk] + 1, pk) for pk in messages.values_list("pk", flat=True) if pk in indexes)

    @property
    def found_links(self) -> list[tuple[int, int]]:
        return self.found[:MOST_FOUND]

    @property
    def more_found(self) -> int:
        return len(self.found) - len(self.found_links)

    @property
    def next_hit(self) -> str:
        """The address of the next found message, in this conversation or further down the list; "" if there is none."""
        return self._hit("next")

    @property
    def previous_hit(self) -> str:
        return self._hit("previous")

    def _hit(self, way: str) -> str:
        """Return the address of the neighbouring hit, in the order of the list that this was opened from. In a list of
        conversations, that is within this conversation first."""
        if self.hits and self.thread.marked_id:
            return f"?hit={way}&message={self.thread.marked_id}{self.kept}"
        keys = [key for _, key in self.found]
        if self.thread.marked_id in keys:
            place = keys.index(self.thread.marked_id) + (1 if way == "next" else -1)
        else:
            place = 0 if way == "next" else -1
        if 0 <= place < len(keys):
            return f"?message={keys[place]}{self.kept}#m{keys[place]}"
        if "q" not in QueryDict(self.list_query):
            return ""
        marked = f"&message={self.thread.marked_id}" if self.thread.marked_id else ""
        return f"?go={way}{marked}{self.kept_list}"

    @cached_property
    def kept_list(self) -> str:
        """The parameters for the list in links, beginning with "&"; "" for the list of all conversations."""
        kept = {name: query for name, query in ((LIST, self.list_query), (HITS, self.hits)) if query}
        return f"&{urlencode(kept)}" if kept else ""

    @cached_property
    def kept(self) -> str:
        """The parameters of links within the page: the search in it, and the list."""
        return (f"&{urlencode({'find': self.find.text})}" if self.find else "") + self.kept_list

    @property
    def kept_in_parts(self) -> str:
        """The parameters of links to other parts: ``kept``, and the person to whom the thread is narrowed."""
        person = self.thread.person_id
        return f"&person={person}{self.kept}" if person else self.kept

    @property
    def list_address(self) -> str:
        """The address of the list from which this was opened, with its search and filters."""
        model, query = ("message", self.hits) if self.hits else ("conversation", self.list_query)
        address = reverse(f"admin:messaging_{model}_changelist")
        return f"{address}?{query}" if query else address


def page_of(
    conversation: Any, request: HttpRequest, *, ask: Callable[[str], Search], with_edits: bool
) -> ConversationPage:
    """Return the page of ``conversation`` for a request's query string; ``ask`` parses the search within it."""
    text = clean_search_term(request.GET.get("find", ""))
    find = ask(text) if text else None
    thread = Thread(
        conversation.pk,
        part=whole_number(request.GET.get("part")) or 1,
        message_id=whole_number(request.GET.get("message")),
        person_id=whole_number(request.GET.get("person")),
        find=find.places if find else None,
        with_edits=with_edits,
    )
    return ConversationPage(conversation, thread, find, list_query(request), list_query(request, HITS))


def list_query(request: HttpRequest, name: str = LIST) -> str:
    """Return the query of the list from which a conversation was opened, encoded as Django encodes queries."""
    return QueryDict(request.GET.get(name, "")).urlencode()
