"""What each edit of a message changed, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from diff_match_patch import diff_match_patch
from django.core.paginator import Page, Paginator
from django.db.models import Count, Prefetch, Sum, prefetch_related_objects
from django.db.models.functions import Length

from messaging.models import Message, MessageHistory

EDITS_PER_PAGE = 10  # on the page of a message's edits, and beside a message at most
# Characters of old and new texts that one page compares beside its messages; edits beyond have only their own page.
INLINE_CHARACTERS = 50_000

# A token is what a reader sees as one thing: a word, a run of white space, or a single other character.
TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
# The comparison works on characters, so each different token is replaced by one, counted from FIRST_CODE. Surrogates
# are left out: alone they are not text.
FIRST_CODE, SURROGATES = 0x100, range(0xD800, 0xE000)
MAX_TOKENS = 100_000  # different ones in both texts; with more, the whole text counts as replaced
TIME_LIMIT = 0.5  # seconds for one comparison

Kind = Literal["same", "added", "removed"]
KINDS: dict[int, Kind] = {-1: "removed", 0: "same", 1: "added"}  # by diff_match_patch's operation


class Difference(NamedTuple):
    """A run of text that both versions have, or only the later one (``added``), or only the earlier (``removed``)."""

    kind: Kind
    text: str


class Edit(NamedTuple):
    """One edit of a message: when, by whom (a user, or None if unknown), and what it changed."""

    edited_at: datetime
    edited_by: Any
    differences: list[Difference]


class Edits(NamedTuple):
    """The edits of a message: how many in all, and those shown beside it, oldest first (none if they are too many)."""

    total: int
    shown: list[Edit]


def word_differences(before: str, after: str, *, seconds: float = TIME_LIMIT) -> list[Difference]:
    """Return the changes from ``before`` to ``after``, in reading order.

    The ``same`` and ``removed`` texts joined are exactly ``before``, the ``same`` and ``added`` ones exactly ``after``.
    A comparison that takes longer than ``seconds`` gets coarser instead.
    """
    codes: dict[str, str] = {}
    encoded = [_encode(text, codes) for text in (before, after)]
    if len(codes) > MAX_TOKENS:
        replaced = Difference("removed", before), Difference("added", after)
        return [difference for difference in replaced if difference.text]
    comparison = diff_match_patch()
    comparison.Diff_Timeout = seconds
    found = comparison.diff_main(*encoded, False)
    comparison.diff_cleanupSemantic(found)
    tokens = {code: token for token, code in codes.items()}
    return [Difference(KINDS[kind], "".join(tokens[code] for code in run)) for kind, run in found]


def _encode(text: str, codes: dict[str, str]) -> str:
    """Return ``text`` with one character for each token; adds the characters of new tokens to ``codes``."""
    characters = []
    for token in TOKEN.findall(text):
        if token not in codes:
            code = FIRST_CODE + len(codes)
            codes[token] = chr(code if code < SURROGATES.start else code + len(SURROGATES))
        characters.append(codes[token])
    return "".join(characters)


def edits_by_message(messages: Iterable[Message]) -> dict[int, Edits]:
    """Return the edits of several messages by message id, in two queries; without those that have no history."""
    edited = {message.pk: message for message in messages if message.edited}
    if not edited:
        return {}
    histories = MessageHistory.objects.filter(message__in=edited)
    sizes = histories.order_by().values_list("message").annotate(number=Count("pk"), size=Sum(Length("old_content")))
    totals, shown, characters_left = {}, [], INLINE_CHARACTERS
    for message_id, total, size in sizes:
        totals[message_id] = total
        size += total * len(edited[message_id].content)
        if total <= EDITS_PER_PAGE and size <= characters_left:
            shown.append(edited[message_id])
            characters_left -= size
    texts = MessageHistory.objects.select_related("edited_by").order_by("edited_at", "id")
    prefetch_related_objects(shown, Prefetch("histories", queryset=texts))
    compared = {message.pk: _compare(list(message.histories.all()), message.content) for message in shown}
    return {message_id: Edits(total, compared.get(message_id, [])) for message_id, total in totals.items()}


def edits_page(message: Message, number: Any) -> Page:
    """Return a page of the edits of ``message``, oldest first.

    A ``number`` that is not a page number gives the first page, one beyond the end the last.
    """
    histories = message.histories.order_by("edited_at", "id").select_related("edited_by")
    page = Paginator(histories, EDITS_PER_PAGE).get_page(number)
    # The last edit of a page led to the first text of the next one.
    last = histories[page.end_index()].old_content if page.has_next() else message.content
    return Page(_compare(list(page.object_list), last), page.number, page.paginator)


def _compare(histories: Sequence[MessageHistory], last_text: str) -> list[Edit]:
    """Return the edits between consecutive texts: those of ``histories`` and then ``last_text``."""
    texts = [*(history.old_content for history in histories), last_text]
    return [
        Edit(history.edited_at, history.edited_by, word_differences(before, after))
        for history, (before, after) in zip(histories, pairwise(texts), strict=True)
    ]
