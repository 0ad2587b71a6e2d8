"""Python, PostgreSQL and the marking of hits compute the same words, and no text is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from hypothesis import HealthCheck, example, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from messaging.models import Message
from messaging.search import engine, indexing, normalising
from messaging.search.disguises import MOST_FORMS, forms
from messaging.search.normalising import LONGEST_WORD, READ, places, words
from messaging.search.terms import Words

only_postgresql = pytest.mark.skipif(
    "postgresql" not in settings.DATABASES["default"]["ENGINE"], reason="SQLite asks Python for the words"
)
# Databases and Pythons of different years differ in the characters not assigned yet, which are left out.
CHARACTERS = st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cn", "Co"])
TEXTS = st.text(CHARACTERS | st.sampled_from("aA1 .éÉßßΣςİıŁ\u0301\u200d\u3099かガﾞ日한👍🏽\n"), max_size=30)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("  It's 3.14%!\n", "it s 3 14"),
        ("Straße, ΟΔΟΣ, ŁÓDŹ, İstanbul", "strasse οδοσ lodz istanbul"),
        ("ﬁancé ＷＩＤＥ ｶﾞ x²", "fiance wide カ\u3099 x2".replace("カ\u3099", "ガ")),
        ("がんばって", "が ん ば っ て"),
        ("ไทย", "ไ ท ย"),
        ("हिन्दी में", "हिन्दी में"),
        ("한국어", "한국어"),
        ("שָׁלוֹם مُحَمَّد", "שלום محمد"),
        ("👍🏽👨\u200d👩 🇩🇪 ❤️", "👍 👨 👩 🇩 🇪 ❤"),
        ("a\u200bb\u00adc", "abc"),
        ("snake_case@example.org", "snake case example org"),
        ("a" * LONGEST_WORD + "bc", "a" * LONGEST_WORD + " bc"),
    ],
)
def test_a_text_is_normalised_into_words(text: str, expected: str) -> None:
    assert words(text) == expected


@given(TEXTS)
@example("x" * 1_001 + " y")
@example("é" * 1_001)
def test_places_of_words_are_those_of_the_words(text: str) -> None:
    assert " ".join(place.word for place in places(text)) == words(text)


@given(TEXTS)
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert words(words(text)) == words(text)


@only_postgresql
@example_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS)
@example("x" * 1_001 + " y")
@example("é" * 1_001)
def test_postgresql_finds_the_same_words(db: Any, text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT messaging_search_words(%s), tsvector_to_array(messaging_search_index(%s))", [text, text])
        found, indexed = cursor.fetchone()
    assert found == words(text)
    assert set(indexed) == set(words(text).split())


# Characters that are words on their own form no long word. A search for 5,000 of them works, but takes seconds.
@pytest.mark.parametrize(("letter", "asked"), [("a", 5_000), ("é", 5_000), ("日", 100)])
def test_no_text_is_too_long_to_be_stored_or_found(alice: Any, letter: str, asked: int) -> None:
    """PostgreSQL's own limits are 1 MB of distinct words, and 2,046 bytes for one word."""
    # The longest possible words, because each distinct one takes time; the last of so many are not indexed.
    many = [f"z{letter}{number:0498}" for number in range(2_200)]
    huge = " ".join([f"{letter}7 {letter}8", *many, letter * 5_000, "needle"])
    message = Message.objects.create(sender=alice, receiver=alice, content=huge)
    list(indexing.catch_up())
    for term in (Words("needle"), Words(f"{letter}7 {letter}8"), Words(letter * asked)):
        assert engine.matching(term)
        assert list(Message.objects.filter(engine.matching(term))) == [message]


def test_a_huge_text_is_read_as_far_on_either_database(db: Any) -> None:
    """PostgreSQL refused a text of five million characters that become eighteen each: it would need more than 1 GB."""
    text = "a " * (READ // 2) + "beyond"
    assert words(text).count("a") == READ // 2 and "beyond" not in words(text)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT messaging_search_words(%s)", [text])
            assert cursor.fetchone()[0] == words(text)


class TestDisguises:
    @pytest.mark.parametrize(
        "form", ["idiot", "i d i o t", "1d10t", "іdiot", "idioot", "iiddiioott", "idioooooot", "1 d i o t", "ldlot"]
    )
    def test_disguised_spellings_are_among_the_forms(self, form: str) -> None:
        assert form in forms("Idiot")

    @given(TEXTS)
    def test_forms_are_normalised_words_of_a_limited_number(self, text: str) -> None:
        found = forms(text)
        assert len(found) <= 2 * MOST_FORMS
        assert all(words(form) == form for form in found)

    def test_a_text_without_words_has_no_forms(self) -> None:
        assert forms(" !") == []


def test_a_long_text_has_the_words_of_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Two  words, and a_longerone -- still. " * 40
    whole = words(text)
    monkeypatch.setattr(normalising, "PART", 7)
    assert words(text) == whole
    assert words(text) == " ".join(["two words and a longerone still"] * 40)
