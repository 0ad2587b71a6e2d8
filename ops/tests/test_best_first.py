"""Messages ordered by how well they answer a search."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.search.engine import score
from messaging.search.terms import Disguised, OneOf, Words
from messaging.tests.conversations import write
from ops.console.keyset import UNKNOWN_CURSOR

MESSAGES = reverse("admin:messaging_message_changelist")


def test_a_text_answers_better_with_more_of_the_words_more_often_and_in_fewer_words() -> None:
    both = OneOf((Words("harbour"), Words("old boat")))
    texts = [
        "harbour, old boat",
        "The harbour of the town, harbour without any other boat but an old boat",
        "harbour harbour harbour",
        "harbour",
        "a harbour somewhere far away from here, of which nobody knows anything at all",
        "old and boat",
    ]
    scores = [score(both, text) for text in texts]
    assert scores == sorted(scores, reverse=True) and scores[-1] == 0
    assert score(Words("har", prefix=True), "Harbour") > 0 < score(Disguised("idiot"), "i d i o t")


def test_the_best_come_first_page_by_page_whatever_is_stored_meanwhile(
    reviewing: Client, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["a harbour in the rain", "harbour", "nothing", "harbour harbour", "harbour", "harbour and a boat"]
    keys = [write(alice, bob, text, minute=minute).pk for minute, text in enumerate(texts)]
    best = [keys[place] for place in (3, 4, 1, 5, 0)]
    monkeypatch.setattr("ops.admin.messages.MessageAdmin.list_per_page", 2)
    page = reviewing.get(MESSAGES, {"q": "harbour"})
    assert '<a href="?o=best&amp;q=harbour">Best first</a>' in page.content.decode()
    assert "Best first" not in reviewing.get(MESSAGES, {"q": "from:alice"}).content.decode()
    assert "Best first" not in reviewing.get(MESSAGES).content.decode()
    found, query = [], "?q=harbour&o=best"
    while query:
        changes = reviewing.get(f"{MESSAGES}{query}").context["cl"]
        found += [row.pk for row in changes.result_list]
        query = changes.pages["next"]
        write(alice, bob, "harbour harbour harbour", minute=100)
    assert found == best
    back = reviewing.get(f"{MESSAGES}{changes.pages['previous']}").context["cl"]
    assert [row.pk for row in back.result_list] == best[2:4]
    last = reviewing.get(MESSAGES, {"q": "harbour", "o": "best", "page": "last"}).context["cl"]
    assert [row.pk for row in last.result_list] == best[3:]
    assert (
        str(UNKNOWN_CURSOR)
        in reviewing.get(MESSAGES, {"q": "harbour", "o": "best", "after": "best~x~1"}).content.decode()
    )
    # Only the newest RANKED messages are listed, even if this order is requested without words.
    monkeypatch.setattr("ops.searching.best.RANKED", 1)
    assert len(reviewing.get(MESSAGES, {"o": "best"}).context["cl"].result_list) == 1


def test_hits_are_walked_best_first(reviewing: Client, alice: Any, bob: Any) -> None:
    texts = ["harbour harbour", "a harbour in the rain", "harbour"]
    first, third, second = (write(alice, bob, text, minute=minute) for minute, text in enumerate(texts))
    at = reverse("admin:messaging_conversation_change", args=[first.conversation_id])
    asked: dict[str, Any] = {"hit": "next", "message": first.pk, "hits": "q=harbour&o=best"}
    assert f"message={second.pk}&" in reviewing.get(at, asked)["Location"]
    at = reverse("admin:messaging_conversation_change", args=[second.conversation_id])
    assert f"message={third.pk}&" in reviewing.get(at, {**asked, "message": second.pk})["Location"]
    assert f"message={first.pk}&" in reviewing.get(at, {**asked, "hit": "previous", "message": second.pk})["Location"]
