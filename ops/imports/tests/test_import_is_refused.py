"""All or nothing: after one fault nothing is stored, and every fault is shown with its row, column and remedy."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from messaging.models import Conversation, Message
from messaging.tests.conversations import answer, write
from ops.files.csv_files import CsvFile
from ops.imports.storing import messages
from ops.imports.tests.files import as_csv, imported, numbered, refusal, result_of, row, stored
from ops.imports.tests.importing import brought
from ops.jobs import running
from ops.jobs.run import JobFailed
from ops.jobs.tests.failing import FULL, LOCKED, LOST, READ_ONLY, database_error

pytestmark = pytest.mark.django_db

MISSING = "is neither in the file nor stored: add its row, leave this empty, or choose that it begins a conversation."
NO_USER = "correct the name, or choose to create missing users."
LOOP = "correct one of these parents."


def test_every_fault_of_every_row_is_named(alice: Any, bob: Any) -> None:
    problems = refusal(
        row("1", "999", sender="nobody", receiver="", timestamp="now", content=""),
        row("2"),
        row("x" * 256),
        row("3", content="a\x00b"),
        row("4", sender="a\x00"),
        row("5", content=" \r\n\t"),
    )
    assert sorted(problems) == [
        "row 2, content: the text is empty: give it one, or remove the row.",
        f"row 2, parent_external_id: parent 999 {MISSING}",
        "row 2, receiver: the receiver is empty: give a username.",
        f"row 2, sender: no user 'nobody': {NO_USER}",
        "row 2, timestamp: this is not a date and time: write it like 2026-01-05T10:00:00+00:00.",
        "row 4, external_id: the external_id has 256 characters: shorten it to 255.",
        "row 5, content: content holds a character that cannot be stored (U+0000): remove it.",
        "row 6, sender: sender holds a character that cannot be stored (U+0000): remove it.",
        "row 7, content: the text is empty: give it one, or remove the row.",
    ]


def test_replies_to_a_faulty_row_are_not_blamed(alice: Any, bob: Any) -> None:
    lines = as_csv(row("1", content=""), row("3", "1"), row("4", "2")).splitlines(keepends=True)
    torn = b"".join([*lines[:2], b"2,torn\n", *lines[2:]])
    result, problems = result_of(brought(content=torn))
    assert [problem.partition(":")[0] for problem in problems] == [
        "row 2, content",
        "row 3 has 2 values where 8 are expected",
    ]
    assert (result.errors, Message.objects.count()) == (2, 0)


def test_where_reading_ends_early_missing_parents_are_not_held_against_the_file(alice: Any, bob: Any) -> None:
    _, problems = result_of(brought(content=as_csv(row("1", "2"), row("3", sender="nobody")) + b'4,"never closed'))
    assert problems == [
        f"row 3, sender: no user 'nobody': {NO_USER}",
        "the quote opened in row 4 is never closed: close it, or remove it.",
    ]
    assert not Message.objects.exists()


def test_unknown_people_are_named_once(alice: Any) -> None:
    assert refusal(row("1", sender="Alice", receiver="bob"), row("2", receiver="bob")) == [
        "row 2, sender: no user 'Alice': did you mean 'alice'? They differ only in capital letters. Say who it is, "
        "correct the name, or choose to create missing users.",
        f"row 2, receiver: no user 'bob': {NO_USER} It is named 2 times.",
    ]


def test_no_account_is_created_under_an_invalid_name(alice: Any) -> None:
    problems = refusal(
        row("1", receiver=" bob"), row("2", receiver="b\u202eob"), row("3", sender="x" * 151), create_users=True
    )
    assert problems == [
        "row 2, receiver: The username begins or ends with a blank: remove it.",
        "row 3, receiver: The username holds a character that cannot be seen (U+202E): remove it.",
        "row 4, sender: the sender has 151 characters: shorten it to 150.",
    ]
    assert get_user_model().objects.get() == alice


def test_names_are_shown_harmlessly(alice: Any, bob: Any) -> None:
    """Control and direction characters are spelled out, long values truncated."""
    problems = refusal(row("1", sender="a\x1b[31m\u202e"), row("2", "y" * 250))
    assert problems == [
        f"row 2, sender: no user 'a\\x1b[31m\\u202e': {NO_USER}",
        f"row 3, parent_external_id: parent {'y' * 79}… {MISSING}",
    ]


@pytest.mark.parametrize(
    ("other", "differing"),
    [
        ({"content": "bye"}, "content"),
        ({"sender": "bob", "receiver": "alice"}, "sender, receiver"),
        ({"timestamp": "2026-01-05T10:00:01Z"}, "timestamp"),
        ({"parent": "1"}, "parent_external_id"),
    ],
)
def test_two_messages_cannot_share_an_id(alice: Any, bob: Any, other: dict[str, str], differing: str) -> None:
    assert refusal(row("1"), row("2"), row("2", **other)) == [
        f"rows 3 and 4 share external_id 2 with different {differing}: give each message an id of its own."
    ]


@pytest.mark.parametrize(
    ("other", "differing"),
    [
        ({"content": "bye"}, "content"),
        ({"sender": "bob", "receiver": "alice"}, "sender, receiver"),
        ({"timestamp": "2026-01-05T10:00:01Z"}, "timestamp"),
        ({"parent": "1"}, "parent_external_id"),
    ],
)
def test_a_stored_message_is_not_overwritten(alice: Any, bob: Any, other: dict[str, str], differing: str) -> None:
    imported(numbered(row("1"), row("2")))
    remedy = "correct the row, or give it another id."
    if differing == "content":
        remedy = "correct the row, give it another id, or choose what happens to changed texts."
    assert refusal(row("2", **other), row("3")) == [
        f"row 2, external_id: message 2 is already stored with different {differing}: {remedy}"
    ]


@pytest.mark.parametrize(
    ("links", "described"),
    [
        ("11", "1 → 1 (row 2)"),
        ("12 21", "1 → 2 → 1 (rows 2–3)"),
        ("a1 1b b2 21", "1 → b → 2 → 1 (rows 3–5)"),
        ("12 x. 21", "1 → 2 → 1 (rows 2, 4)"),
        ("13 x. 21 32", "1 → 3 → 2 → 1 (rows 2, 4, 5)"),
    ],
)
def test_loops_are_found_and_drawn(alice: Any, bob: Any, links: str, described: str) -> None:
    rows = [row(link[0], link[1].strip(".")) for link in links.split()]
    assert [problem.split(": ", 1)[1] for problem in refusal(*rows)] == [f"replies in a loop: {described}: {LOOP}"]


def test_a_long_loop_is_abridged(alice: Any, bob: Any) -> None:
    rows = [row(str(number), str((number + 1) % 1_000)) for number in range(1_000)]
    assert refusal(*rows) == [
        f"row 2, parent_external_id: replies in a loop: 0 → 1 → 2 → 3 → 4 → 5 → … → 0 (rows 2–1001): {LOOP}"
    ]


def test_several_loops_are_each_named_once(alice: Any, bob: Any) -> None:
    problems = refusal(row("1", "2"), row("2", "1"), row("3", "3"), row("4", "3"))
    assert [problem.split(":")[0] for problem in problems] == ["row 2, parent_external_id", "row 4, parent_external_id"]


def test_many_loops_cost_few_queries(alice: Any, bob: Any) -> None:
    def refused(loops: int) -> tuple[list[str], int]:
        with CaptureQueriesContext(connection) as queries:
            problems = refusal(*(row(str(number), str(number)) for number in range(loops)))
        return problems, len(queries)

    refused(1)  # fills what is created on first use
    problems, queries = refused(5)
    many, of_many = refused(150)
    assert of_many == queries + 1
    assert [problems[-1], many[-1]] == [
        f"row {row}, parent_external_id: replies in a loop: {key} → {key} (row {row}): {LOOP}"
        for row, key in ((6, 4), (151, 149))
    ]


def test_a_failing_last_step_leaves_nothing(alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is stored, no account is created, and the same connection can import again."""
    beginning = answer(write(alice, bob, external_id="old"))
    before, people = stored(), get_user_model().objects.count()
    rows = numbered(row("1", "old"), row("2", "1"), row("3", sender="carol"))
    with monkeypatch.context() as patched:
        patched.setattr(messages, "STORE_NOTIFICATIONS", "INSERT INTO {notifications} SELECT %s, %s, %s, 'no such'")
        with pytest.raises(JobFailed):
            imported(rows, create_users=True, notify=True)
    assert stored() == before
    assert get_user_model().objects.count() == people
    assert Conversation.objects.get().message_count == beginning.conversation.messages.count() == 2
    result, _ = imported(rows, create_users=True, notify=True)
    assert result.stored.messages == 3


