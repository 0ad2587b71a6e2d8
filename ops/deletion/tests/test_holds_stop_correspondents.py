"""A hold also keeps what others exchanged with the account: a deletion that would remove it waits."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.models import Message
from messaging.tests.conversations import write
from ops.accounts.models import User
from ops.deletion import approval, holds, requests
from ops.deletion.erasing import account, batches, running
from ops.deletion.models import Basis, DeletionRequest, Hold, State
from ops.deletion.refusals import DeletionRefused
from ops.deletion.tests.deleting import REASON, approved, ask, sam, sue, work_on

__all__ = ["sam", "sue"]

STOPPED = {"stopped": "On hold. Erasure continues when the hold is lifted."}
WORDS = "On hold: they exchanged messages with someone on hold. Erasure starts when that hold is lifted."
WAYS = [{"mode": "erase"}, {"mode": "anonymise", "texts": "blank"}, {"mode": "anonymise", "texts": "keep"}]


def put_hold(user: Any, kind: str = Hold.Kind.LEGAL, reason: str = "Case 4") -> Hold:
    return holds.place(user, kind=kind, reason=reason, by=None)


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make batches of one message."""
    for size in ("FIRST_SIZE", "MOST_SIZE", "LEAST_SIZE"):
        monkeypatch.setattr(batches, size, 1)


def after_the_first_batch(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Any]) -> None:
    """Call ``happens`` between the first batch and the second."""

    def interrupted(batch: Any) -> Any:
        begun: list[bool] = []

        def next_batch(*args: Any, **options: Any) -> Any:
            begun.append(True)
            if len(begun) == 2:
                happens()
            return batch(*args, **options)

        return next_batch

    monkeypatch.setattr(account.erasure, "erase_batch", interrupted(account.erasure.erase_batch))
    monkeypatch.setattr(account, "anonymise_batch", interrupted(account.anonymise_batch))


@pytest.mark.parametrize("way", WAYS)
def test_a_hold_stops_deletions_of_correspondents_until_it_is_lifted(
    sue: Any, sam: Any, alice: Any, bob: Any, way: dict[str, str]
) -> None:
    """Anonymising waits as well, even if the texts stay: who wrote them must be kept, too."""
    write(alice, bob)
    placed = put_hold(alice)
    request = approved(bob, by=sue, approver=sam, **way)
    assert (request.job, running.start_due(timezone.now())) == (None, 0)
    assert (request.is_held, request.holds.itself, request.status_text) == (True, False, WORDS)
    assert DeletionRequest.objects.held().get() == request
    holds.lift(placed, reason="Case closed", by=sam)
    assert not request.is_held and not DeletionRequest.objects.held()
    assert running.start_due(timezone.now()) == 1
    assert work_on(request).state == State.DONE


def test_the_plan_counts_messages_exchanged_with_each_person_on_hold(
    sue: Any, alice: Any, bob: Any, charlie: Any
) -> None:
    for _ in range(2):
        write(alice, bob)
    write(bob, alice)
    write(bob, charlie)
    write(bob, sue)
    first, second, other = put_hold(alice), put_hold(alice, Hold.Kind.INVESTIGATION), put_hold(charlie)
    (plan,) = requests.plan([bob], by=sue)
    assert plan.obstacle is None
    assert (plan.holds, plan.exchanged) == ([], [(alice, 3, [first, second]), (charlie, 1, [other])])


def test_a_hold_on_an_unrelated_person_stops_nothing(sue: Any, sam: Any, alice: Any, bob: Any, charlie: Any) -> None:
    write(alice, bob)
    write(charlie, alice)
    put_hold(charlie)
    assert requests.plan([bob], by=sue)[0].exchanged == []
    assert work_on(approved(bob, by=sue, approver=sam)).state == State.DONE


