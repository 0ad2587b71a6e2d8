"""A search typed on a page of the console: the messages that it finds and the words that it marks, or its mistake."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.database.statements import Statement, compiled_statement, slot
from messaging.models import Message
from messaging.search import filters
from messaging.search.engine import FirstPage
from messaging.search.filters import Reader, Vocabulary
from messaging.search.language import Mistake
from messaging.search.query import Query, read
from ops.console.rooms import rooms

# The search language itself: an example, and what it finds.
LANGUAGE = (
    ("harbour boat", gettext_lazy("both words, in any order")),
    ('"the old harbour"', gettext_lazy("just this phrase")),
    ("harbour -boat", gettext_lazy("the first word without the second")),
    ("harbour OR port", gettext_lazy("at least one of them; AND is understood between words")),
    ("light*", gettext_lazy("words that begin so")),
    ("~idiot", gettext_lazy("the word as people disguise it: i d i o t, idiooot, ïdiот")),
    ("(harbour OR port) from:alice", gettext_lazy("parentheses keep together what belongs together")),
)


class Help(NamedTuple):
    """A line of “How to search”."""

    written: str
    meaning: str


@dataclass(frozen=True)
class Fault:
    """A mistake for display: a sentence, and the typed text before, at and after its ``place``."""

    sentence: str
    before: str
    place: str
    after: str


@dataclass(frozen=True)
class Search:
    """A typed ``text``, parsed as ``query``, or with a ``fault``. Neither is set if ``text`` is empty."""

    text: str
    vocabulary: Vocabulary
    reader: Reader
    query: Query | None = None
    fault: Fault | None = None

    @property
    def condition(self) -> Q:
        """The condition of the messages that it finds; after a mistake it finds none, rather than all."""
        return filters.NOTHING if self.query is None else self.query.condition

    @cached_property
    def covered(self) -> str:
        """A sentence about which texts were searched."""
        return self.query.covered if self.query is not None else ""

    def places(self, text: str) -> Sequence[tuple[int, int]]:
        """Return where the words of the search are in ``text``."""
        return self.query.places(text) if self.query is not None else ()

    def newest_messages(self, messages: Any) -> QuerySet:
        """Return those of ``messages`` that it finds, for a page of the newest ones."""
        return messages.none() if self.query is None else self.query.newest_messages(messages)

    def first_page(self, messages: Any, *, size: int, most: int) -> FirstPage:
        """Return the first ``size`` of ``messages`` that it finds."""
        if self.query is None:
            return FirstPage([], [], messages.none())
        return self.query.first_page(messages, size=size, most=most)

    def newest_conversations(self, conversations: Any) -> QuerySet:
        """Return those of ``conversations`` in which it finds a message, for a page of the newest ones."""
        return conversations.none() if self.query is None else self.query.newest_conversations(conversations)

    def first_of(self, conversation: Any, *, last: bool = False) -> Any:
        """Return the first message of a conversation that it finds, or the last one; None if it finds none."""
        if self.query is None:
            return None
        found = Message.objects.filter(self.condition, conversation=conversation).order_by("timestamp", "id")
        return found.last() if last else found.first()

    @cached_property
    def instead(self) -> list[tuple[str, str]]:
        """Alternatives if the words are a person's name or a message's ID: (the search, its meaning)."""
        plain = self.query.plain if self.query is not None else ""
        if not plain:
            return []
        person = self.reader.person(plain)
        name = person.get_username() if person is not None else ""
        received = _("Messages sent or received by %(name)s") % {"name": name}
        found = [(f"with:{_quoted(name)}", received)] if name and '"' not in name else []
        if _having_id(DEFAULT_DB_ALIAS).ask(using=DEFAULT_DB_ALIAS, id=plain):
            found.append((f"id:{_quoted(plain)}", _("The message with the ID %(id)s") % {"id": plain}))
        return found

    @cached_property
    def help(self) -> list[Help]:
        """How to search, for this user: built from the existing filters, so that it cannot be out of date."""
        return help_of(self.vocabulary)


def vocabulary_of(request: HttpRequest) -> Vocabulary:
    """Return the filters that this user can use: messaging's and those of the rooms."""
    return Vocabulary([*filters.FILTERS, *(one for room in rooms() for one in room.search_filters(request))])


def asked(request: HttpRequest, text: str, person: Callable[[str], Any]) -> Search:
    """Parse a typed search. ``person`` returns the account with a name, if the user may find it."""
    vocabulary = vocabulary_of(request)
    # An export sets ``as_of`` to the time of its request.
    reader = Reader(person, getattr(request, "as_of", None) or timezone.now())
    try:
        return Search(text, vocabulary, reader, query=read(text, vocabulary, reader))
    except Mistake as mistake:
        start, end = mistake.start, mistake.end
        fault = Fault(str(mistake), text[:start], text[start:end], text[end:])
        return Search(text, vocabulary, reader, fault=fault)


@cache
def _having_id(using: str) -> Statement:
    """Return the compiled query for the message with an external ID. Compiled once, because each search runs it."""
    return compiled_statement(Message.objects.filter(external_id=slot("id")).values_list("pk")[:1], using=using)


def _quoted(text: str) -> str:
    """Return a filter value, in quotes if it needs them."""
    return text if re.fullmatch(r"[\w.@+-]+", text) else f'"{text}"'


def help_of(vocabulary: Vocabulary) -> list[Help]:
    """Return the lines of “How to search”."""
    lines = [Help(written, str(meaning)) for written, meaning in LANGUAGE]
    return [*lines, *(Help(one.written, str(one.meaning)) for _name, some in vocabulary.by_name() for one in some)]
