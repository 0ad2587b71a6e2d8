"""What rows of a list show of messages: far less than a Message takes to make."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from django.db.models.functions import Left
from django.utils.text import Truncator

from messaging.models import Message
from messaging.search.engine import MARKED
from messaging.texts.beginnings import CUT

LENGTH = 160  # characters that a row shows of a text


class Words(NamedTuple):
    """The words of a message and the usernames of its people; ``warning`` stands in the place of words that are
    covered."""

    pk: int
    content: str
    sender: str
    receiver: str
    warning: str = ""


def covered(words: Any, warnings: Mapping[int, str]) -> Any:
    """Words of a message, or None, without the words themselves if there is a warning on them."""
    return words._replace(content="", warning=warnings[words.pk]) if words and words.pk in warnings else words


def beginning(text: str) -> str:
    """The first characters of a text, as Django's ``truncatechars`` cuts it, which takes longer for most texts.

    A sign is never parted from those that belong to it.
    """
    if text.isascii():
        return text if len(text) <= LENGTH else f"{text[: LENGTH - 1]}…"
    return Truncator(text[:CUT]).chars(LENGTH)


def first_words(keys: Collection[int | None]) -> dict[int, Words]:
    """The beginnings of these messages, by id; longer ones end with “…”."""
    return {
        pk: words._replace(content=beginning(words.content)) for pk, words in _words(keys, Left("content", CUT)).items()
    }


def marked_texts(keys: Collection[int]) -> dict[int, Words]:
    """The texts of these messages as far as words are marked in them, by id."""
    return _words(keys, Left("content", MARKED))


def _words(keys: Collection[int | None], content: Any) -> dict[int, Words]:
    messages = Message.objects.filter(pk__in=[key for key in keys if key is not None]).order_by()
    rows = messages.annotate(words=content).values_list("pk", "words", "sender__username", "receiver__username")
    return {row[0]: Words(*row) for row in rows}
