"""Words that moderators remove from a text are on no participant page, and its older texts are withheld too."""

from __future__ import annotations

from typing import Any

import pytest
import regex
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from messaging.editors import editing_as
from messaging.erasing.anonymising import AnonymisedCounts, anonymise_batch
from messaging.limits import LONGEST_TEXT
from messaging.models import REDACTED_TEXT_STAYS, Message, MessageHistory
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from messaging.texts.changes import texts_changed
from messaging.texts.hiding import hide
from messaging.texts.redacting import (
    CHANGED,
    MARK,
    Edges,
    Redaction,
    RedactionRefused,
    Span,
    find,
    redact,
    redacted,
    restore,
    spans_between,
)

SECRET = "555-1234"
TEXT = f"call me on {SECRET} tonight"
LEFT = f"call me on {MARK} tonight"


@pytest.fixture
def moderator(db: Any) -> Any:
    return make_user("moderator")


@pytest.fixture
def message(alice: Any, bob: Any) -> Message:
    """A message from Alice to Bob that was edited once, with Bob's answer."""
    message = write(alice, bob, f"first draft with {SECRET}")
    message.content = TEXT
    message.save()
    answer(message, "the reply stays")
    return message


def remove(message: Message, words: str, by: Any) -> Redaction:
    """Remove all occurrences of the words from the current text of the message."""
    message.refresh_from_db()
    return redact(message.pk, find(message.content, words), revision=message.revision, by=by)


def pages(user: Any, message: Message) -> dict[str, str]:
    """Return the content of a participant's pages that show this message, some of them from the cache."""
    client = Client()
    client.force_login(user)
    names: dict[str, list[int]] = {"inbox": []}
    names |= {"conversation": [message.conversation_id], "history": [message.pk], "reply": [message.pk]}
    names["edit" if user.pk == message.sender_id else "report"] = [message.pk]
    for name, args in names.items():
        client.get(reverse(f"messaging:{name}", args=args))
    return {name: client.get(reverse(f"messaging:{name}", args=args)).content.decode() for name, args in names.items()}


# --- Removing parts ----------------------------------------------------------------------------------------------


def test_the_text_has_a_mark_and_the_original_is_a_history(message: Message, moderator: Any) -> None:
    assert remove(message, SECRET, moderator) == Redaction(3, None)
    message.refresh_from_db()
    assert (message.content, message.revision, message.redaction, message.edited) == (LEFT, 3, 3, True)
    last = MessageHistory.objects.get(message=message, revision=2)
    assert (last.old_content, last.edited_by) == (TEXT, moderator)


def test_the_mark_is_the_same_for_a_short_and_a_long_passage() -> None:
    assert redacted("a b", [Span(0, 1)]) == f"{MARK} b"
    assert redacted(f"{'a' * 500} b", [Span(0, 500)]) == f"{MARK} b"


def test_several_passages_are_removed_at_once_in_any_order() -> None:
    assert redacted("one two three", [Span(8, 13), Span(0, 3)]) == f"{MARK} two {MARK}"


@pytest.mark.parametrize(
    ("text", "spans", "why"),
    [
        ("abc", [], "Choose the words to remove."),
        ("abc", [Span(1, 1)], "There is nothing to remove in an empty passage."),
        ("abc", [Span(2, 1)], "There is nothing to remove in an empty passage."),
        ("abc", [Span(-1, 2)], "The passage lies outside the text."),
        ("abc", [Span(1, 4)], "The passage lies outside the text."),
        ("abc", [Span(0, 2), Span(1, 3)], "The passages overlap."),
        ("ne\u0301e", [Span(0, 2)], "The passage begins or ends within a character."),
        ("👩‍🚀!", [Span(0, 1)], "The passage begins or ends within a character."),
        ("a\r\nb", [Span(0, 2)], "The passage begins or ends within a character."),
        (f"say {MARK}", [Span(4, 4 + len(MARK))], "These words are removed already."),
        ("a" * LONGEST_TEXT, [Span(0, 1)], f"The text would have more than {LONGEST_TEXT:,} characters"),
    ],
)
def test_invalid_spans_are_refused_with_a_sentence(text: str, spans: list[Span], why: str) -> None:
    with pytest.raises(RedactionRefused) as refused:
        redacted(text, spans)
    assert str(refused.value).startswith(why)


