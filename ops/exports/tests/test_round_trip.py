"""Export → import into an empty database → export gives the same bytes; into the same database, nothing changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.cast import make_user
from messaging.tests.conversations import START, answer, write
from messaging.tests.examples import examples
from messaging.texts.hiding import hide, show
from messaging.texts.redacting import find, redact
from ops.accounts.models import User
from ops.accounts.usernames import username_problem
from ops.exports.models import Export
from ops.exports.tests.exporting import exported, make_exporter
from ops.files import private_files
from ops.imports import steps
from ops.imports.models import Import
from ops.imports.options import Choices
from ops.imports.tests.files import SHARED

FORMATS = pytest.mark.parametrize("format", Export.Format.values)
TRICKY = [
    "=1+1", "+1", "-1", "@x", "\ttab", "\rreturn", "'quoted'", "''", "'", '"', '""', ",", ";", "a\nb", "a\r\nb", "a\rb",
    "_x0041_", "_x000D_", "_x005F_x0041_", "\x01\x1f\x7f", "\u202egnp.exe", "\u2028", "\ufeffbom", "\ufffe\uffff", "😀",
    "<r><t>x</t></r>", "<r></is></c>", "<r></r>",
    " blank at both ends ", "true", "007", "1e5", "2026-01-05", "\\N", "\\.", "NULL", "<b>&amp;</b>",
]  # fmt: skip


def import_file(content: bytes, format: str, by: Any, **choices: Any) -> Import:
    """Import a file, with missing people created; return the import."""
    name, size, digest = private_files.save([content], format, 10**9)
    import_ = Import.objects.create(
        by=by, file_name=f"messages.{format}", upload=name, size=size, digest=digest,
        choices=Choices(create_users=True, **choices).as_json(),
    )  # fmt: skip
    steps.store(import_, by=by)
    import_.refresh_from_db()
    preview = private_files.path(private_files.beside(name, "preview.json"))
    problems = json.loads(preview.read_text())["groups"] if preview.exists() else []
    assert import_.state == Import.State.STORED, (import_.job.error if import_.job else "", import_.counts, problems)
    return import_


def empty() -> None:
    """Delete everything except the staff."""
    for model in (MessageHistory, Notification, Message, Conversation):
        model._base_manager.all()._raw_delete("default")
    User.objects.filter(is_staff=False)._raw_delete("default")


def assert_round_trip(by: Any, format: str) -> None:
    before = exported(by, format=format)
    people = set(User.objects.values_list("username", flat=True))
    empty()
    import_file(before, format, by)
    assert exported(by, format=format) == before
    assert set(User.objects.values_list("username", flat=True)) == people


@pytest.fixture
def emma(db: Any, folder: Path) -> Any:
    """Emma exports and imports."""
    return make_exporter("emma", "view_message", "view_conversation", "import_messages")


@FORMATS
def test_tricky_texts_ids_and_usernames_survive_the_round_trip(emma: Any, format: str) -> None:
    names = [name for name in TRICKY if username_problem(name) is None]
    people = [make_user(name) for name in names]
    assert len(people) > 15
    for number, text in enumerate(TRICKY):
        sender, receiver = people[number % len(people)], people[(number + 1) % len(people)]
        write(sender, receiver, text, minute=number, external_id=text if number % 2 else None, read=number % 3 == 0)
    assert_round_trip(emma, format)


@FORMATS
def test_replies_edits_and_answers_older_than_their_parent_survive(emma: Any, format: str) -> None:
    alice, bob = make_user("alice"), make_user("bob")
    late = write(alice, bob, "late", minute=50, external_id="z")
    early = answer(late, "early", minute=2)
    answer(early, "later", minute=60, read=True)
    early.content = "edited"
    early.save()
    # An answer that comes before its parent in the file.
    write(bob, alice, "answers what comes after it", minute=0)
    parent = answer(late, "comes after its answer", minute=3)
    Message.objects.filter(pk=early.pk).update(parent_message=parent)
    assert early.pk < parent.pk
    assert_round_trip(emma, format)


@FORMATS
def test_hidden_messages_stay_hidden(emma: Any, format: str) -> None:
    alice, bob = make_user("alice"), make_user("bob")
    first, _ = write(alice, bob, "removed"), write(alice, bob, "stays", minute=1)
    hide([first.pk])
    assert_round_trip(emma, format)
    assert dict(Message.objects.values_list("content", "hidden")) == {"removed": True, "stays": False}
    # Stored messages do not change: no file hides a message, or shows it again.
    content = exported(emma, format=format)
    show(Message.objects.filter(content="removed").values_list("pk", flat=True))
    hide(Message.objects.filter(content="stays").values_list("pk", flat=True))
    import_file(content, format, emma)
    assert dict(Message.objects.values_list("content", "hidden")) == {"removed": False, "stays": True}


@FORMATS
def test_redacted_messages_stay_redacted_and_no_file_restores_the_words(emma: Any, format: str) -> None:
    alice, bob = make_user("alice"), make_user("bob")
    message = write(alice, bob, "call 555-1234", external_id="a1")
    write(alice, bob, "stays", minute=1)
    original = exported(emma, format=format)
    redact(message.pk, find(message.content, "555-1234"), revision=1, by=emma)
    # The file from before the redaction: its text is not recorded as an edit, whatever is chosen.
    import_ = import_file(original, format, emma, existing="edit")
    message.refresh_from_db()
    assert (message.content, message.revision, import_.counts["changed"]) == ("call [part removed]", 2, 0)
    assert_round_trip(emma, format)
    assert dict(Message.objects.values_list("content", "redaction")) == {"call [part removed]": 1, "stays": None}


@pytest.mark.many
@FORMATS
def test_naughty_strings_survive_as_texts_and_valid_usernames(emma: Any, format: str) -> None:
    file = SHARED / "naughty-strings" / "blns.json"
    if not file.exists():
        pytest.skip("the naughty strings are not beside this checkout")
    strings = [text for text in json.loads(file.read_text()) if text.strip() and "\x00" not in text]
    assert len(strings) > 500
    legal = [text for text in dict.fromkeys(strings) if username_problem(text) is None]
    assert len(legal) > 300
    people = User.objects.bulk_create(User(username=name, is_active=False, password="!") for name in legal)
    bob = make_user("bob")
    # One by one, at three statements each, this would take most of the time.
    conversations = Conversation.objects.bulk_create(Conversation() for _ in strings)
    Message.objects.bulk_create(
        Message(
            sender=people[number % len(people)], receiver=bob, conversation=conversations[number], content=text,
            timestamp=START + timedelta(minutes=number),
        )
        for number, text in enumerate(strings)
    )  # fmt: skip
    assert_round_trip(emma, format)


@FORMATS
def test_importing_into_the_same_database_changes_nothing(emma: Any, format: str) -> None:
    alice, bob = make_user("alice"), make_user("bob")
    for number, text in enumerate(TRICKY):
        write(alice, bob, text, minute=number, external_id=None if number % 2 else f"x{number}")
    answer(Message.objects.latest("pk"), "an answer")
    before = list(Message.objects.order_by("pk").values())
    content = exported(emma, format=format)
    imported = import_file(content, format, emma)
    assert imported.counts["new"] == 0
    assert list(Message.objects.order_by("pk").values()) == before
    assert exported(emma, format=format) == content


storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
texts = storable.filter(lambda text: text.strip() != "")
moments = st.datetimes(datetime(1970, 1, 1), datetime(2026, 11, 1), timezones=st.just(UTC))


a_row = st.tuples(texts, st.none() | texts, moments, st.booleans(), st.booleans())


@FORMATS
@settings(max_examples=examples(25) // 2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(a_row, min_size=6, max_size=15))
def test_any_message_survives_the_round_trip(emma: Any, format: str, rows: list[Any]) -> None:
    """Few examples with many messages: each file takes one job to make and one to store."""
    empty()
    alice, bob = make_user("=alice"), make_user("'bob")
    last = write(alice, bob, "first", timestamp=START)
    known: set[str] = set()
    for content, key, timestamp, read, is_answer in rows:
        fields = {"read": read, "timestamp": timestamp, "external_id": None if key in known else key}
        known.add(key)
        last = answer(last, content, **fields) if is_answer else write(bob, alice, content, **fields)
    assert_round_trip(emma, format)
