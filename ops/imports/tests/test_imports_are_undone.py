"""Undoing an import: unchanged messages are removed, texts restored, and messages changed since are listed and kept."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from messaging.editors import editing_as
from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.conversations import answer, write
from ops.audit.models import Entry
from ops.deletion import holds
from ops.imports import steps, undoing
from ops.imports.models import Import
from ops.imports.pages import results
from ops.imports.staging.databases import staging_on
from ops.imports.storing import texts as editing
from ops.imports.tests.files import imported, numbered, row
from ops.imports.tests.importing import Death, at_batch, brought, do, everything, rolled_back, stored_import, undone
from ops.jobs import pacing, progress
from ops.jobs.models import Job
from ops.jobs.run import Cancelled, JobFailed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use two messages a batch, so that a few messages make many batches."""
    monkeypatch.setattr(undoing, "PIECE", 2)
    monkeypatch.setattr(undoing, "PEOPLE", 1)
    monkeypatch.setattr(editing, "PIECE", 2)
    monkeypatch.setattr(pacing, "BATCH_SECONDS", 0)


def thread(**options: Any) -> Import:
    """Import two conversations and an answer to a stored message, with two new people."""
    return stored_import(
        row("1"),
        row("2", "1", sender="carol"),
        row("3", "2"),
        row("4", "3"),
        row("5"),
        row("6", "old", receiver="dora"),
        create_users=True,
        **options,
    )


@pytest.fixture
def old(alice: Any, bob: Any) -> Message:
    """A message that is already stored."""
    return write(alice, bob, "old words", external_id="old")


def test_undoing_an_import_restores_the_state_before(old: Message, rita: Any) -> None:
    before = everything()
    import_ = undone(thread(by=rita, notify=True), by=rita)
    assert everything() == before
    undo = {"messages": 6, "conversations": 2, "restored": 0, "users": 2, "kept": 0}
    assert (import_.outcome["undo"], import_.outcome["kept"]) == (undo, [])
    entry = Entry.objects.get(event="import.undone")
    assert (entry.actor_id, entry.target_id, entry.details) == (
        rita.pk,
        str(import_.pk),
        {**undo, "batch": str(import_.pk)},
    )
    with pytest.raises(steps.NotNow):
        steps.undo(import_, by=rita)
    assert undone(thread(by=rita), by=rita).outcome["undo"]["messages"] == 6
    assert everything() == before


def test_messages_edited_or_answered_since_are_listed_and_kept(old: Message, alice: Any, rita: Any) -> None:
    """An answer that stays is attached to the nearest message above it that stays; being read is not a change."""
    import_ = thread(by=rita)
    of = {message.external_id: message for message in Message.objects.all()}
    reply = answer(of["4"])
    with editing_as(alice):
        Message.objects.filter(pk=of["2"].pk).update(content="edited")
    Message.objects.filter(pk=of["5"].pk).update(read=True)
    with staging_on("default") as staging:
        assert undoing.count_effects(import_, staging) == {"messages": 4, "restored": 0, "kept": 2}
    undone(import_, by=rita)
    assert import_.outcome["undo"] == {"messages": 4, "conversations": 1, "restored": 0, "users": 1, "kept": 2}
    assert import_.outcome["kept"] == [[of["2"].pk, "edited"], [of["4"].pk, "answered"]]
    links = dict(Message.objects.values_list("external_id", "parent_message__external_id"))
    assert links == {"old": None, "2": None, "4": "2", None: "4"}
    assert {"carol"} == set(get_user_model().objects.filter(is_active=False).values_list("username", flat=True))
    conversation = Conversation.objects.get(pk=reply.conversation_id)
    assert (conversation.message_count, conversation.pk) == (3, of["2"].conversation_id)


