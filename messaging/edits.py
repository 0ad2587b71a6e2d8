"""What each edit of a message changed, word by word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from django.core.paginator import Page, Paginator
from django.db.models import Count, Max, Prefetch, Q, Sum, prefetch_related_objects
from django.db.models.functions import Length

from messaging.differences import Difference, Effort, compare, shortened
from messaging.models import Message, MessageHistory

EDITS_PER_PAGE = 10  # on the page of a message's edits; also the most shown beside a message
# Characters of old and new texts that one page compares beside its messages. Other edits appear only on their own page.
INLINE_CHARACTERS = 50_000
BY_STAFF = Count("pk", filter=Q(by_staff=True))


class Edit(NamedTuple):
    """One edit of a message: the ``revision`` that it made, when, by whom, and what it changed.

    ``edited_by`` is a user, or None if unknown or deleted; ``by_staff`` is set if it was not the sender. ``reason`` is
    filled in by staff pages; participants never read it. ``coarse``: the texts are too long, or differ too much, to be
    compared word by word throughout. ``withheld``: moderators removed part of the message, so the text before the edit
    is withheld; ``differences`` is then empty unless originals were requested.
    """

    revision: int
    edited_at: datetime
    edited_by: Any
    by_staff: bool
    differences: list[Difference]
    coarse: bool
    withheld: bool = False
    reason: str = ""


class Edits(NamedTuple):
    """The edits of a message: how many there are, the time of the last one, how many were not by the sender, and those
    shown beside the message, oldest first (none if they are too many or too long)."""

    total: int
    last_at: datetime
    by_staff: int
    shown: list[Edit]


def edits_by_message(messages: Iterable[Message]) -> dict[int, Edits]:
    """Return the edits of several messages by message id, in two queries, leaving out messages without a history."""
    edited = {message.pk: message for message in messages if message.edited}
    if not edited:
        return {}
    histories = MessageHistory.objects.filter(message__in=edited).readable()
    sizes = (
        histories.order_by()
        .values_list("message")
        .annotate(number=Count("pk"), last_at=Max("edited_at"), by_staff=BY_STAFF, size=Sum(Length("text")))
    )
    totals, shown, characters_left = {}, [], INLINE_CHARACTERS
    for message_id, total, last_at, by_staff, size in sizes:
        totals[message_id] = total, last_at, by_staff
        size += total * len(edited[message_id].content)
        if total <= EDITS_PER_PAGE and size <= characters_left:
            shown.append(edited[message_id])
            characters_left -= size
    texts = MessageHistory.objects.readable().select_related("edited_by").order_by("edited_at", "id")
    prefetch_related_objects(shown, Prefetch("histories", queryset=texts))
    effort, compared = Effort(), {}
    for place, message in enumerate(shown):
        share = effort.share(len(shown) - place)
        compared[message.pk] = _compare(list(message.histories.all()), message.content, share)
    return {message_id: Edits(*facts, compared.get(message_id, [])) for message_id, facts in totals.items()}


def edits_page(message: Message, number: Any, *, originals: bool = False) -> Page:
    """Return a page of the edits of ``message``, oldest first; with ``originals``, compare withheld texts too.

    A ``number`` that is not a page number selects the first page, one beyond the end the last.
    """
    stored: Any = message.histories.all()
    histories = stored.readable(originals=originals).order_by("edited_at", "id").select_related("edited_by")
    page = Paginator(histories, EDITS_PER_PAGE).get_page(number)
    # The text after the last edit of a page is the first text of the next page.
    last = histories[page.end_index()].text if page.has_next() else message.content
    edits = _compare(list(page.object_list), last, Effort(), originals=originals)
    return Page(edits, page.number, page.paginator)


def _compare(histories: Sequence[Any], last_text: str, effort: Effort, *, originals: bool = False) -> list[Edit]:
    """Return the edits between consecutive texts: those of the readable ``histories``, followed by ``last_text``.

    All comparisons share ``effort``. Withheld texts are compared only with ``originals``.
    """
    texts = [*(history.text for history in histories), last_text]
    edits = []
    for place, (history, (before, after)) in enumerate(zip(histories, pairwise(texts), strict=True)):
        facts = history.revision + 1, history.edited_at, history.edited_by, history.by_staff
        if history.withheld and not originals:
            edits.append(Edit(*facts, [], coarse=False, withheld=True))
            continue
        found = compare(before, after, effort.share(len(histories) - place))
        differences = shortened(found.differences)
        edits.append(Edit(*facts, differences, found.coarse, history.withheld))
    return edits
