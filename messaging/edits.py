"""What each edit of a message changed, as participants see it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.db.models import Count, Prefetch, Sum, prefetch_related_objects
from django.db.models.functions import Length

from messaging.differences import Edit, edits_of, word_differences
from messaging.models import Message, MessageHistory

PAGE = 10  # edits on a page of their own, and beside a message at most
INLINE_CHARACTERS = 50_000  # of older texts that one page compares by the way; beyond, an edit has its own page


class Edits(NamedTuple):
    """How often a message was edited, and the edits, oldest first; empty where they are too many to show with it."""

    number: int
    shown: list[Edit]


def edits_beside(messages: Iterable[Message]) -> dict[int, Edits]:
    """The edits of several messages by message id, in two queries; messages without a history are not in it."""
    edited = {message.pk: message for message in messages if message.edited}
    if not edited:
        return {}
    histories = MessageHistory.objects.filter(message__in=edited)
    sizes = histories.order_by().values_list("message").annotate(number=Count("pk"), size=Sum(Length("old_content")))
    numbers, chosen, left = {}, [], INLINE_CHARACTERS
    for message_id, number, size in sizes:
        numbers[message_id] = number
        size += number * len(edited[message_id].content)
        if number <= PAGE and size <= left:
            chosen.append(message_id)
            left -= size
    texts = MessageHistory.objects.select_related("edited_by").order_by("edited_at", "id")
    prefetch_related_objects([edited[message_id] for message_id in chosen], Prefetch("histories", queryset=texts))
    return {
        message_id: Edits(number, edits_of(edited[message_id]) if message_id in chosen else [])
        for message_id, number in numbers.items()
    }


def page_of_edits(message: Message, number: Any) -> Page:
    """A page of the edits of ``message``, oldest first; a nonsense ``number`` gives the first one, or the last."""
    histories = message.histories.order_by("edited_at", "id").select_related("edited_by")
    page = Paginator(histories, PAGE).get_page(number)
    shown = list(page.object_list)
    last = histories[page.end_index()].old_content if page.has_next() else message.content
    later = [*(history.old_content for history in shown[1:]), last]
    edits = [
        Edit(history.edited_at, history.edited_by, word_differences(history.old_content, text))
        for history, text in zip(shown, later, strict=False)
    ]
    return Page(edits, page.number, page.paginator)
