"""A search finds the same as reading every text, after any change to the texts and on any code path."""

from __future__ import annotations

import json
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from messaging.models import Conversation, Message, MessageHistory
from messaging.search import engine, indexing
from messaging.search.compiling import compiled, holds, undisguised
from messaging.search.engine import MARKED
from messaging.search.normalising import places, words
from messaging.search.terms import All, Disguised, Not, OneOf, Term, Words
from messaging.tests.random_threads import rolled_back

NAUGHTY = Path(settings.BASE_DIR).parent / "shared/data/naughty-strings/blns.json"
TEXTS = [
    "You are an idiot, Bob!",
    "you are such an i d i o t",
    "I-D-I-O-T",
    "idiooooot",
    "an 1d10t",
    "an іdiot with a Cyrillic letter",
    "ＩＤＩＯＴ in full width",
    "id\u200biot with a space that nobody sees",
    "Ünïcode, naïve café",
    "東京都に行きました。がんばって",
    "ภาษาไทยง่ายมาก",
    "मुझे हिन्दी आती है",
    "Привет, как дела? Всё хорошо",
    "see https://example.com/a/b?c=3.14 now",
    "3.14 is not 314",
    "well done 👍🏽 👨\u200d👩\u200d👧 ❤️",
    "what's up",
    "100% sure_thing; DROP TABLE x -- \\",
    "the quick brown fox",
    "fox brown quick the",
    "",
    " ... ",
]
"""Texts by which searches are tried."""
TOGETHER = 50  # terms, found in no text, that are searched for together


def slow(term: Term) -> set[int]:
    return {pk for pk, text in Message.objects.values_list("pk", "content") if engine.matches(term, text)}


def found(term: Term) -> set[int]:
    return set(Message.objects.filter(engine.matching(term)).values_list("pk", flat=True))


def texts(term: Term) -> list[str]:
    return sorted(Message.objects.filter(engine.matching(term)).values_list("content", flat=True))


@pytest.fixture
def stored(alice: Any, bob: Any) -> None:
    conversation = Conversation.objects.create()
    Message.objects.bulk_create(
        Message(sender=alice, receiver=bob, conversation=conversation, content=text) for text in TEXTS
    )
    for _ in indexing.catch_up():
        pass


@pytest.mark.usefixtures("stored")
class TestWhatIsFound:
    @pytest.mark.parametrize(
        ("term", "number"),
        [
            (Words("IDIOT"), 3),
            (Words("brown fox"), 1),
            (Words("bro", prefix=True), 2),
            (Words("quick bro", prefix=True), 1),
            (Words("京都"), 1),
            (Words("がんば"), 1),
            (Words("かんば"), 0),
            (Words("ไทย"), 1),
            (Words("हिन्दी"), 1),
            (Words("все"), 1),
            (Words("naive CAFE"), 1),
            (Words("https://example.com/a"), 1),
            (Words("3.14"), 2),
            (Words("👍"), 1),
            (Words("👧"), 1),
            (Words("❤"), 1),
            (Words("whats"), 0),
            (Words("what's"), 1),
            (Words("!!!"), 0),
            (Disguised("idiot"), 8),
            (All((Words("fox"), Not(Words("brown fox")))), 1),
            (All((Words("fox"), Words("quick"))), 2),
            (OneOf((Words("fox"), Words("example"))), 3),
            (Not(Words("fox")), len(TEXTS) - 2),
            (OneOf((Words("fox"), Not(Words("you")))), len(TEXTS) - 2),
            (Not(OneOf((Words("brown fox"), Not(Words("fox"))))), 1),
        ],
        ids=str,
    )
    def test_the_index_finds_the_same_as_reading_every_text(self, term: Term, number: int) -> None:
        assert len(texts(term)) == number
        assert found(term) == slow(term)

    @pytest.mark.many
    def test_naughty_strings_are_words_and_no_syntax(self) -> None:
        """Each search finds the same as reading every text. Most find nothing; those are run many at a time."""
        if not NAUGHTY.exists():
            pytest.skip("there is no ../shared/data")
        stored = {pk: f" {words(text)} " for pk, text in Message.objects.values_list("pk", "content")}
        all_of_them = "\n".join(stored.values())
        terms: list[Term] = []
        for text in json.loads(NAUGHTY.read_text()):
            terms += [Words(text), Words(text, prefix=True), Disguised(text), All((Words(text), Words("fox")))]
        in_none = [term for term in terms if not holds(compiled(term), all_of_them)]
        for term in set(terms).difference(in_none):
            expected = {pk for pk, text in stored.items() if holds(compiled(term), text)}
            assert found(term) == expected
            assert found(Not(term)) == stored.keys() - expected
        for first in range(0, len(in_none), TOGETHER):
            some = OneOf(tuple(in_none[first : first + TOGETHER]))
            assert found(some) == set()
            assert found(Not(some)) == stored.keys()
        assert len(in_none) > len(terms) // 2