def test_words_are_found_anywhere_but_not_within_a_character() -> None:
    assert find("no, no and No", "no") == [Span(0, 2), Span(4, 6)]
    assert find("aaa", "aa") == [Span(0, 2)]
    assert find("e\u0301 e", "e") == [Span(3, 4)]
    assert find("one\r\ntwo", "one\ntwo") == [Span(0, 8)]
    assert find("a.b", "a?b") == find("abc", "") == find("abc", "x") == []


def test_a_text_that_was_changed_meanwhile_is_not_redacted(message: Message, moderator: Any) -> None:
    for pk, revision in ((message.pk, 1), (0, 1)):
        with pytest.raises(RedactionRefused, match=str(CHANGED)):
            redact(pk, [Span(0, 1)], revision=revision, by=moderator)
    message.refresh_from_db()
    assert (message.content, message.redaction) == (TEXT, None)


def test_changed_texts_are_announced_within_the_transaction(message: Message, moderator: Any) -> None:
    heard: list[Any] = []

    def hear(ids: list[int], **_: Any) -> None:
        heard.append((ids, Message.objects.get(pk=ids[0]).content))

    texts_changed.connect(hear, sender=Message)
    try:
        done = remove(message, SECRET, moderator)
        restore(message.pk, done, by=moderator)
    finally:
        texts_changed.disconnect(hear, sender=Message)
    assert heard == [([message.pk], LEFT), ([message.pk], TEXT)]


def test_the_database_refuses_a_redaction_of_a_revision_to_come(message: Message) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(redaction=F("revision") + 1)


# --- Who can read which texts ------------------------------------------------------------------------------------


def test_no_page_of_either_participant_says_what_was_removed(
    alice: Any, bob: Any, message: Message, moderator: Any
) -> None:
    for user in (alice, bob):
        assert any(SECRET in text for text in pages(user, message).values())
    remove(message, SECRET, moderator)
    for user in (alice, bob):
        shown = pages(user, message)
        for name, text in shown.items():
            assert SECRET not in text and "first draft" not in text, name
        for name in ("inbox", "conversation", "reply"):
            assert MARK in shown[name]
        assert "part removed by moderators" in shown["conversation"]
        assert "the reply stays" in shown["conversation"]
        assert shown["history"].count("The text before is withheld") == 2


def test_all_texts_before_are_withheld_and_later_ones_are_not(message: Message, moderator: Any) -> None:
    remove(message, SECRET, moderator)
    message.refresh_from_db()
    message.content = "a correction"
    message.save()
    rows: Any = MessageHistory.objects.order_by("revision").readable()
    assert [(row.revision, row.withheld, row.text) for row in rows] == [(1, True, ""), (2, True, ""), (3, False, LEFT)]
    originals: Any = MessageHistory.objects.order_by("revision").readable(originals=True)
    assert [(row.withheld, row.text) for row in originals][:2] == [(True, f"first draft with {SECRET}"), (True, TEXT)]


def test_a_hidden_message_stays_hidden_with_all_its_texts(bob: Any, message: Message, moderator: Any) -> None:
    hide([message.pk])
    remove(message, SECRET, moderator)
    for text in pages(bob, message).values():
        assert SECRET not in text and MARK not in text


def test_the_sender_cannot_edit_it_any_more(
    client: Client, alice: Any, bob: Any, message: Message, moderator: Any
) -> None:
    stale = Message.objects.get(pk=message.pk)
    remove(message, SECRET, moderator)
    client.force_login(alice)
    address = reverse("messaging:edit", args=[message.pk])
    for page in (client.get(address), client.post(address, {"content": TEXT})):
        assert str(REDACTED_TEXT_STAYS) in page.content.decode()
    assert address not in pages(alice, message)["conversation"]
    stale.content = "begun before"
    with editing_as(alice), pytest.raises(ValidationError, match=str(REDACTED_TEXT_STAYS)):
        stale.save(update_fields=["content"])
    with editing_as(bob):  # a correction by somebody else
        stale.save()
    message.refresh_from_db()
    assert (message.content, message.redaction) == ("begun before", 3)


def test_saving_a_stale_instance_leaves_the_redaction(message: Message, moderator: Any) -> None:
    stale = Message.objects.get(pk=message.pk)
    deferred = Message.objects.defer("content").get(pk=message.pk)
    remove(message, SECRET, moderator)
    deferred.read = True
    deferred.save()
    message.refresh_from_db()
    assert (message.content, message.redaction) == (LEFT, 3)
    stale.content = LEFT
    stale.save()
    message.refresh_from_db()
    assert message.redaction == 3


# --- Restoring ---------------------------------------------------------------------------------------------------