def test_messages_exchanged_with_a_person_on_hold_are_listed_and_kept(old: Message, bob: Any, rita: Any) -> None:
    """The messages that it answers and its own answers are removed like all others."""
    import_ = thread(by=rita)
    of = {message.external_id: message for message in Message.objects.all()}
    carol = get_user_model().objects.get(username="carol")
    holds.place(carol, kind="legal", reason="Case 4", by=rita)
    with staging_on("default") as staging:
        assert undoing.count_effects(import_, staging) == {"messages": 5, "restored": 0, "kept": 1}
    undone(import_, by=rita)
    assert import_.outcome["kept"] == [[of["2"].pk, "held"]]
    assert dict(Message.objects.values_list("external_id", "parent_message__external_id")) == {"old": None, "2": None}
    assert get_user_model().objects.filter(pk=carol.pk).exists()


def test_a_failed_import_is_rolled_back_completely_despite_holds(old: Message, bob: Any, rita: Any) -> None:
    holds.place(bob, kind="legal", reason="Case 4", by=rita)
    before = everything()
    import_ = brought(*(row(str(number)) for number in range(8)), by=rita)
    with at_batch(2, JobFailed("The disk is full."), committed=True):
        do(steps.store(import_, by=rita, kick=False))
    import_.refresh_from_db()
    assert (import_.state, import_.outcome["kept"], everything()) == (Import.State.TAKEN_BACK, [], before)
    assert import_.outcome["undo"]["messages"] == 8


def test_changed_texts_are_restored_with_history_unless_edited_since(alice: Any, bob: Any, rita: Any) -> None:
    imported(numbered(row("1"), row("2"), row("3")))
    changes = [row(number, content="new") for number in "123"]
    import_ = stored_import(*changes, by=rita, existing="edit")
    assert (import_.outcome["changed"], import_.message_base) == (3, None)
    second = Message.objects.get(external_id="2")
    Message.objects.filter(pk=second.pk).update(content="newer")
    undone(import_, by=rita)
    assert dict(Message.objects.values_list("external_id", "content")) == {"1": "hello", "2": "newer", "3": "hello"}
    assert (import_.outcome["undo"]["restored"], import_.outcome["kept"]) == (2, [[second.pk, "edited"]])
    texts = MessageHistory.objects.filter(message__external_id="1").order_by("edited_at", "id")
    assert list(texts.values_list("old_content", "edited_by")) == [("hello", rita.pk), ("new", rita.pk)]
    assert all(texts.values_list("by_staff", flat=True))


def test_an_import_that_stored_nothing_removes_nothing_when_undone(old: Message, alice: Any, bob: Any) -> None:
    """Other messages stay, whatever their ids, and so do their edits."""
    for number in range(10):
        Message.objects.filter(pk=write(alice, bob).pk).update(content=f"edited {number}")
    imported(numbered(row("1")))
    before = everything()
    import_ = stored_import(row("1"))
    undone(import_)
    assert everything() == before
    assert import_.outcome["undo"] == {"messages": 0, "conversations": 0, "restored": 0, "users": 0, "kept": 0}


def test_used_accounts_are_kept(old: Message, alice: Any, bob: Any, rita: Any) -> None:
    import_ = stored_import(
        *(row(name, sender=name) for name in ("active", "joined", "writes", "named", "idle")), create_users=True
    )
    people = {user.username: user for user in get_user_model().objects.all()}
    get_user_model().objects.filter(username="active").update(is_active=True)
    people["joined"].set_password("secret")
    people["joined"].save()
    write(people["writes"], alice)
    Message.objects.filter(pk=old.pk).update(content="x")
    MessageHistory.objects.update(edited_by=people["named"])
    undone(import_, by=rita)
    left = get_user_model().objects.filter(pk__in=[user.pk for user in people.values()])
    assert set(left.values_list("username", flat=True)) == {
        "alice",
        "bob",
        "rita",
        "active",
        "joined",
        "writes",
        "named",
    }


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (2, 0, 1), (1, 2, 0)])
def test_accounts_are_removed_with_the_last_import_that_uses_them(
    old: Message, rita: Any, order: tuple[int, ...]
) -> None:
    """Whichever import created an account, it is removed with the last import that uses it."""
    before = everything()
    imports = [
        stored_import(row("1", sender="carol"), row("2", sender="dora"), by=rita, create_users=True),
        stored_import(row("3", sender="carol"), by=rita, create_users=True),
        stored_import(row("4", sender="carol"), row("5", sender="emil"), by=rita, create_users=True),
    ]
    assert [import_.outcome["users"] for import_ in imports] == [2, 0, 1]
    for number in order:
        assert get_user_model().objects.filter(username="carol").exists()
        undone(imports[number], by=rita)
    assert everything() == before
    assert sum(Import.objects.get(pk=one.pk).outcome["undo"]["users"] for one in imports) == 3