def test_a_phrase_is_found_in_any_text_in_which_its_words_stand_together(alice: Any) -> None:
    """Covers short texts, texts longer than a word may be, and texts that are not ASCII."""
    texts = ["Brown-FOX", "brown\nfox", f"{'x ' * 300}brown. Fox!", "é brown fox", f"brown fox {'y' * 600}"]
    texts += [
        "brown foxes",
        "own fox",
        "brown, fast fox",
        "fox brown",
        f"{'x ' * 300}brown foxes",
        "brownfox",
        "brown é fox",
    ]
    keys = [Message.objects.create(sender=alice, receiver=alice, content=text).pk for text in texts]
    assert found(Words("brown fox")) == set(keys[:5]) == slow(Words("brown fox"))
    beginning = Words("brown fox", prefix=True)
    assert found(beginning) == {*keys[:6], keys[9]} == slow(beginning)
    assert set(engine.newest_first(Message.objects.all(), beginning).values_list("pk", flat=True)) == slow(beginning)


LETTERS = st.sampled_from("abcAéI1 .'\"*^-()&|!:\\%_\n日本กा👍ıßİſ\u0301\u200d")
WORDS_ASKED = st.text(LETTERS | st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=4)
TERMS = st.recursive(
    st.builds(Words, WORDS_ASKED, st.booleans()) | st.builds(Disguised, st.text("abi1 ", max_size=3)),
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(All, st.lists(inner, max_size=3).map(tuple))
        | st.builds(OneOf, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=5,
)
STORED = st.lists(st.text(LETTERS | st.characters(codec="utf-8", exclude_characters="\0"), max_size=12), max_size=5)


@example_settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=STORED, later=STORED, term=TERMS)
def test_any_term_finds_the_same_as_reading_every_text(
    alice: Any, contents: list[str], later: list[str], term: Term
) -> None:
    """This holds whether the texts are indexed or only noted, and for each way to list the results."""
    with rolled_back():
        conversation = Conversation.objects.create()
        for some in (contents, later):
            Message.objects.bulk_create(
                Message(sender=alice, receiver=alice, conversation=conversation, content=text) for text in some
            )
            if some is contents:
                list(indexing.catch_up())
        expected = slow(term)
        assert found(term) == expected
        walked = Message.objects.filter(engine.Matches(engine.compiled(term), Message, by_index=False))
        assert set(walked.values_list("pk", flat=True)) == expected
        assert set(engine.newest_first(Message.objects.all(), term).values_list("pk", flat=True)) == expected


@given(st.text(LETTERS | st.characters(exclude_characters="\0")))
def test_the_places_of_words_are_those_of_the_words(text: str) -> None:
    assert " ".join(place.word for place in places(text)) == words(text)


