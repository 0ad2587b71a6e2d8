"""The page of a conversation: the thread, the words that were looked for in it, and the list it was opened from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from messaging.models import Message
from ops.console.addresses import clean_search_term, whole_number
from ops.console.thread.parts import Thread

LIST = "_changelist_filters"  # Django's name for the query of the list from which a row was opened
MOST_FOUND = 50  # messages with the words that were looked for, of which the page has links
LONGEST_TERM = 200  # characters to look for


@dataclass
class ConversationPage:
    """A conversation as an address asks for it. ``list_query`` is the query of the list it was opened from."""

    conversation: Any
    thread: Thread
    find: str
    list_query: str

    @cached_property
    def found(self) -> list[tuple[int, int]]:
        """The position and id of each message of the whole conversation that has the words looked for."""
        if not self.find:
            return []
        messages = Message.objects.filter(conversation=self.conversation, content__icontains=self.find)
        indexes = self.thread.indexes
        return sorted((indexes[pk] + 1, pk) for pk in messages.values_list("pk", flat=True) if pk in indexes)

    @property
    def found_links(self) -> list[tuple[int, int]]:
        return self.found[:MOST_FOUND]

    @property
    def more_found(self) -> int:
        return len(self.found) - len(self.found_links)

    @cached_property
    def kept_list(self) -> str:
        """The list as links repeat it, beginning with "&"; "" for the list of all conversations."""
        return f"&{urlencode({LIST: self.list_query})}" if self.list_query else ""

    @cached_property
    def kept(self) -> str:
        """What links within the page repeat: the list, and the words looked for."""
        return (f"&{urlencode({'find': self.find})}" if self.find else "") + self.kept_list

    @property
    def kept_in_parts(self) -> str:
        """What links to other parts repeat: as ``kept``, and the person to whom the thread is narrowed."""
        person = self.thread.person_id
        return f"&person={person}{self.kept}" if person else self.kept

    @property
    def list_address(self) -> str:
        """The list from which the conversation was opened, with its search and filters."""
        address = reverse("admin:messaging_conversation_changelist")
        return f"{address}?{self.list_query}" if self.list_query else address


def page_of(conversation: Any, request: HttpRequest, *, with_edits: bool) -> ConversationPage:
    """Return the page of ``conversation`` that a request's address asks for."""
    find = clean_search_term(request.GET.get("find", ""))[:LONGEST_TERM]
    thread = Thread(
        conversation.pk,
        part=whole_number(request.GET.get("part")) or 1,
        message_id=whole_number(request.GET.get("message")),
        person_id=whole_number(request.GET.get("person")),
        find=find,
        with_edits=with_edits,
    )
    return ConversationPage(conversation, thread, find, list_query(request))


def list_query(request: HttpRequest) -> str:
    """Return the query of the list from which a conversation was opened, as Django writes queries."""
    return QueryDict(request.GET.get(LIST, "")).urlencode()