def test_accounts_of_an_undone_import_that_are_used_elsewhere_are_kept(old: Message, alice: Any, rita: Any) -> None:
    first = stored_import(row("1", sender="carol"), row("2", sender="dora"), by=rita, create_users=True)
    second = stored_import(row("3", sender="carol"), row("4", sender="dora"), by=rita)
    write(get_user_model().objects.get(username="dora"), alice)
    undone(first, by=rita)
    removed = results.undo_preview(second)["removed"]
    assert removed[-1] == "the users of imports that were undone before, as far as only this one uses them"
    undone(second, by=rita)
    assert set(get_user_model().objects.filter(username__in=["carol", "dora"]).values_list("username")) == {("dora",)}


def test_an_undo_may_die_at_any_batch(old: Message, alice: Any, rita: Any) -> None:
    expected, batches, number = None, 1, 0
    while number <= batches:
        with rolled_back():
            import_ = thread(by=rita, notify=True)
            four = Message.objects.get(external_id="4")
            answer(four)
            job = steps.undo(import_, by=rita, kick=False)
            with at_batch(number, Death(), committed=number % 2 == 0) as found, suppress(Death):
                do(job)
            batches = batches if number else len(found)
            do(job)
            assert job.state == Job.State.FINISHED, job.error
            now = (everything(), {**job.result, "batch": ""}, Notification.objects.count())
            expected = expected or now
            assert now == expected, number
        number += 1
    assert batches > 5


def test_a_cancelled_undo_can_be_started_again(old: Message, rita: Any) -> None:
    before = everything()
    import_ = thread(by=rita)
    job = steps.undo(import_, by=rita, kick=False)
    with at_batch(2, Cancelled(), committed=True):
        do(job)
    import_.refresh_from_db()
    assert (job.state, import_.state) == (Job.State.CANCELLED, Import.State.STORED)
    assert 0 < import_.outcome["undo"]["messages"] < 6
    assert not progress.undoes_work(job)  # removed messages stay removed
    undone(import_, by=rita)
    import_.refresh_from_db()
    last: Any = import_.job
    assert (last.done, last.total) == (6, 6)
    assert everything() == before
    assert import_.outcome["undo"]["messages"] == 6


def test_the_command_undoes_a_batch_and_lists_kept_messages(old: Message, alice: Any, rita: Any) -> None:
    import_ = thread()
    four = Message.objects.get(external_id="4")
    answer(four)
    out = io.StringIO()
    call_command("undo_import", str(import_.pk), stdout=out)
    assert out.getvalue().splitlines() == [
        "Removed 5 messages, 1 conversations and 2 accounts; restored 0 texts; kept 1 messages.",
        f"  message {four.pk}: answered since",
    ]
    with pytest.raises(
        CommandError, match=r"^This import cannot be undone: it is not stored, or it was undone already"
    ):
        call_command("undo_import", str(import_.pk))
    with pytest.raises(
        CommandError, match=r"^There is no import 00000000-0000-0000-0000-000000000000: check the batch"
    ):
        call_command("undo_import", "00000000-0000-0000-0000-000000000000")


def test_ctrl_c_stops_the_command_and_the_rest_can_be_undone(old: Message, rita: Any) -> None:
    before = everything()
    import_ = thread()
    with (
        at_batch(2, KeyboardInterrupt(), committed=True),
        pytest.raises(CommandError, match=r"^Stopped: run this again to undo the rest\.$"),
    ):
        call_command("undo_import", str(import_.pk))
    assert everything() != before
    call_command("undo_import", str(import_.pk), stdout=io.StringIO())
    assert everything() == before