@pytest.mark.usefixtures("stored")
class TestPagesOfTheNewest:
    """The newest rows are the same whichever way finds them."""

    @pytest.fixture(params=["rare", "common", "common once"])
    def way(self, request: Any, monkeypatch: pytest.MonkeyPatch) -> str:
        way: str = request.param
        if way != "rare":
            monkeypatch.setattr(engine, "COMMON", 0)
            monkeypatch.setattr(engine, "PAGE", 1)
            monkeypatch.setattr(engine, "LOOKED_THROUGH", 1 if way == "common once" else 1_000)
            monkeypatch.setattr(engine, "estimate", lambda *_, **__: 1)
        return way

    @pytest.mark.parametrize(("order", "looks_through"), [("-timestamp", True), ("timestamp", False)])
    def test_a_common_word_is_looked_for_from_the_newest_only(
        self, alice: Any, monkeypatch: pytest.MonkeyPatch, order: str, looks_through: bool
    ) -> None:
        """Reading from the oldest would go through all texts before the first match."""
        monkeypatch.setattr(engine, "PAGE", 1)
        monkeypatch.setattr(engine, "LOOKED_THROUGH", 4)
        monkeypatch.setattr(engine, "is_common", lambda *_, **__: True)
        last = Message.objects.create(sender=alice, receiver=alice, content="zebra")
        page = engine.newest_first(Message.objects.order_by(order), Words("zebra"))
        assert page.query.where.children[-1].lhs.by_index == (not looks_through)
        ordered = Conversation.objects.order_by(order.replace("timestamp", "last_message_at"))
        found = engine.conversations_matching(ordered, Words("zebra"))
        assert ("EXISTS" in str(found.query)) == looks_through
        assert [one.pk for one in found] == [last.conversation_id]

    @pytest.mark.parametrize("term", [Words("fox"), Words("brown fox"), Not(Words("fox")), Words("!")], ids=str)
    def test_the_newest_messages_are_found(self, way: str, term: Term, django_assert_max_num_queries: Any) -> None:
        newest = Message.objects.order_by("-timestamp", "-id")
        with django_assert_max_num_queries(3):
            page = list(engine.newest_first(newest, term)[:3].values_list("pk", flat=True))
        assert page == [pk for pk in newest.values_list("pk", flat=True) if pk in slow(term)][:3]

    @pytest.mark.parametrize("term", [Words("fox"), Words("brown fox"), Not(Words("fox")), Words("!")], ids=str)
    @pytest.mark.parametrize("order", [("-timestamp", "-id"), ("timestamp", "id")])
    def test_the_first_page_tells_when_all_were_sent_or_how_to_ask(
        self, way: str, term: Term, order: tuple[str, ...], django_assert_max_num_queries: Any
    ) -> None:
        rows = Message.objects.order_by(*order)
        with django_assert_max_num_queries(3):
            page = engine.first_page(rows, term, size=1, most=2)
        expected = [(pk, moment) for pk, moment in rows.values_list("pk", "timestamp") if pk in slow(term)]
        assert page.keys == [pk for pk, _ in expected[:1]]
        assert page.moments in (None, [moment for _, moment in expected[:3]])
        assert set(page.rows.values_list("pk", flat=True)) == {pk for pk, _ in expected}

    def test_earlier_texts_are_found(self, way: str) -> None:
        fox = Message.objects.get(content="the quick brown fox")
        fox.content = "the slow brown bear"
        fox.save()
        histories = MessageHistory.objects.order_by("-edited_at", "-id")
        assert [one.message for one in engine.newest_first(histories, Words("quick brown"))] == [fox]
        assert not engine.newest_first(histories, Words("bear")).exists()

    def test_the_newest_conversations_are_found(self, way: str, alice: Any) -> None:
        other = Message.objects.create(sender=alice, receiver=alice, content="another fox")
        Message.objects.create(sender=alice, receiver=alice, content="no such animal")
        newest = Conversation.objects.order_by("-last_message_at", "-id")
        found = list(engine.conversations_matching(newest, Words("fox")))
        assert found == list(newest.exclude(pk=newest[0].pk))
        assert found[0] == other.conversation

    def test_other_conditions_narrow_the_results(self, way: str, alice: Any) -> None:
        other = Message.objects.create(sender=alice, receiver=alice, content="another fox")
        assert list(engine.newest_first(Message.objects.filter(receiver=alice), Words("fox"))) == [other]


