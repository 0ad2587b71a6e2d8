"""One walk through the console for each person, and its results, for tests of different properties.

Requesting a page takes as long as all the checks of it, so each page is requested once. A test that uses ``walk`` has a
``who``, one of PEOPLE. The walk is made for the first such test of a process. All rows that it stores are rolled back
when it ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.db import transaction
from django.test import Client

from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from messaging.texts.redacting import MARK, find, redact
from ops.audit.models import Entry
from ops.audit.readings import ids_of
from ops.tests.asking import EXPECTED, address, body, links, of_each_kind, outcome, signed_in, status
from ops.tests.roles import keys_of_rows

REMOVED = "zq-canary-zq"
CANARY = re.compile(r"canary(text|older)(\d+)x")

Seen = set[tuple[str, int]]


@dataclass
class Walk:
    """The results of one person's requests for every address of the table, and for those that these pages offer."""

    got: dict[str, str] = field(default_factory=dict)  # the outcomes of GET and POST, by the row of the table
    offered: dict[str, str] = field(default_factory=dict)  # the links of pages, each with one of these pages
    refused: dict[str, str] = field(default_factory=dict)  # the links to a refusal or to nothing, each with such a page
    removed: list[str] = field(default_factory=list)  # the responses with words that were removed
    marked: bool = False  # whether the mark in their place was shown
    shown: dict[str, Seen] = field(default_factory=dict)  # the texts that pages showed, by their addresses
    unrecorded: dict[str, Seen] = field(default_factory=dict)  # the shown texts that no entry had named by then
    removed_in_entries: bool = False


def stored_birds(removed: str = "") -> dict[str, Any]:
    """Store messages whose texts and older texts name their message; return the key of a row of each model.

    The first message has been reported and decided. If ``removed`` is given, these words were removed from it.
    """
    alice, bob = make_user("alice"), make_user("bob")
    first = write(alice, bob)
    messages = [first, answer(first, minute=1), answer(first, minute=2), write(bob, alice, minute=3)]
    messages += [answer(messages[1], minute=number) for number in range(4, 8)]
    for message in messages:
        with_words = f" {removed}" if message is first and removed else ""
        message.content = f"canaryolder{message.pk}x{with_words}"
        message.save()
        message.content = f"canarytext{message.pk}x of the aviary{with_words}"
        message.save()
    first.histories.exclude(old_content__contains="canary").delete()
    keys = keys_of_rows(alice, bob, first)
    if removed:
        redact(first.pk, find(first.content, removed), revision=first.revision, by=make_user("moderator"))
    return keys


def seen(content: bytes) -> Seen:
    """Return the canaries in a response: ("text" or "older", the id of the message)."""
    return {(kind, int(number)) for kind, number in CANARY.findall(content.decode(errors="replace"))}


def recorded(user: str, since: int = 0) -> Seen:
    """Return the texts that a person was shown according to their entries after ``since``."""
    details = list(Entry.objects.filter(actor_name=user, pk__gt=since).values_list("details", flat=True))
    names = (("text", "messages"), ("older", "histories"))
    return {
        (kind, number)
        for kind, name in names
        for number in chain.from_iterable(ids_of(one.get(name, ())) for one in details if isinstance(one, dict))
    }


class Walker:
    """Requests pages as one person, and collects the results."""

    def __init__(self, who: str, keys: dict[str, Any]) -> None:
        self.who, self.keys, self.client = who, keys, signed_in(who)
        self.root = make_user("root", is_staff=True, is_superuser=True)  # other people may do less to a superuser
        self.met = Walk()
        self.pages: dict[str, int] = {}
        self.known: Seen = set()
        self.entry = 0

    def go(self) -> Walk:
        """Request all rows of the table by GET, then one of each kind of their links, then all rows by POST."""
        got = {name: self.got(name, "get") for name in EXPECTED}
        self.ask(self.client, "get", address("accounts_user_change", {"accounts/user/": self.root.pk}))
        self.follow()
        posted = {name: self.got(name, "post") for name in EXPECTED}
        self.met.got = {name: "/".join(dict.fromkeys((got[name], posted[name]))) for name in EXPECTED}
        self.met.removed_in_entries = Entry.objects.filter(details__icontains=REMOVED).exists()
        return self.met

    def got(self, name: str, method: str) -> str:
        """Return the outcome of requesting a row of the table. Signing out uses a client of its own."""
        browser = signed_in(self.who) if name == "logout" else self.client
        return outcome(self.ask(browser, method, address(name, self.keys)))

    def ask(self, browser: Client, method: str, at: str) -> Any:
        response = getattr(browser, method)(at)
        self.read(at, response)
        if method == "get":
            self.pages[at] = response.status_code
            if response.status_code == 200:
                self.met.offered |= dict.fromkeys(links(response, at), at)
        return response

    def follow(self) -> None:
        """Request the links of pages, except those that opened already."""
        new = {link for link in self.met.offered if self.pages.get(link) != 200}
        led: dict[str, int] = {}
        for link in sorted(of_each_kind(new)):
            if status(self.client, link, led, self.read) >= 400:
                self.met.refused[link] = self.met.offered[link]

    def read(self, at: str, response: Any) -> None:
        content, method = body(response), response.request["REQUEST_METHOD"]
        # People who may read originals get them on request: test_removed_parts_are_withheld tests that.
        if REMOVED.encode() in content and not at.endswith("?originals=1"):
            self.met.removed.append(f"{method} {at}")
        self.met.marked |= MARK.encode() in content
        if texts := seen(content):
            if method == "GET":
                self.met.shown.setdefault(at, texts)
            self.known |= recorded(self.who, self.entry)
            self.entry = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
            if texts - self.known:
                self.met.unrecorded[at] = texts - self.known


_walks: dict[str, Walk] = {}


@pytest.fixture
def walk(who: str, db: Any, folder: Path, plain_refusals: None) -> Walk:
    """Return the results of a walk as ``who``."""
    if who not in _walks:
        _walks[who] = _walked(who)
    return _walks[who]


def _walked(who: str) -> Walk:
    before = transaction.savepoint()  # no atomic block: some acts refuse to run within one
    met = Walker(who, stored_birds(REMOVED)).go()
    transaction.savepoint_rollback(before)
    # Rows stored later have the ids of the rows rolled back, so nothing about these may stay cached.
    for cache in caches.all(initialized_only=True):
        cache.clear()
    return met
