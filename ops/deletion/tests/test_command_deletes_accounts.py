"""``delete_account``, ``approve_deletion`` and ``hold_account``: the same steps as in the console."""

from __future__ import annotations

from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from messaging.tests.conversations import write
from ops.accounts.models import User
from ops.deletion.models import DeletionRequest, Hold, Receipt, State
from ops.deletion.tests.deleting import approved, ask, sam, sue
from ops.jobs.worker import rounds

__all__ = ["sam", "sue"]

ASKED = {"reason": "They wrote to us", "basis": "user_request", "ticket": "SUP-17"}


def test_one_person_requests_and_another_approves(alice: Any, bob: Any, sue: Any, sam: Any, capsys: Any) -> None:
    write(alice, bob)
    call_command("delete_account", "alice", by="sue", yes=True, **ASKED)
    request = DeletionRequest.objects.get()
    assert capsys.readouterr().out.splitlines() == [
        "Messages sent: 1; received: 0; older texts: 0; notifications: 1. Other people affected: 1; other "
        "conversations that lose messages: 0; replies attached elsewhere: 0.",
        "The account is closed. A second person has to approve it: manage.py approve_deletion "
        f"{request.pk} --by USERNAME",
    ]
    with pytest.raises(CommandError, match=r"You requested this, so someone else must approve it."):
        call_command("approve_deletion", str(request.pk), by="sue")
    call_command("approve_deletion", str(request.pk), by="sam")
    assert capsys.readouterr().out == f"Done. Receipt {Receipt.objects.get().pk}.\n"
    assert not User.objects.filter(username="alice").exists()


def test_a_deletion_by_one_person_runs_at_once(alice: Any, settings: Any, capsys: Any) -> None:
    settings.DELETION_ONE_PERSON = True
    call_command("delete_account", "alice", yes=True, mode="anonymise", **ASKED)
    receipt = Receipt.objects.get()
    assert (receipt.mode, receipt.one_person, receipt.requester) == ("anonymise", True, None)


@pytest.mark.parametrize("typed", ["alicia", ""])
def test_a_wrong_username_deletes_nothing(alice: Any, monkeypatch: Any, typed: str) -> None:
    monkeypatch.setattr("builtins.input", lambda question: typed)
    with pytest.raises(CommandError, match=r"Nothing was done: the username does not match."):
        call_command("delete_account", "alice", **ASKED)
    alice.refresh_from_db()
    assert alice.is_active


def test_a_missing_terminal_is_reported(alice: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("sys.stdin", StringIO())
    with pytest.raises(CommandError, match=r"Nothing was done. Type the username, or pass --yes if nobody can."):
        call_command("delete_account", "alice", **ASKED)


def test_obstacles_are_reported_before_the_confirmation(rosa: Any, alice: Any, sue: Any, capsys: Any) -> None:
    """Tests have no input: asking for the username would fail."""
    with pytest.raises(CommandError, match=r"This is the last active superuser"):
        call_command("delete_account", "rosa", **ASKED)
    call_command("hold_account", "alice", reason="Case 4")
    call_command("delete_account", "alice", yes=True, **ASKED)
    day = f"{Hold.objects.get().placed_at:%Y-%m-%d}"
    assert f"Legal hold since {day}: the deletion will not run until it is lifted." in capsys.readouterr().out


def test_commands_refuse_people_whose_role_does_not_allow_it(alice: Any, bob: Any, rita: Any) -> None:
    waiting = ask(bob, by=None)
    for words, options in (
        (["delete_account", "alice"], ASKED),
        (["approve_deletion", str(waiting.pk)], {}),
        (["hold_account", "alice"], {"reason": "Case 4"}),
    ):
        with pytest.raises(CommandError) as refusal:
            call_command(*words, by="rita", **options)
        assert str(refusal.value) == "rita may not do this in the console: name somebody whose role allows it."
    assert DeletionRequest.objects.get().state == State.REQUESTED and not Hold.objects.exists()


def test_typing_the_username_confirms_the_request(alice: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("builtins.input", lambda question: "alice")
    call_command("delete_account", "alice", **ASKED)
    assert DeletionRequest.objects.get().state == State.REQUESTED


def test_invalid_arguments_are_refused_with_a_sentence(alice: Any, bob: Any, rosa: Any, sue: Any) -> None:
    for words, sentence in (
        (["delete_account", "nobody"],
         "There is no account “nobody”: check the spelling; usernames are case-sensitive."),
        (["delete_account", "rosa"], "Nothing was requested: the account of rosa stays. "
         "This is the last active superuser: make somebody else one first."),
    ):  # fmt: skip
        with pytest.raises(CommandError) as refusal:
            call_command(*words, yes=True, **ASKED)
        assert str(refusal.value) == sentence
    with pytest.raises(CommandError, match=r"bob is not active staff: name somebody who may sign in to the console."):
        call_command("delete_account", "alice", by="bob", yes=True, **ASKED)
    unknown = uuid4()
    with pytest.raises(CommandError, match=rf"There is no deletion request {unknown}"):
        call_command("approve_deletion", str(unknown), by="sue")


def test_an_approved_deletion_waits_for_the_grace_period(
    alice: Any, sue: Any, sam: Any, settings: Any, capsys: Any
) -> None:
    settings.DELETION_GRACE_DAYS = 30
    request = ask(alice, by=sue)
    call_command("approve_deletion", str(request.pk), by="sam")
    assert "Approved. Runs on " in capsys.readouterr().out
    assert User.objects.filter(username="alice").exists()


def test_a_hold_is_placed_and_lifted(alice: Any, sue: Any, capsys: Any) -> None:
    call_command("hold_account", "alice", reason="Case 4", kind="investigation", by="sue")
    hold = Hold.objects.get()
    assert (hold.user_id, hold.kind, hold.placed_by) == (alice.pk, "investigation", sue)
    call_command("hold_account", "alice", reason="Case closed", lift=True)
    assert capsys.readouterr().out.splitlines() == [
        "Hold placed on alice. Nothing they sent or received can be deleted until it is lifted.",
        "Lifted 1 hold.",
    ]
    with pytest.raises(CommandError, match=r"Enter the reason for the hold: it is recorded."):
        call_command("hold_account", "alice", reason=" ")


def test_start_deletions_starts_due_deletions(alice: Any, sue: Any, sam: Any, settings: Any, capsys: Any) -> None:
    settings.DELETION_GRACE_DAYS = 30
    approved(alice, by=sue, approver=sam)
    call_command("start_deletions")
    assert (capsys.readouterr().out, rounds.scheduled()["start_deletions"]) == ("", 60)
    DeletionRequest.objects.update(runs_at=timezone.now())
    call_command("start_deletions")
    assert capsys.readouterr().out == "Started 1 deletion.\n"