@pytest.mark.parametrize("way", WAYS)
def test_a_hold_placed_during_the_run_stops_it_between_two_batches(
    sue: Any, sam: Any, alice: Any, bob: Any, charlie: Any, way: dict[str, str], one_by_one: None, monkeypatch: Any
) -> None:
    write(bob, charlie, minute=0)
    write(bob, charlie, minute=1)
    write(bob, charlie, minute=2)
    evidence = write(bob, alice, minute=3)
    request = approved(bob, by=sue, approver=sam, **way)
    with monkeypatch.context() as meanwhile:
        after_the_first_batch(meanwhile, lambda: put_hold(alice))
        work_on(request)
    assert request.job is not None
    assert (request.state, request.job.result) == (State.RUNNING, STOPPED)
    assert request.status_text == WORDS.replace("starts", "continues")
    assert request.job.done == 2  # the first batch and the one under way
    assert Message.objects.filter(pk=evidence.pk, content="hello", sender__username="bob").exists()
    assert running.start_due(timezone.now()) == 0
    holds.lift(Hold.objects.get(), reason="Case closed", by=sam)
    assert running.start_due(timezone.now()) == 1
    assert work_on(request).state == State.DONE


@pytest.mark.parametrize("way", WAYS)
def test_messages_sent_to_a_person_on_hold_during_the_run_are_kept(
    sue: Any, sam: Any, alice: Any, bob: Any, charlie: Any, way: dict[str, str], one_by_one: None, monkeypatch: Any
) -> None:
    """An import may add some: each batch checks its own messages."""
    write(bob, charlie, minute=0)
    write(bob, charlie, minute=1)
    put_hold(alice)
    request = approved(bob, by=sue, approver=sam, **way)
    after_the_first_batch(monkeypatch, lambda: write(bob, alice, "late", minute=2))
    work_on(request)
    assert request.job is not None
    assert (request.state, request.job.result) == (State.RUNNING, STOPPED)
    assert Message.objects.filter(content="late", sender__username="bob").exists()


def test_a_message_from_a_person_on_hold_stops_anonymising(
    sue: Any, sam: Any, alice: Any, bob: Any, charlie: Any, one_by_one: None, monkeypatch: Any
) -> None:
    """Anonymising does not change received messages, but removes the name from them in the end."""
    write(bob, charlie, minute=0)
    write(bob, charlie, minute=1)
    put_hold(alice)
    request = approved(bob, by=sue, approver=sam, mode="anonymise", texts="keep")
    after_the_first_batch(monkeypatch, lambda: write(alice, bob, "late", minute=2))
    work_on(request)
    assert request.job is not None
    assert (request.state, request.job.result) == (State.RUNNING, STOPPED)
    assert User.objects.filter(username="bob").exists()


def test_finishing_an_anonymisation_waits_for_no_hold(sue: Any, sam: Any, alice: Any, bob: Any) -> None:
    """The messages are still there, under another name, and no longer change."""
    write(alice, bob)
    request = approved(bob, by=sue, approver=sam, mode="anonymise")
    request.state, request.progress = State.RUNNING, {"erased_at": timezone.now().isoformat()}
    request.save()
    put_hold(alice)
    assert not request.is_held
    assert list(DeletionRequest.objects.due(timezone.now())) == [request]
    assert not holds.deletions_stopped_by(alice.pk)


def test_the_check_takes_one_query_without_holds(bob: Any, django_assert_num_queries: Any) -> None:
    check = batches.HoldCheck()
    with django_assert_num_queries(1):
        check.run(bob.pk)


def test_checked_holds_are_not_searched_again(
    alice: Any, bob: Any, charlie: Any, django_assert_num_queries: Any
) -> None:
    put_hold(alice)
    check = batches.HoldCheck()
    check.run(bob.pk)
    with django_assert_num_queries(1):
        check.run(bob.pk)
    write(charlie, bob)
    holds.lift(Hold.objects.get(), reason="Case closed", by=None)
    put_hold(charlie)
    with pytest.raises(batches.Stopped):
        check.run(bob.pk)


