"""Differences between two texts, word by word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging import edits
from messaging.edits import Difference, word_differences
from messaging.tests.random_threads import property_test


def test_changed_words_are_marked_and_the_rest_is_the_same() -> None:
    assert word_differences("see you at noon", "see you at midnight") == [
        Difference("same", "see you at "),
        Difference("removed", "noon"),
        Difference("added", "midnight"),
    ]


def test_a_changed_word_is_replaced_as_a_whole() -> None:
    assert word_differences("cat", "cart") == [Difference("removed", "cat"), Difference("added", "cart")]


def test_changed_punctuation_and_white_space_are_marked() -> None:
    assert word_differences("yes", "yes!") == [Difference("same", "yes"), Difference("added", "!")]
    assert Difference("removed", "  ") in word_differences("a  b", "a b")


def test_equal_texts_have_no_difference() -> None:
    assert word_differences("same", "same") == [Difference("same", "same")]
    assert word_differences("", "") == []


def test_everything_is_added_to_nothing_and_removed_from_everything() -> None:
    assert word_differences("", "new text") == [Difference("added", "new text")]
    assert word_differences("old text", "") == [Difference("removed", "old text")]


def test_a_text_with_too_many_different_words_counts_as_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edits, "MAX_TOKENS", 3)
    assert word_differences("a b", "a c") == [Difference("removed", "a b"), Difference("added", "a c")]


def test_a_comparison_without_time_is_coarse_but_complete() -> None:
    before, after = (" ".join(str(number % step) for number in range(5_000)) for step in (97, 89))
    found = word_differences(before, after, seconds=0.001)
    assert "".join(text for kind, text in found if kind != "added") == before
    assert "".join(text for kind, text in found if kind != "removed") == after


def test_tens_of_thousands_of_different_words_are_compared() -> None:
    """More than there are characters below the surrogates, which are left out."""
    before = " ".join(map(str, range(60_000)))
    assert word_differences(before, f"{before} end") == [Difference("same", before), Difference("added", " end")]


texts = st.text(st.sampled_from("ab \n.,é\u0301👩\u200d<&\u00a0\U0001f600"), max_size=40) | st.text(max_size=30)


@property_test
@given(before=texts, after=texts)
def test_both_texts_can_be_put_together_again(before: str, after: str) -> None:
    found = word_differences(before, after)
    assert "".join(text for kind, text in found if kind != "added") == before
    assert "".join(text for kind, text in found if kind != "removed") == after
    assert all(text for _, text in found)