@pytest.mark.usefixtures("stored")
class TestNumbers:
    def test_counts_are_exact_up_to_a_limit(self) -> None:
        found = Message.objects.filter(engine.matching(Words("fox")))
        assert engine.count(found) == 2
        assert engine.count(found, most=1) == 2
        assert engine.count(Message.objects.all(), most=5) == 6

    @pytest.mark.parametrize("most", [0, 1, 5])
    @pytest.mark.parametrize("term", [Words("fox"), Words("brown fox"), Not(Words("fox")), Words("!")], ids=str)
    def test_counts_come_from_the_index(self, alice: Any, term: Term, most: int) -> None:
        """The index holds the texts, or only notes of them; it may not know how many texts lack a word."""
        Message.objects.filter(content__startswith="fox").update(content="a brown fox")
        Message.objects.filter(content="what's up").delete()
        Message.objects.create(sender=alice, receiver=alice, content="another fox")
        number = engine.count_matching(term, most=most)
        assert number == min(len(slow(term)), most + 1) or (number is None and isinstance(term, Not))

    @pytest.mark.skipif("sqlite" not in settings.DATABASES["default"]["ENGINE"], reason="PostgreSQL only guesses")
    def test_estimates_come_from_the_index(self) -> None:
        assert engine.estimate(Words("fox")) == 2
        assert not engine.is_common(Words("fox"))


def test_a_disguised_word_is_estimated_by_the_plain_one() -> None:
    """For each of hundreds of rare spellings, PostgreSQL assumes a few matching texts: in total, all texts."""
    term = OneOf((All((Disguised("I d i o t"), Words("fox"))), Not(Disguised("bear"))))
    assert undisguised(term) == OneOf((All((Words("idiot"), Words("fox"))), Not(Words("bear"))))


class TestSpans:
    @pytest.mark.parametrize(
        ("term", "text", "marked"),
        [
            (Words("fox"), "The FOX, the fox's foxes", ["FOX", "fox"]),
            (Words("fo", prefix=True), "The FOX, the foxes", ["FOX", "foxes"]),
            (Words("cafe creme"), "un Café-crème.", ["Café-crème"]),
            (Words("京都"), "東京都に行きました", ["京都"]),
            (Words("👍"), "well 👍🏽👍", ["👍🏽", "👍"]),
            (
                Disguised("idiot"),
                "i.d.i.o.t, IDIOOOT, id\u200biot and 1d10t",
                ["i.d.i.o.t", "IDIOOOT", "id\u200biot", "1d10t"],
            ),
            (All((Words("a"), Not(Words("b")))), "a b a", ["a", "a"]),
            (OneOf((Words("a b"), Words("b c"))), "a b c d", ["a b c"]),
            (Words("!"), "! a !", []),
        ],
        ids=str,
    )
    def test_spans_mark_the_hits(self, term: Term, text: str, marked: list[str]) -> None:
        assert [text[start:end] for start, end in engine.spans(term, text)] == marked

    @given(term=TERMS, text=st.text(LETTERS, max_size=20))
    def test_only_hits_are_marked(self, term: Term, text: str) -> None:
        for start, end in engine.spans(term, text):
            assert 0 <= start < end <= len(text)
        if isinstance(term, Words):
            assert bool(engine.spans(term, text)) == engine.matches(term, text)

    def test_only_the_beginning_of_a_long_text_is_marked(self) -> None:
        text = f"needle {'hay ' * MARKED} needle"
        assert engine.spans(Words("needle"), text) == [(0, 6)]

    def test_many_disguised_words_take_less_than_a_second(self) -> None:
        """Each has hundreds of spellings; comparing them one by one with each word of a text took too long."""
        term = OneOf(tuple(Disguised(f"disguise{letter}") for letter in "abcdefghijklmnopqrstuvwxyz"))
        compiled(term)
        text = "the quick brown fox jumps over the lazy dog " * (MARKED // 44)
        begun = process_time()
        assert engine.spans(term, text) == []
        assert process_time() - begun < 1
