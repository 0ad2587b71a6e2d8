"""Searches in the list of messages: our page beside that of plain Django's search (vanilla: ``search_fields``, which
reads texts by ``icontains``), and beside the rows alone: by the index of words (raw), by reading texts (containment).

What must hold is that a page of a rare word costs little more than an empty list, and a small part of the page that
reads every text; and that one of a common word costs little more than the page without a search.
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

RARE, SOME = "marzipan", "東京都"  # generate.RARE holds them
SENDER = generate.username(1)
MOST_TIMES_RARE, MOST_TIMES_COMMON, TIMES_FASTER = 1.5, 3.0, 20


class Search(NamedTuple):
    """What is typed, what texts that it finds contain, and the words for the index; the ``sender`` if it names one."""

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
    """What must hold of the figures of a search, by way; of a rare word, a page that is not full."""
    ours, vanilla, floor = figures["ours"], figures["vanilla"], figures["floor"]
    if ours.result == lists.ROWS:
        return [Goal(f"≤ {MOST_TIMES_COMMON:.0f}× without", 0 < ours.best <= MOST_TIMES_COMMON * floor.best)]
    rows_alone = f"its rows alone {figures['containment'].best * 1000:,.1f} ms"
    return [
        Goal(f"≤ {MOST_TIMES_RARE}× empty", 0 < ours.best <= MOST_TIMES_RARE * floor.best),
        Goal(f"≥ {TIMES_FASTER}× vanilla ({rows_alone})", 0 < ours.best * TIMES_FASTER <= vanilla.best),
    ]


def run(case: Case, way: str, messages: int) -> Timing:
    """Ask for the first page of ``case``; the result is how many rows it holds.

    The floor of a search that fills a page is the page without a search; of another, the same list without a row.
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
    """The page of plain Django's search box. It has no ``from:``: a reader takes the filter by sender."""
    asked: dict[str, Any] = {"q": f'"{search.contained}"'}
    if search.sender:
        asked["sender__id__exact"] = get_user_model().objects.get(username=search.sender).pk
    return lists.request(lists.MESSAGES, urlencode(asked))


def floor(search: Search) -> Callable[[], int]:
    return lists.our_page(lists.Page(lists.MESSAGES)) if index_alone(search)() == lists.ROWS else without_rows()


def without_rows() -> Callable[[], int]:
    """The list of messages between the reviewer and others, who wrote none."""
    nobody = get_user_model().objects.get(username=REVIEWER).pk
    return lists.request(lists.MESSAGES, urlencode({"participant": nobody}))


def containment(search: Search) -> Callable[[], int]:
    """The rows alone, by reading texts."""
    return rows(search, Q(content__icontains=search.contained))


def index_alone(search: Search) -> Callable[[], int]:
    """The rows alone, by the index."""
    return rows(search, engine.matching(Words(search.words, search.prefix), apps.get_model("messaging", "Message")))


def rows(search: Search, condition: Q) -> Callable[[], int]:
    """Asks for the newest rows of one page."""
    found = apps.get_model("messaging", "Message").objects.filter(condition).order_by("-timestamp", "-id")
    if search.sender:
        found = found.filter(sender__username=search.sender)
    return lambda: len(found[: lists.ROWS].values_list("pk", "content"))
