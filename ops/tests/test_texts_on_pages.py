"""Texts of messages on pages are complete, their hidden characters are named, and long ones are folded."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.search.engine import spans
from messaging.search.terms import Words
from ops.console.thread import texts
from ops.console.thread.texts import LONG, LONG_LINES, MOST_NAMED, START, Text, shown_text
from ops.files.invisible import INVISIBLE

TEXTS = st.text(alphabet=st.sampled_from("ab \n\u202e\u200b\u0301é👩\u200d🚀"), max_size=60)


def words(text: Text) -> str:
    """Return what a text shows, without the names of hidden characters."""
    if text.plain is not None:
        return text.plain
    return "".join(piece.text for piece in (*text.start, *text.rest) if piece.kind != "hidden")


@given(TEXTS, st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=3))
def test_a_text_loses_only_hidden_characters_which_are_named(content: str, places: list[tuple[int, int]]) -> None:
    found = [place for first, last in places for place in range(first, last)]
    content = "".join("x" if place in found else sign for place, sign in enumerate(content))
    text = shown_text(content, find=lambda text: sorted(places))
    assert words(text) == INVISIBLE.sub("", content)
    named = sum(piece.kind == "hidden" for piece in text.start)
    assert bool(named) == bool(INVISIBLE.search(content))


def test_marks_of_direction_and_rows_of_hidden_characters_have_names() -> None:
    text = shown_text("pay \u202etxt.exe" + "\u200b" * 3)
    names = [piece.text for piece in text.start if piece.kind == "hidden"]
    assert names == ["right-to-left override (U+202E)", "zero width space (U+200B) × 3"]


def test_a_text_of_hidden_characters_alone_stays_small() -> None:
    text = shown_text("\u200b\u200c" * 100_000)
    assert len(text.start) + len(text.rest) <= 2 * MOST_NAMED + 4
    assert words(text).endswith("\u200c")


def test_a_single_note_replaces_marks_beyond_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "MOST_NAMED", 3)
    content = "a\u200b" * 4 + " bike \u200b bike \u200b"
    text = shown_text(content, find=partial(spans, Words("bike")))
    hidden = [piece.text for piece in text.start if piece.kind == "hidden"]
    assert hidden == ["zero width space (U+200B)"] * 3 + ["further hidden characters are not marked"]
    assert [piece.text for piece in text.start if piece.kind == "found"] == ["bike", "bike"]


def test_words_that_are_looked_for_are_marked_whatever_their_case() -> None:
    text = shown_text("Bicycle, bicycle", find=partial(spans, Words("BICYCLE")))
    assert [piece.text for piece in text.start if piece.kind == "found"] == ["Bicycle", "bicycle"]


@pytest.mark.parametrize(
    "content",
    [
        "word " * 10_000,
        "x" * 50_000,
        "line\n" * 300,
        "\n" * 300,
        "e" + "\u0301" * 3_000,
        "\n" + "y" * 5_000,
    ],
)
def test_a_long_text_is_folded_and_nothing_of_it_is_lost(content: str) -> None:
    text = shown_text(content)
    start = "".join(piece.text for piece in text.start)
    assert 0 < len(start) <= START
    assert words(text) == content
    assert text.rest
    assert text.size_in_words == f"{len(content):,}"


def test_a_text_is_folded_after_a_word_and_never_before_an_accent() -> None:
    start = shown_text("word " * 1_000).start[0].text
    assert start.endswith("word")
    accents = "e\u0301" * 1_500
    assert not shown_text(accents).rest[0].text.startswith("\u0301")


@pytest.mark.parametrize("content", ["x" * LONG, "line\n" * LONG_LINES])
def test_a_text_without_hidden_characters_stays_as_it_is(content: str) -> None:
    assert shown_text(content).plain == content


def test_the_rest_of_a_text_can_be_left_out_for_a_page_that_would_be_too_large() -> None:
    text = shown_text("word " * 10_000, with_rest=False)
    assert (text.rest, text.is_cut, text.size_in_words) == ([], True, "50,000")