def test_a_correspondent_of_a_held_account_cannot_be_deleted_directly(alice: Any, bob: Any) -> None:
    write(alice, bob)
    put_hold(alice)
    sentence = "This account exchanged messages with someone on hold. Lift that hold before anything is deleted."
    for delete in (bob.delete, User.objects.filter(pk=bob.pk).delete):
        with pytest.raises(DeletionRefused, match=re.escape(sentence)), transaction.atomic():
            delete()
    assert User.objects.filter(pk=bob.pk).exists() and Message.objects.exists()


def test_a_hold_stops_only_the_affected_account_of_a_group(
    sue: Any, sam: Any, alice: Any, bob: Any, charlie: Any
) -> None:
    write(alice, bob)
    put_hold(alice)
    group = requests.request_deletion([bob, charlie], by=sue, reason=REASON, basis=Basis.POLICY)
    assert approval.approve_group(group, by=sam) == 2
    waits, goes = (group.requests.get(user=person) for person in (bob, charlie))
    assert (waits.job, waits.status_text) == (None, WORDS)
    assert work_on(goes).state == State.DONE


def test_the_list_finds_holds_of_all_requests_in_one_query(
    sue: Any, alice: Any, bob: Any, charlie: Any, django_assert_num_queries: Any
) -> None:
    write(alice, bob)
    put_hold(alice)
    requests.request_deletion([alice, bob, charlie], by=sue, reason=REASON, basis=Basis.POLICY)
    with django_assert_num_queries(1):
        found = {request.username: request.holds for request in DeletionRequest.objects.for_list()}
    assert found == {"alice": (True, False), "bob": (False, True), "charlie": (False, False)}


def test_participants_do_not_learn_about_holds(client: Client, alice: Any, bob: Any) -> None:
    """Bob sees the same as anybody whose deletion does not end immediately."""
    write(alice, bob)
    put_hold(alice)
    client.force_login(bob)
    address = reverse("messaging:delete_user")
    asked = client.get(address).content.decode()
    done = client.post(address, {"password": "bob's password"}, follow=True).content.decode()
    assert "Your account is closed, and its deletion is under way." in done
    for page in (asked, done):
        assert "hold" not in page.lower() and "alice" not in page
    request = DeletionRequest.objects.get()
    assert (request.state, request.status_text) == (State.APPROVED, WORDS)


def test_the_commands_report_the_hold(alice: Any, bob: Any, sue: Any, sam: Any, capsys: Any) -> None:
    write(alice, bob)
    write(bob, alice)
    put_hold(alice)
    call_command("delete_account", "bob", by="sue", yes=True, reason=REASON, basis="policy")
    output = capsys.readouterr().out
    held = "Messages exchanged with alice, whose account is on hold: 2."
    assert f"{held} The deletion will not run until that hold is lifted." in output
    call_command("approve_deletion", str(DeletionRequest.objects.get().pk), by="sam")
    assert WORDS in capsys.readouterr().out
    call_command("hold_account", "alice", reason="Case 5")
    assert capsys.readouterr().out.splitlines() == [
        "Hold placed on alice. Nothing they sent or received can be deleted until it is lifted. It also "
        "stops 1 deletion of people who exchanged messages with alice."
    ]


def test_the_status_shows_the_grace_period_after_the_hold_is_lifted(sue: Any, sam: Any, alice: Any, bob: Any) -> None:
    write(alice, bob)
    placed = put_hold(alice)
    request = ask(bob, by=sue)
    assert request.status_text == "Awaiting approval by a second person, and on hold until the hold is lifted."
    approval.approve(request, by=sam)
    DeletionRequest.objects.update(runs_at=timezone.now() + timedelta(days=3))
    holds.lift(placed, reason="Case closed", by=sam)
    request.refresh_from_db()
    assert request.status_text.startswith("Approved. Runs on ")
