"""Removing parts of a message's text, and restoring it. Only this module does so.

A redaction is an edit like any other: the old text becomes a history, the message gets its next revision, and
``texts_changed`` is sent. ``Message.redaction`` stores that revision and thereby withholds all earlier texts from
everybody who may not read originals. The caller records the act.
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

# Always the same length, so that it does not show how much was removed; words, so that a screen reader can read it and
# any file format keeps it.
MARK = "[part removed]"

CHANGED = gettext_lazy("The text was changed meanwhile. Look again at what it says now.")


class Span(NamedTuple):
    """A range of characters in a text, from ``start`` up to but not including ``end``."""

    start: int
    end: int


class Redaction(NamedTuple):
    """The result of a redaction: the ``revision`` that it made, and the previous value of ``Message.redaction``."""

    revision: int
    before: int | None


class Edges:
    """The grapheme boundaries of a text: where a user-perceived character begins, or the text ends."""

    def __init__(self, text: str) -> None:
        self._text = text

    def has(self, *places: int) -> bool:
        """Return whether all of these places, none of which may lie outside the text, are boundaries."""
        return all(map(self._is_one, places))

    def _is_one(self, place: int) -> bool:
        if place in (0, len(self._text)):
            return True
        around = self._text[place - 1 : place + 1]
        if around.isascii():  # the usual case, which needs no scan of a long text
            return around != "\r\n"
        return place in self._all

    @cached_property
    def _all(self) -> set[int]:
        return {match.start() for match in regex.finditer(r"\X", self._text)}


class RedactionRefused(Exception):
    """Nothing was removed; the exception's text is a sentence that explains why."""


def redacted(text: str, spans: Iterable[Span]) -> str:
    """Return ``text`` with MARK in place of each span.

    Raise RedactionRefused if there is no span, if one is empty, lies outside the text, overlaps another or splits a
    grapheme, and if the result is the same text or is too long.
    """
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
    """Return the spans of ``words`` in ``text``, from left to right, without overlaps and without splitting a grapheme.

    All line ends match each other, because browsers change them.
    """
    lines = (regex.escape(line) for line in words.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    pattern = r"(?:\r\n|\r|\n)".join(lines)
    edges = Edges(text)
    found = (Span(*match.span()) for match in regex.finditer(pattern, text)) if words else ()
    return [span for span in found if edges.has(*span)]


def spans_between(text: str, shorter: str) -> list[Span]:
    """Return spans whose redaction turns ``text`` into ``shorter``, a result of ``redacted``; [] if there are none.

    If the same words occur several times, these may be other occurrences than the ones chosen; the result is the same.
    """
    first, *pieces = shorter.split(MARK)
    edges = Edges(text)
    end = len(first)
    if not pieces or not text.startswith(first) or not edges.has(end):
        return []
    found = []
    last = len(text) - len(pieces[-1])
    for place, piece in enumerate(pieces):
        # The last piece must be at the end; the others as early as possible, which leaves most room for the next.
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
    """Remove the spans from the text that a message has in this ``revision``; the edit is recorded as by ``by``.

    Raise RedactionRefused if the spans are invalid (see ``redacted``), or if the text was changed or deleted meanwhile.
    """
    with transaction.atomic(using=using):
        stored = _locked(message_id, by, using)
        if stored is None or stored.revision != revision:
            raise RedactionRefused(CHANGED)
        before = stored.redaction
        _change(stored, redacted(stored.content, spans), F("revision") + 1, by, using)
    return Redaction(revision + 1, before)


def restore(message_id: int, redaction: Redaction, *, by: Any, using: str = DEFAULT_DB_ALIAS) -> bool:
    """Restore the text that a redaction changed, as another edit by ``by``; return whether it was restored.

    It is not if the text was changed since or the original was erased.
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
    """Lock and return the message, after the people and the conversation, as every writer does; None if deleted."""
    lock_people([by.pk], using=using)
    message = Message.objects.using(using).filter(pk=message_id)
    message.lock_conversations()
    return message.select_for_update(of=("self",)).first()


def _change(stored: Message, content: str, redaction: Any, by: Any, using: str) -> None:
    """Store the text and ``redaction`` in one statement, keep the history, and invalidate its people's cached pages."""
    with editing_as(by):
        Message.objects.using(using).filter(pk=stored.pk).update(content=content, redaction=redaction)
    page_cache.invalidate([stored.sender_id, stored.receiver_id], using=using)


def _places(text: str, piece: str, start: int, edges: Edges) -> Iterator[int]:
    """Yield the positions of ``piece`` in ``text`` from ``start`` on that do not split a grapheme."""
    while (start := text.find(piece, start)) >= 0:
        if edges.has(start, start + len(piece)):
            yield start
        start += 1
