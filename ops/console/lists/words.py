"""What rows of a list show of messages: far less than a Message takes to make."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from django.db.models import F
from django.db.models.functions import Left

from messaging.models import Message

LENGTH = 160  # characters of the beginning of a text


class Words(NamedTuple):
    """The words of a message and the usernames of its people."""

    pk: int
    content: str
    sender: str
    receiver: str


def first_words(keys: Collection[int | None]) -> dict[int, Words]:
    """The beginnings of these messages, by id; longer ones end with “…”."""
    found = _words(keys, Left("content", LENGTH + 1))
    return {
        pk: words if len(words.content) <= LENGTH else words._replace(content=f"{words.content[: LENGTH - 1]}…")
        for pk, words in found.items()
    }


def whole_texts(keys: Collection[int]) -> dict[int, Words]:
    """The whole texts of these messages, by id."""
    return _words(keys, F("content"))


def _words(keys: Collection[int | None], content: Any) -> dict[int, Words]:
    messages = Message.objects.filter(pk__in=[key for key in keys if key is not None]).order_by()
    rows = messages.annotate(words=content).values_list("pk", "words", "sender__username", "receiver__username")
    return {row[0]: Words(*row) for row in rows}