@pytest.mark.parametrize("gone", ["parent", "person"])
def test_people_and_parents_deleted_meanwhile_stop_the_import(
    alice: Any, bob: Any, charlie: Any, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    """Otherwise a reply could be stored without its parent, or a row lost."""
    parent = write(alice, bob, external_id="old")

    store = messages.store_messages

    def store_after_a_deletion(*args: Any, **options: Any) -> Any:
        (parent if gone == "parent" else charlie).delete()
        return store(*args, **options)

    monkeypatch.setattr(messages, "store_messages", store_after_a_deletion)
    with pytest.raises(JobFailed, match=r"^Somebody changed people or messages that the file refers to"):
        imported(numbered(row("1", "old"), row("2", sender="charlie")))
    assert not Message.objects.exclude(external_id="old").exists()


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (database_error(LOCKED), "Another program is writing to the database"),
        (database_error(FULL), "The disk is full"),
        (database_error(READ_ONLY), "The database cannot be written to"),
        (database_error(LOST), "The database reported an error"),
        (IntegrityError("UNIQUE constraint failed"), "Somebody else stored or removed some of the same messages"),
    ],
)
def test_database_errors_are_explained_in_words(
    alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    def fail(*args: Any, **options: Any) -> None:
        raise error

    monkeypatch.setattr(messages, "store_messages", fail)
    monkeypatch.setattr(running, "RETRY_PAUSES", ())
    with pytest.raises(JobFailed) as caught:
        imported(numbered(row("1")))
    assert str(caught.value).startswith(sentence)
    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_outside_of_any_transaction_a_stopped_reader_leaves_the_connection_usable(
    alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(source: Any) -> Any:
        yield from numbered((*row("1"), "", "", ""))  # as the reader yields it, with edited_at, hidden, redacted
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(CsvFile, "__iter__", interrupted)
        imported(numbered(row("1")))
    assert not connection.in_atomic_block
    result, _ = imported(numbered(row("1"), row("2", "1")))
    assert result.stored.messages == Message.objects.count() == 2
