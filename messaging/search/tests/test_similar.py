"""Near-duplicates of a message are found, most similar first; texts that share only common words are not."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.models import Conversation, Message
from messaging.search import indexing
from messaging.search.similar import likeness, runs, similar_to

SPAM = "Hello dear friend, earn 500 dollars a day from your home: write to me at once on my other account, number 1"


@pytest.fixture
def texts(alice: Any, bob: Any) -> dict[str, Any]:
    conversation = Conversation.objects.create()
    contents = {
        "spam": SPAM,
        "copy": SPAM.upper(),
        "changed": SPAM.replace("500", "7000").replace("number 1", "number 2"),
        "begun alike": "Hello dear friend, earn your living by honest work and let other people do the same",
        "ham": "Shall we meet at the station at once? Your other account says Tuesday.",
        "short": "ok thanks",
        "short too": "OK, thanks!",
        "signs": "...",
    }
    made = Message.objects.bulk_create(
        Message(sender=alice, receiver=bob, conversation=conversation, content=content) for content in contents.values()
    )
    list(indexing.catch_up())
    return dict(zip(contents, made, strict=True))


class TestSimilar:
    def test_copies_come_first_and_other_texts_are_left_out(self, texts: dict[str, Any]) -> None:
        copy, changed = similar_to(texts["spam"])
        assert (copy.message, copy.likeness) == (texts["copy"], 1.0)
        assert changed.message == texts["changed"]
        assert 0.4 <= changed.likeness < 1

    def test_short_texts_are_similar_only_if_equal(self, texts: dict[str, Any]) -> None:
        assert [(one.message, one.likeness) for one in similar_to(texts["short"])] == [(texts["short too"], 1.0)]

    def test_a_text_without_words_has_no_similar_texts(self, texts: dict[str, Any]) -> None:
        assert similar_to(texts["signs"]) == []

    def test_the_number_of_results_is_limited(self, texts: dict[str, Any]) -> None:
        assert [one.message for one in similar_to(texts["spam"], most=1)] == [texts["copy"]]

    def test_the_number_of_queries_is_limited(
        self, texts: dict[str, Any], django_assert_max_num_queries: Any, alice: Any, bob: Any
    ) -> None:
        Message.objects.bulk_create(
            Message(sender=alice, receiver=bob, conversation=texts["spam"].conversation, content=SPAM)
            for _ in range(20)
        )
        with django_assert_max_num_queries(16):
            assert len(similar_to(texts["spam"])) == 22


def test_likeness_is_the_share_of_runs_in_common() -> None:
    assert likeness(runs("a b c d"), runs("a b c d")) == 1
    assert likeness(runs("a b c d"), runs("a b c e")) == pytest.approx(1 / 3)
    assert likeness(runs("a b c"), runs("x y z")) == 0
