"""The words and names that rows of lists show, without the cost of Message instances."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from django.db.models.functions import Left
from django.utils.text import Truncator

from messaging.models import Message
from messaging.search.engine import MARKED
from messaging.texts.beginnings import CUT

LENGTH = 160  # characters of a text in a row


class Words(NamedTuple):
    """The words of a message and the usernames of its people; ``warning`` replaces words that are covered."""

    pk: int
    content: str
    sender: str
    receiver: str
    warning: str = ""


def covered(words: Any, warnings: Mapping[int, str]) -> Any:
    """Return Words (or None) with the content replaced by a warning, if there is one on that message."""
    return words._replace(content="", warning=warnings[words.pk]) if words and words.pk in warnings else words


def beginning(text: str) -> str:
    """Return the first characters of a text, like Django's ``truncatechars``, but faster for most texts. A character is
    never separated from its combining marks."""
    if text.isascii():
        return text if len(text) <= LENGTH else f"{text[: LENGTH - 1]}…"
    return Truncator(text[:CUT]).chars(LENGTH)


def first_words(keys: Collection[int | None]) -> dict[int, Words]:
    """Return the beginnings of these messages by id; truncated ones end with “…”."""
    return {
        pk: words._replace(content=beginning(words.content)) for pk, words in _words(keys, Left("content", CUT)).items()
    }


def marked_texts(keys: Collection[int]) -> dict[int, Words]:
    """Return the texts of these messages by id, up to the length within which words are marked."""
    return _words(keys, Left("content", MARKED))


def _words(keys: Collection[int | None], content: Any) -> dict[int, Words]:
    messages = Message.objects.filter(pk__in=[key for key in keys if key is not None]).order_by()
    rows = messages.annotate(words=content).values_list("pk", "words", "sender__username", "receiver__username")
    return {row[0]: Words(*row) for row in rows}
