"""Differences between two texts, word by word, and the work that comparing them takes."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.differences import (
    LONGEST_CHANGED,
    LONGEST_SAME,
    MOST_EFFORT,
    OF_WORDS,
    Compared,
    Difference,
    Effort,
    compare,
    shortened,
)
from messaging.tests.random_threads import property_test

# How far a comparison may exceed its effort before it notices: the longest possible frontier.
OVERDRAWN = 2_000


def word_differences(before: str, after: str) -> list[Difference]:
    return compare(before, after).differences


def assert_exact(before: str, after: str, found: Compared) -> None:
    differences = found.differences
    assert "".join(text for kind, text in differences if kind != "added") == before
    assert "".join(text for kind, text in differences if kind != "removed") == after
    assert all(text for _, text in differences)
    assert {kind for kind, _ in differences} <= {"same", "added", "removed"}


def test_changed_words_are_marked_and_the_rest_is_the_same() -> None:
    assert word_differences("see you at noon", "see you at midnight") == [
        Difference("same", "see you at "),
        Difference("removed", "noon"),
        Difference("added", "midnight"),
    ]


def test_changes_far_from_each_other_are_marked_apart() -> None:
    found = word_differences(
        "One of us comes at noon, if the train is late.", "Two of us come at noon, if a train is late."
    )
    assert found == [
        Difference("removed", "One"),
        Difference("added", "Two"),
        Difference("same", " of us "),
        Difference("removed", "comes"),
        Difference("added", "come"),
        Difference("same", " at noon, if "),
        Difference("removed", "the"),
        Difference("added", "a"),
        Difference("same", " train is late."),
    ]


def test_a_changed_word_is_replaced_as_a_whole() -> None:
    assert word_differences("cat", "cart") == [Difference("removed", "cat"), Difference("added", "cart")]


def test_a_space_between_two_changed_words_changes_with_them() -> None:
    assert word_differences("we are here", "they were here") == [
        Difference("removed", "we are"),
        Difference("added", "they were"),
        Difference("same", " here"),
    ]


def test_changed_punctuation_and_white_space_are_marked() -> None:
    assert word_differences("yes", "yes!") == [Difference("same", "yes"), Difference("added", "!")]
    assert Difference("removed", "  ") in word_differences("a  b", "a b")


def test_equal_texts_have_no_difference() -> None:
    assert word_differences("same", "same") == [Difference("same", "same")]
    assert word_differences("", "") == []


def test_everything_is_added_to_nothing_and_removed_from_everything() -> None:
    assert word_differences("", "new text") == [Difference("added", "new text")]
    assert word_differences("old text", "") == [Difference("removed", "old text")]


def test_a_comparison_without_effort_left_is_coarse_but_complete() -> None:
    before, after = (" ".join(str(number % step) for number in range(5_000)) for step in (97, 89))
    found = compare(before, after, Effort(1_000))
    assert_exact(before, after, found)
    assert found.coarse


def test_tens_of_thousands_of_different_words_are_compared() -> None:
    """They outnumber the characters below the surrogates, which are left out."""
    words = list(map(str, range(70_000)))
    before, after = " ".join(["a", *words, "b"]), " ".join(["c", *words, "d"])
    found = compare(before, after, Effort(10**7))
    assert [kind for kind, _ in found.differences] == ["removed", "added", "same", "removed", "added"]
    assert_exact(before, after, found)


def test_only_changed_passages_of_a_long_text_are_compared_by_words() -> None:
    lines = [f"Line {number} of a text that goes on for long." for number in range(25_000)]
    before = "\n".join(lines)
    lines[5] = "Line 5 of a message that goes on for long."
    lines[-5] = "Line 24995 of a text that went on for long."
    after = "\n".join(lines)
    assert len(before) * 2 // OF_WORDS > MOST_EFFORT * 2 // 3  # the effort of cutting into words, and its bound
    found = compare(before, after)
    changed = [one for one in found.differences if one.kind != "same"]
    assert changed == [
        Difference("removed", "text"),
        Difference("added", "message"),
        Difference("removed", "goes"),
        Difference("added", "went"),
    ]
    assert not found.coarse
    assert_exact(before, after, found)


WORDS = ["yes", "no", "perhaps", "at", "noon", "we", "meet"]


def random_text(seed: int, size: int, between: str) -> str:
    chosen = random.Random(seed)
    return between.join(chosen.choice(WORDS) for _ in range(size))


def corrected(words: int) -> tuple[str, str]:
    text = random_text(5, words, " ")
    return f"Noon. {text} or", f"One. {text} and"


def at_random(seed: int, words: int, between: str) -> tuple[str, str]:
    return random_text(seed, words, between), random_text(seed + 1, words, between)


# Texts that are hard to compare, by their size: with a million, they take all the effort allowed.
HARD: dict[str, Callable[[int], tuple[str, str]]] = {
    "one sign": lambda size: ("a" * (size // 5), "a" * (size // 10 - 1) + "b" + "a" * (size // 10)),
    "one sign, again and again": lambda size: ("!" * size, "!" * (size // 2) + "?" + "!" * (size // 2 - 1) + "?"),
    "signs by turns": lambda size: ("!?" * (size * 2 // 5), "?!" * (size * 2 // 5)),
    "spaces and signs": lambda size: (" a" * (size * 3 // 10), "a  " * (size * 3 // 10)),
    "a long text, all of it new": lambda size: ("x y " * (size // 4), "z w " * (size // 4)),
    "words at random": lambda size: at_random(1, size * 3 // 20, " "),
    "passages at random": lambda size: at_random(3, size * 3 // 20, ". "),
    "one word corrected at both ends": lambda size: corrected(size * 9 // 50),
    "ten million characters": lambda size: ("b" + "a\n" * (size * 5) + "b", "c" + "a\n" * (size * 5) + "c"),
    "a tail that repeats": lambda size: ("ab" * (size // 2) + "c", "c" + "ab" * (size // 2)),
}
MILLION, TENTH = 1_000_000, 10


@pytest.mark.parametrize("name", HARD)
def test_no_texts_take_more_work_than_the_bound(name: str) -> None:
    texts, effort = HARD[name](MILLION // TENTH), Effort(MOST_EFFORT // TENTH)
    found = compare(*texts, effort)
    assert effort.spent <= MOST_EFFORT // TENTH + OVERDRAWN // 3  # the frontier shrinks by the square root of ten
    assert_exact(*texts, found)


def test_the_bound_is_the_usual_one_where_no_other_is_given() -> None:
    """Compares texts of full size; the test above scales texts and effort down to a tenth."""
    for name in ("words at random", "ten million characters"):
        texts, effort = HARD[name](MILLION), Effort()
        found = compare(*texts, effort)
        assert effort.spent <= MOST_EFFORT + OVERDRAWN
        assert_exact(*texts, found)


def test_comparisons_share_their_work() -> None:
    effort = Effort(10_000)
    before, after = HARD["words at random"](MILLION // TENTH)
    for place in range(10):
        compare(before[:20_000], after[:20_000], effort.share(10 - place))
    assert effort.spent <= 10_000 + 10 * OVERDRAWN


def test_omitted_parts_of_long_runs_are_counted() -> None:
    long, longer = "a" * (LONGEST_SAME + 1), "b" * (LONGEST_CHANGED + 1)
    shown = shortened([Difference("same", long), Difference("added", longer), Difference("removed", "short")])
    assert [kind for kind, _ in shown] == ["same", "omitted", "same", "added", "omitted", "added", "removed"]
    assert shown[1].text == " [… 1,401 characters unchanged …] "
    assert shown[4].text == " [… 19,401 characters added …] "
    assert sum(len(one.text) for one in shown if one.kind == "same") + 1_401 == len(long)
    whole = [Difference("same", long[:-1]), Difference("added", longer[:-1])]
    assert shortened(whole) == whole


texts = st.text(st.sampled_from("ab \n.,é\u0301👩\u200d<&\u00a0\U0001f600"), max_size=40) | st.text(max_size=30)
efforts = st.integers(0, 300) | st.just(MOST_EFFORT)


@property_test
@given(before=texts, after=texts, most=efforts)
def test_both_texts_can_be_put_together_again(before: str, after: str, most: int) -> None:
    assert_exact(before, after, compare(before, after, Effort(most)))


pieces = st.lists(st.sampled_from(["one ", "two ", "three. ", "four\n", "5", "5"]), max_size=60)


@property_test
@given(before=pieces, after=pieces, most=efforts)
def test_longer_texts_can_be_put_together_again(before: list[str], after: list[str], most: int) -> None:
    texts = "".join(before), "".join(after)
    assert_exact(*texts, compare(*texts, Effort(most)))


@property_test
@given(pieces=pieces, at=st.integers(0, 60), word=st.sampled_from(["new ", "other. "]))
def test_a_word_put_in_is_all_that_is_marked(pieces: list[str], at: int, word: str) -> None:
    at = min(at, len(pieces))
    before, after = "".join(pieces), "".join([*pieces[:at], word, *pieces[at:]])
    found = compare(before, after)
    assert not found.coarse
    assert sum(len(one.text) for one in found.differences if one.kind == "added") <= len(word) + 10
