"""Searches in the list of messages: our page, beside plain Django's search (vanilla: ``search_fields``, which scans
texts with ``icontains``), and beside only the rows: by the word index (raw), and by scanning texts (containment).

The goals: the page for a rare word costs little more than an empty list, and a small part of the page that scans every
text; the page for a common word costs little more than the page without a search.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Q

from bench import generate
from bench.load import REVIEWER
from bench.measure import Case, Figure, Goal, Timing, repeat
from bench.scenarios import lists
from messaging.search import engine
from messaging.search.terms import Words

RARE, SOME = "marzipan", "東京都"  # from generate.RARE
SENDER = generate.username(1)
MOST_TIMES_RARE, MOST_TIMES_COMMON, TIMES_FASTER = 1.5, 3.0, 20


class Search(NamedTuple):
    """A search as typed, the text that its matches contain, the words for the index, and the sender if it names one."""

    typed: str
    contained: str
    words: str
    prefix: bool = False
    sender: str = ""


SEARCHES = {
    "search, a rare word": Search(RARE, RARE, RARE),
    "search, a common word": Search("because", "because", "because"),
    "search, a phrase": Search('"good morning"', "good morning", "good morning"),
    "search, no hit": Search("zyzzyva", "zyzzyva", "zyzzyva"),
    "search, a word of one sender": Search(f"because from:{SENDER}", "because", "because", sender=SENDER),
    "search, the beginning of a word": Search(f"{RARE[:5]}*", RARE[:5], RARE[:5], prefix=True),
    "search, part of a Japanese word": Search(SOME[1:], SOME[1:], SOME[1:]),
}


def cases(messages: int) -> list[Case]:
    return [Case(label, label) for label in SEARCHES]


def goals(figures: Mapping[str, Figure]) -> list[Goal]:
    """Return the goals of a search: of a common word if the page is full, else of a rare word."""
    ours, vanilla, floor = figures["ours"], figures["vanilla"], figures["floor"]
    if ours.result == lists.ROWS:
        return [Goal(f"≤ {MOST_TIMES_COMMON:.0f}× without", 0 < ours.best <= MOST_TIMES_COMMON * floor.best)]
    rows_alone = f"its rows alone {figures['containment'].best * 1000:,.1f} ms"
    return [
        Goal(f"≤ {MOST_TIMES_RARE}× empty", 0 < ours.best <= MOST_TIMES_RARE * floor.best),
        Goal(f"≥ {TIMES_FASTER}× vanilla ({rows_alone})", 0 < ours.best * TIMES_FASTER <= vanilla.best),
    ]


def run(case: Case, way: str, messages: int) -> Timing:
    """Request the first page of ``case``; the result is its number of rows.

    The floor is the page without a search if the search fills a page, or else the same list without rows.
    """
    search = SEARCHES[case.key]
    ways = {
        "ours": our_page,
        "vanilla": plain_page,
        "raw": index_alone,
        "floor": floor,
        "containment": containment,
    }
    return repeat(ways[way](search))


def our_page(search: Search) -> Callable[[], int]:
    return lists.request(lists.MESSAGES, urlencode({"q": search.typed}))


def plain_page(search: Search) -> Callable[[], int]:
    """Return a function that requests the page of plain Django's search, with a filter instead of ``from:``."""
    asked: dict[str, Any] = {"q": f'"{search.contained}"'}
    if search.sender:
        asked["sender__id__exact"] = get_user_model().objects.get(username=search.sender).pk
    return lists.request(lists.MESSAGES, urlencode(asked))


def floor(search: Search) -> Callable[[], int]:
    return lists.our_page(lists.Page(lists.MESSAGES)) if index_alone(search)() == lists.ROWS else without_rows()


def without_rows() -> Callable[[], int]:
    """Return a function that requests the list of messages of the reviewer, who has none."""
    nobody = get_user_model().objects.get(username=REVIEWER).pk
    return lists.request(lists.MESSAGES, urlencode({"participant": nobody}))


def containment(search: Search) -> Callable[[], int]:
    """Return a function that queries only the rows, by scanning texts."""
    return rows(search, Q(content__icontains=search.contained))


def index_alone(search: Search) -> Callable[[], int]:
    """Return a function that queries only the rows, by the index."""
    return rows(search, engine.matching(Words(search.words, search.prefix), apps.get_model("messaging", "Message")))


def rows(search: Search, condition: Q) -> Callable[[], int]:
    """Return a function that queries the newest matching rows of one page."""
    found = apps.get_model("messaging", "Message").objects.filter(condition).order_by("-timestamp", "-id")
    if search.sender:
        found = found.filter(sender__username=search.sender)
    return lambda: len(found[: lists.ROWS].values_list("pk", "content"))