def test_restoring_gives_the_text_back_and_withholds_nothing_more(alice: Any, message: Message, moderator: Any) -> None:
    done = remove(message, SECRET, moderator)
    pages(alice, message)
    assert restore(message.pk, done, by=moderator)
    message.refresh_from_db()
    assert (message.content, message.redaction, message.revision) == (TEXT, None, 4)
    assert SECRET in pages(alice, message)["conversation"]
    rows: Any = MessageHistory.objects.readable()
    assert not any(row.withheld for row in rows)
    assert not restore(message.pk, done, by=moderator)  # only once


def test_a_second_removal_is_restored_before_the_first(message: Message, moderator: Any) -> None:
    first = remove(message, SECRET, moderator)
    second = remove(message, "tonight", moderator)
    assert second == Redaction(4, 3)
    assert not restore(message.pk, first, by=moderator)
    assert restore(message.pk, second, by=moderator)
    message.refresh_from_db()
    assert (message.content, message.redaction) == (LEFT, 3)
    rows: Any = MessageHistory.objects.order_by("revision").readable()
    assert [row.withheld for row in rows] == [True, True, False, False]


def test_a_text_changed_or_erased_since_is_not_restored(message: Message, moderator: Any) -> None:
    done = remove(message, SECRET, moderator)
    MessageHistory.objects.filter(message=message).delete()
    assert not restore(message.pk, done, by=moderator)
    Message.objects.filter(pk=message.pk).update(content="corrected")
    assert not restore(message.pk, done, by=moderator)
    assert not restore(0, done, by=moderator)


def test_anonymising_the_sender_takes_the_originals(alice: Any, message: Message, moderator: Any) -> None:
    remove(message, SECRET, moderator)
    anonymise_batch(alice.pk, AnonymisedCounts(), after=None, size=10, blank=True)
    assert not MessageHistory.objects.filter(message=message).exists()
    assert not Message.objects.filter(content__contains=SECRET).exists()


@pytest.mark.parametrize(
    ("text", "shorter"),
    [("abc", "abc"), ("abc", f"x{MARK}"), ("abc", f"{MARK}x"), ("abc", f"a{MARK}bc"), ("abc", f"a{MARK}{MARK}{MARK}c")],
)
def test_no_spans_are_found_unless_one_text_is_the_other_redacted(text: str, shorter: str) -> None:
    assert spans_between(text, shorter) == []


@pytest.mark.parametrize("first", ["b", MARK])
def test_repeated_words_and_earlier_marks_do_not_change_the_redaction(first: str) -> None:
    text = f"{first} a b a {first} b"
    for words in ("a", "b", "b a"):
        shorter = redacted(text, find(text, words)[-1:])
        assert redacted(text, spans_between(text, shorter)) == shorter


ALPHABET = st.sampled_from([*"ab \n\r[]", "\r\n", "e\u0301", "👩‍🚀", "🇩🇪", "\u05d0", "\u200d", "\u202e"])


@example("a\r\nb e\u0301")
@given(st.lists(ALPHABET | st.characters(), max_size=12).map("".join))
def test_a_passage_may_begin_and_end_just_where_a_character_does(text: str) -> None:
    edges = Edges(text)
    found = [place for place in range(len(text) + 1) if edges.has(place)]
    assert found == [0, *(match.end() for match in regex.finditer(r"\X", text))]


class AnyTextComesBack(TestCase):
    @given(st.data())
    def test_removing_and_restoring_gives_exactly_what_was_there(self, data: st.DataObject) -> None:
        text = "".join(data.draw(st.lists(ALPHABET, min_size=1, max_size=12)))
        edges = [0, *(match.end() for match in regex.finditer(r"\X", text))]
        chosen = sorted(data.draw(st.sets(st.sampled_from(edges), max_size=6)))
        pairs = [Span(*pair) for pair in zip(chosen[::2], chosen[1::2], strict=False)]
        alice, bob = (make_user(f"{name}{Message.objects.count()}") for name in ("alice", "bob"))
        message = write(alice, bob, text)
        if not pairs:
            with pytest.raises(RedactionRefused):
                redact(message.pk, pairs, revision=1, by=bob)
            return
        done = redact(message.pk, pairs, revision=1, by=bob)
        message.refresh_from_db()
        assert redacted(text, spans_between(text, message.content)) == message.content
        assert message.content.count(MARK) == len(pairs)
        assert len(message.content) == len(text) + sum(len(MARK) - (span.end - span.start) for span in pairs)
        assert restore(message.pk, done, by=bob)
        message.refresh_from_db()
        assert (message.content, message.redaction) == (text, None)
