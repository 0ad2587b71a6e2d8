"""Searches find the same as a slow and obvious filter in Python, for each operator alone and all of them combined."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Q
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from messaging.models import Message
from messaging.search import indexing, language, postgresql
from messaging.search.filters import FILTERS, HISTORY, Filter, Reader, Refused, Vocabulary, always
from messaging.search.language import Mistake, Part, parse
from messaging.search.query import read
from messaging.search.tests.test_language import NAUGHTY
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from messaging.tests.examples import examples
from messaging.texts.hiding import hide
from messaging.texts.redacting import find as part_of
from messaging.texts.redacting import redact

NOW = datetime(2026, 1, 8, 15, 0, tzinfo=UTC)
VOCABULARY = Vocabulary([*FILTERS, HISTORY])
MOST = 5
TOGETHER = 20  # strings combined into one search


def person(name: str) -> Any:
    return get_user_model()._default_manager.filter(username=name).first()


def found(text: str) -> set[int]:
    query = read(text, VOCABULARY, Reader(person, NOW))
    assert query is not None
    pages = query.newest_messages(Message.objects.all())
    keys = set(pages.values_list("pk", flat=True))
    assert keys == set(Message.objects.filter(query.condition).values_list("pk", flat=True))
    newest = Message.objects.order_by("-timestamp", "-id")
    first = query.first_page(newest, size=2, most=MOST)
    assert first.keys == [pk for pk in newest.values_list("pk", flat=True) if pk in keys][:2]
    moments = sorted(Message.objects.filter(pk__in=keys).values_list("timestamp", flat=True))
    for dates in (query.moments(newest, most=MOST, first_page=first), query.moments(newest, most=MOST)):
        assert dates is None if len(keys) > MOST else sorted(dates or []) == moments
    return keys


def words_of(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


class Stored(NamedTuple):
    """A message as the slow filter sees it, with its readable older texts."""

    message: Message
    sender: str
    receiver: str
    older: list[str]

    @property
    def texts(self) -> list[str]:
        return [self.message.content, *self.older]


def stored() -> list[Stored]:
    return [
        Stored(
            one,
            one.sender.username,
            one.receiver.username,
            [] if one.redaction else [history.old_content for history in one.histories.all()],
        )
        for one in Message.objects.select_related("sender", "receiver").prefetch_related("histories")
    ]


def has_phrase(text: str, phrase: str) -> bool:
    return f" {phrase} " in f" {' '.join(words_of(text))} "


def day(number: int, month: int = 1) -> datetime:
    return timezone.make_aware(datetime(2026, month, number))


Slow = Callable[[Stored], bool]
# Each operator as it is typed, and its meaning.
TEXTS: dict[str, Callable[[str], bool]] = {
    "harbour": lambda text: has_phrase(text, "harbour"),
    "BOAT": lambda text: has_phrase(text, "boat"),
    '"old harbour"': lambda text: has_phrase(text, "old harbour"),
    "har*": lambda text: any(word.startswith("har") for word in words_of(text)),
    "nowhere": lambda text: False,
    "12:30": lambda text: has_phrase(text, "12 30"),
}
FIELDS: dict[str, Slow] = {
    "from:alice": lambda one: one.sender == "alice",
    "from:alice,bob": lambda one: one.sender in ("alice", "bob"),
    "to:bob": lambda one: one.receiver == "bob",
    'with:"Jo Doe"': lambda one: "Jo Doe" in (one.sender, one.receiver),
    "between:alice,bob": lambda one: {one.sender, one.receiver} == {"alice", "bob"},
    "on:2026-01-05": lambda one: day(5) <= one.message.timestamp < day(6),
    "on:2025": lambda one: one.message.timestamp.astimezone(timezone.get_current_timezone()).year == 2025,
    "on:yesterday": lambda one: day(7) <= one.message.timestamp < day(8),
    "before:2026-01": lambda one: one.message.timestamp < day(1),
    "after:2026-01-05": lambda one: one.message.timestamp >= day(6),
    "after:7d": lambda one: one.message.timestamp >= day(1),
    "is:unread": lambda one: not one.message.read,
    "is:read": lambda one: one.message.read,
    "is:edited": lambda one: one.message.edited,
    "is:reply": lambda one: one.message.parent_message_id is not None,
    "is:hidden": lambda one: one.message.hidden,
    "is:redacted": lambda one: one.message.redaction is not None,
    "has:link": lambda one: bool({"http", "https", "www"} & set(words_of(one.message.content))),
    "has:number": lambda one: any(sign in "0123456789" for sign in one.message.content),
    "id:old-7": lambda one: one.message.external_id == "old-7",
    "length:>20": lambda one: len(one.message.content) > 20,
    "length:<=5": lambda one: len(one.message.content) <= 5,
    "length:5": lambda one: len(one.message.content) == 5,
}


@st.composite
def searches(draw: Any, depth: int = 3) -> tuple[str, Callable[[Stored, bool], bool]]:
    """Draw a search as it is typed, and its slow filter, whose second argument is whether older texts are searched."""
    kind = draw(st.sampled_from(["text", "field", "field"] + (["not", "and", "or"] if depth else [])))
    if kind == "text":
        word = draw(st.sampled_from(sorted(TEXTS)))
        return word, lambda one, older: any(map(TEXTS[word], one.texts if older else one.texts[:1]))
    if kind == "field":
        name = draw(st.sampled_from(sorted(FIELDS)))
        return name, lambda one, older: FIELDS[name](one)
    first, slow = draw(searches(depth=depth - 1))
    if kind == "not":
        return f"-({first})", lambda one, older: not slow(one, older)
    second, other = draw(searches(depth=depth - 1))
    if kind == "and":
        return f"({first} {second})", lambda one, older: slow(one, older) and other(one, older)
    return f"({first} OR {second})", lambda one, older: slow(one, older) or other(one, older)


class AgainstASlowFilter(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        alice, bob, jo = (make_user(name) for name in ("alice", "bob", "Jo Doe"))
        first = write(alice, bob, "The old harbour, at 12:30", minute=0, external_id="old-7")
        second = answer(first, "A boat? www.boats.example", minute=1, read=True)
        answer(second, "Boat!", minute=60 * 48)
        write(alice, jo, "harbour boat old", minute=-60 * 24 * 30)
        write(jo, bob, "hardly 5 of them: https://example.org", minute=60 * 50, read=True)
        for number, (old, new) in enumerate([("harbour", "boat"), ("the boat is old harbour", "nothing"), ("a", "b")]):
            edited = write(bob, jo, old, minute=60 * 24 * 2 + number)
            edited.content = new
            edited.save()
        hide([write(jo, alice, "HARBOUR boat", minute=5).pk])
        secret = write(jo, alice, "the harbour code 1234", minute=6)
        redact(secret.pk, part_of(secret.content, "harbour"), revision=1, by=alice)

    def test_each_operator_alone_finds_some_and_not_all(self) -> None:
        everything = stored()
        for name, slow in FIELDS.items():
            wanted = {one.message.pk for one in everything if slow(one)}
            assert found(name) == wanted, name
            assert 0 < len(wanted) < len(everything), name
        for word, has in TEXTS.items():
            assert found(word) == {one.message.pk for one in everything if has(one.message.content)}, word

    def test_every_filter_is_compared(self) -> None:
        compared = {name.partition(":")[0] for name in FIELDS} | {"in"}
        assert compared == VOCABULARY.names

    def test_words_that_were_edited_away_are_found_on_request_alone(self) -> None:
        everything = stored()
        for word, has in TEXTS.items():
            wanted = {one.message.pk for one in everything if any(map(has, one.texts))}
            assert found(f"{word} in:history") == wanted
        assert found("harbour in:history") > found("harbour")

    def test_words_may_be_split_between_a_text_and_an_older_one(self) -> None:
        """This holds for alternatives, too."""
        edited = Message.objects.get(content="boat", histories__old_content="harbour").pk
        assert edited in found("harbour boat in:history") and edited not in found("harbour boat")
        assert edited in found("(nowhere OR (harbour boat)) in:history")
        assert found("(harbour OR nowhere) in:history") == found("harbour in:history")

    def test_words_before_a_removed_part_are_not_found(self) -> None:
        assert found("harbour is:redacted in:history") == found("harbour is:redacted") == set()

    def test_a_number_finds_its_conversation(self) -> None:
        message = Message.objects.get(external_id="old-7")
        assert found(f"in:{message.conversation_id}") == {
            one.message.pk for one in stored() if one.message.conversation_id == message.conversation_id
        }

    @pytest.mark.skipif("connection.vendor != 'postgresql'")
    def test_words_beside_filters_are_asked_of_the_index(self) -> None:
        """Indexes are used even for older texts and beside OR; otherwise the words of each text would be computed."""
        messages, older = map(indexing.index_name, indexing.TEXTS)
        for text, wanted in {
            "harbour in:history": {messages, older},
            "(harbour OR is:edited) in:history": {messages, older},
            "harbour OR is:edited": {messages},
            "(harbour -boat) OR is:edited": {messages},
            "-(harbour is:edited)": {messages},
        }.items():
            query: Any = read(text, VOCABULARY, Reader(person, NOW))
            with connection.cursor() as cursor:
                for way in ("seqscan", "indexscan", "indexonlyscan", "nestloop"):  # some suit few rows best
                    cursor.execute(f"SET LOCAL enable_{way} = off")
            plan = Message.objects.filter(query.condition).explain()
            assert {name for name in (messages, older) if f"on {name} " in plan} == wanted, (text, plan)

    @settings(max_examples=examples(200), deadline=None)
    @given(searches(), st.booleans())
    def test_combined_filters_find_the_same_as_a_slow_search(self, search: tuple[str, Any], older: bool) -> None:
        text, slow = search
        typed = f"({text}) in:history" if older else text
        assert found(typed) == {one.message.pk for one in stored() if slow(one, older)}, typed


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        ("a from:nobody", "nobody", "No participant is called “nobody”"),
        ("between:alice", "between:alice", "Name two people"),
        ("between:alice,nobody", "between:alice,nobody", "No participant is called “nobody”"),
        ("is:read,odd", "odd", "There is no “is:odd”. There are is:unread, is:read"),
        ("on:2025-13", "2025-13", "Write a day, month or year"),
        ("on:2025-02-30", "2025-02-30", "Write a day, month or year"),
        ("after:0001-01-01", "0001-01-01", "Write a day, month or year"),
        ("before:9999", "9999", "Write a day, month or year"),
        ("on:٢٠٢٥", "٢٠٢٥", "Write a day, month or year"),
        ("length:>1,000", "000", "without commas"),
        ("length:long", "long", "Write a number of characters"),
        ("in:x", "x", "Write the number of a conversation"),
        ("in:99999999999999999999", "99999999999999999999", "Write the number"),
        ("a OR in:history", "in:history", "beside everything else"),
        ("-in:history", "in:history", "beside everything else"),
        ("in:5,history", "in:5,history", "beside everything else"),
        ("(a in:history) OR b", "in:history", "beside everything else"),
    ],
)
def test_a_value_that_makes_no_sense_is_a_mistake_with_its_place(
    alice: Any, text: str, place: str, sentence: str
) -> None:
    with pytest.raises(Mistake) as caught:
        read(text, VOCABULARY, Reader(person, NOW))
    assert text[caught.value.start : caught.value.end] == place
    assert sentence in str(caught.value)


def test_filters_of_rooms_add_values_to_a_filter_of_the_same_name(alice: Any, bob: Any) -> None:
    blue = Filter("is", "blue", always(Q(content="blue")), value="blue")
    write(alice, bob, "blue"), write(alice, bob, "red")
    query = read("is:blue", Vocabulary([*FILTERS, blue]), Reader(person, NOW))
    assert query is not None
    assert [one.content for one in Message.objects.filter(query.condition)] == ["blue"]
    with pytest.raises(Mistake, match="is:blue"):
        read("is:green", Vocabulary([*FILTERS, blue]), Reader(person, NOW))
    with pytest.raises(Mistake, match="There is no “is:blue”"):
        read("is:blue", VOCABULARY, Reader(person, NOW))


def test_an_invalid_value_is_answered_with_the_values_that_the_filter_takes(alice: Any) -> None:
    def error_of(text: str, *filters: Filter) -> str:
        with pytest.raises(Mistake) as caught:
            read(text, Vocabulary(filters), Reader(person, NOW))
        return str(caught.value)

    def refuse(text: str, by: Reader) -> Q:
        raise Refused("Not yet.")

    assert (
        error_of("in:histroy", *FILTERS, HISTORY)
        == "Write the number of a conversation, such as 123. Or write in:history."
    )
    assert error_of("in:histroy", *FILTERS) == "Write the number of a conversation, such as 123."
    one_value, any_value = (Filter("on", "", refuse, value=value) for value in ("latest", ""))
    assert error_of("on:latest", one_value, any_value) == "Not yet."
    assert error_of("on:other", one_value, any_value) == "Not yet. Or write on:latest."


def test_days_begin_in_the_zone_of_the_reader(alice: Any, bob: Any) -> None:
    late = write(alice, bob, timestamp=datetime(2026, 1, 5, 23, 30, tzinfo=UTC))
    with timezone.override("Asia/Tokyo"):
        assert found("on:2026-01-06") == {late.pk}
    with timezone.override("America/New_York"):
        assert found("on:2026-01-05") == {late.pk}


@pytest.mark.many
@pytest.mark.parametrize("history", ["", " in:history"])
def test_no_naughty_string_reaches_the_syntax_of_an_engine(
    alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch, history: str
) -> None:
    """Each string, plain and as a phrase, a beginning and a disguised word, is searched for or answered by a sentence.

    Combining many in one search takes a fraction of the time.
    """
    if not NAUGHTY.exists():
        pytest.skip(f"The strings are not there ({NAUGHTY}).")
    # More than anybody can type in one search must be searched for like a short one.
    monkeypatch.setattr(language, "LONGEST", 1_000_000)
    monkeypatch.setattr(language, "MOST_PARTS", 1_000_000)
    monkeypatch.setattr(postgresql, "MOST_CONTAINED", 1_000_000)
    write(alice, bob, "hello")
    strings = json.loads(NAUGHTY.read_text(encoding="utf-8"))
    together = 0
    for first in range(0, len(strings), TOGETHER):
        some = strings[first : first + TOGETHER]
        phrases = ['"{}"'.format(text.replace('"', " ")) for text in some]
        # In older texts, each word is looked up separately.
        as_they_are = [word for text in some for word in text.split()] if history else some
        together += searched(as_they_are, history)
        together += searched([*phrases, *(f"{one}*" for one in phrases)], history)
        together += searched([f"~{one}" for one in phrases], history, sign="-")
    assert together > 3 * len(strings)


def searched(pieces: list[str], history: str, sign: str = "") -> int:
    """Search for all pieces that are no mistakes, and return how many of them were combined.

    Pieces that mean the same in parentheses are combined in one search; each other piece is searched for alone.
    """
    together = []
    for piece in pieces:
        tree = understood(piece)
        # A piece that closes more parentheses than it opens means the same within its own pair, but not within another.
        beside = understood(f"(({piece}) OR x )")
        if tree is not None and understood(f"({piece})") == tree and understood(f"({piece}) OR x") == beside:
            together.append(f"({piece})")
        elif tree is not None:
            search(f"{piece}{history}")
    if together:
        search(f"{sign}({' OR '.join(together)}){history}")
    return len(together)


def understood(piece: str) -> Part | None:
    try:
        return parse(piece, VOCABULARY.names)
    except Mistake:
        return None


def search(typed: str) -> None:
    query = read(typed, VOCABULARY, Reader(person, NOW))
    assert query is not None
    list(query.newest_messages(Message.objects.all())[:5])
