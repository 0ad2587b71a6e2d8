"""Removing parts of a message's text, and restoring it: the one place that does so.

A redaction is an edit like others: the text before becomes a history, the message gets its next revision, and who
listens for changed texts hears of it. ``Message.redaction`` names that revision, and with it all texts before are
withheld: people read them nowhere, but for those who may read originals. Whoever redacts messages records it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import regex
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging import page_cache
from messaging.editors import editing_as
from messaging.languages.wording import numbered
from messaging.limits import LONGEST_TEXT
from messaging.models import Message, MessageHistory
from messaging.writing import lock_people

# Of one length, so that nobody learns how much it stands for; words, so that it can be read out and survives any file.
MARK = "[part removed]"

CHANGED = gettext_lazy("The text was changed meanwhile. Look again at what it says now.")


class Span(NamedTuple):
    """Characters of a text, from ``start`` up to, and without, ``end``."""

    start: int
    end: int


class Redaction(NamedTuple):
    """What a redaction did: the ``revision`` that it made, and ``Message.redaction`` before it."""

    revision: int
    before: int | None


class Edges:
    """Where in a text what people see as one character begins, and where the text ends."""

    def __init__(self, text: str) -> None:
        self._text = text

    def has(self, *places: int) -> bool:
        """Whether all of these places, none of which lies outside the text, are such."""
        return all(map(self._is_one, places))

    def _is_one(self, place: int) -> bool:
        if place in (0, len(self._text)):
            return True
        around = self._text[place - 1 : place + 1]
        if around.isascii():  # as most are: nothing else of a long text is looked at
            return around != "\r\n"
        return place in self._all

    @cached_property
    def _all(self) -> set[int]:
        return {match.start() for match in regex.finditer(r"\X", self._text)}


class RedactionRefused(Exception):
    """Nothing was removed; the text is a sentence that says why."""


def redacted(text: str, spans: Iterable[Span]) -> str:
    """Return ``text`` with MARK in the place of each span. Raises RedactionRefused unless there is one at least, each
    holds something and lies within the text, none overlaps, and none cuts what people see as one character."""
    ordered = sorted(Span(*span) for span in spans)
    if not ordered:
        raise RedactionRefused(_("Choose the words to remove."))
    edges = Edges(text)
    pieces, end = [], 0
    for span in ordered:
        if span.start >= span.end:
            raise RedactionRefused(_("There is nothing to remove in an empty passage."))
        if span.start < 0 or span.end > len(text):
            raise RedactionRefused(_("The passage lies outside the text."))
        if span.start < end:
            raise RedactionRefused(_("The passages overlap."))
        if not edges.has(*span):
            raise RedactionRefused(_("The passage begins or ends within a character."))
        pieces += [text[end : span.start], MARK]
        end = span.end
    result = "".join([*pieces, text[end:]])
    if result == text:
        raise RedactionRefused(_("These words are removed already."))
    if len(result) > LONGEST_TEXT:
        sentence = _("The text would have more than %(number)s characters: remove a longer passage.")
        raise RedactionRefused(numbered(sentence, LONGEST_TEXT))
    return result


def find(text: str, words: str) -> list[Span]:
    """Return every place of ``words`` in ``text``, from left to right, none overlapping the one before it, none within
    what people see as one character. Browsers send line ends of their own: these are alike."""
    lines = (regex.escape(line) for line in words.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    pattern = r"(?:\r\n|\r|\n)".join(lines)
    edges = Edges(text)
    found = (Span(*match.span()) for match in regex.finditer(pattern, text)) if words else ()
    return [span for span in found if edges.has(*span)]


def spans_between(text: str, shorter: str) -> list[Span]:
    """Return spans without which ``text`` reads as ``shorter``, a result of ``redacted``; none where there are none.

    Where the same words stand several times, they need not be those that were chosen: the result is the same.
    """
    first, *pieces = shorter.split(MARK)
    edges = Edges(text)
    end = len(first)
    if not pieces or not text.startswith(first) or not edges.has(end):
        return []
    found = []
    last = len(text) - len(pieces[-1])
    for place, piece in enumerate(pieces):
        # The last piece stands at the end; the others as early as they can, which leaves most room for the next.
        starts = [last] if place == len(pieces) - 1 else _places(text, piece, end + 1, edges)
        start = next((one for one in starts if one > end and edges.has(one) and text.startswith(piece, one)), None)
        if start is None:
            return []
        found.append(Span(end, start))
        end = start + len(piece)
    return found


def redact(
    message_id: int, spans: Sequence[Span], *, revision: int, by: Any, using: str = DEFAULT_DB_ALIAS
) -> Redaction:
    """Remove the spans from the text that a message has in this ``revision``, in the name of ``by``.

    Raises RedactionRefused where the spans do not hold (see ``redacted``), or the text is another one by now.
    """
    with transaction.atomic(using=using):
        stored = _locked(message_id, by, using)
        if stored is None or stored.revision != revision:
            raise RedactionRefused(CHANGED)
        before = stored.redaction
        _change(stored, redacted(stored.content, spans), F("revision") + 1, by, using)
    return Redaction(revision + 1, before)


def restore(message_id: int, redaction: Redaction, *, by: Any, using: str = DEFAULT_DB_ALIAS) -> bool:
    """Give a message the text back that a redaction changed, as another edit by ``by``; returns whether it did.

    It does not where the text was changed since, or where the original was erased.
    """
    with transaction.atomic(using=using):
        stored = _locked(message_id, by, using)
        if stored is None or stored.revision != redaction.revision or stored.redaction != redaction.revision:
            return False
        originals: Any = MessageHistory.objects.using(using).filter(message=message_id)
        original = originals.filter(revision=redaction.revision - 1).readable(originals=True).first()
        if original is None:
            return False
        _change(stored, original.text, redaction.before, by, using)
    return True


def _locked(message_id: int, by: Any, using: str) -> Any:
    """The message, locked after the people and the conversation, as by every writer; None where it is gone."""
    lock_people([by.pk], using=using)
    message = Message.objects.using(using).filter(pk=message_id)
    message.lock_conversations()
    return message.select_for_update(of=("self",)).first()


def _change(stored: Message, content: str, redaction: Any, by: Any, using: str) -> None:
    """In one statement, with the history; the pages that its two people have in the cache become invalid with it."""
    with editing_as(by):
        Message.objects.using(using).filter(pk=stored.pk).update(content=content, redaction=redaction)
    page_cache.invalidate([stored.sender_id, stored.receiver_id], using=using)


def _places(text: str, piece: str, start: int, edges: Edges) -> Iterator[int]:
    """Where ``piece`` stands in ``text`` from ``start`` on, between what people see as characters."""
    while (start := text.find(piece, start)) >= 0:
        if edges.has(start, start + len(piece)):
            yield start
        start += 1
