"""Requesting, approving, refusing and cancelling deletions: by whom, and what happens to the account meanwhile."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.accounts.models import Session, User
from ops.audit.models import Entry
from ops.conftest import make_staff
from ops.deletion import approval, holds, requests
from ops.deletion.erasing import account, batches, running
from ops.deletion.events import DeletionEvent
from ops.deletion.models import Basis, DeletionRequest, Hold, State
from ops.deletion.requests import DeletionRefused
from ops.deletion.tests.deleting import REASON, approved, ask, sam, sue, work_on

__all__ = ["sam", "sue"]


def test_a_request_closes_the_account_and_ends_its_sessions(client: Client, sue: Any, alice: Any) -> None:
    client.force_login(alice)
    assert Session.objects.get().account_id == alice.pk
    request = ask(alice, by=sue)
    alice.refresh_from_db()
    assert (alice.is_active, request.was_active, request.state) == (False, True, State.REQUESTED)
    assert not Session.objects.exists()
    assert client.get(reverse("messaging:inbox")).status_code == 302
    assert User.objects.filter(pk=alice.pk).exists()


def test_a_request_keeps_sessions_of_other_accounts(client: Client, sue: Any, alice: Any, bob: Any) -> None:
    client.force_login(bob)
    Client().get(reverse("login"))
    ask(alice, by=sue)
    assert client.get(reverse("messaging:inbox")).status_code == 200


def test_a_request_is_recorded_with_its_reason(sue: Any, alice: Any) -> None:
    request = ask(alice, by=sue)
    entry = Entry.objects.get(event=DeletionEvent.DELETION_REQUESTED)
    assert (entry.actor, entry.target_label, entry.reason) == (sue, "alice", REASON)
    assert (entry.target_type, entry.target_id) == ("deletion.deletionrequest", str(request.pk))
    assert entry.details == {"basis": "user_request", "mode": "erase"}


def test_one_refused_account_refuses_the_whole_group(sue: Any, alice: Any, rosa: Any) -> None:
    with pytest.raises(DeletionRefused) as refusal:
        requests.request_deletion([alice, rosa], by=sue, reason=REASON, basis=Basis.POLICY)
    assert str(refusal.value) == (
        "Nothing was requested: the account of rosa stays. "
        "This is a superuser's account. Only a superuser can request its deletion."
    )
    alice.refresh_from_db()
    assert alice.is_active and not DeletionRequest.objects.exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"reason": " "}, "Enter why the account is to be deleted: it is recorded."),
        ({"basis": "whim"}, "Value 'whim' is not a valid choice."),
        ({"ticket": "see mail"}, "The ticket is a reference such as SUP-123: letters, digits and ./#:-_ only."),
        (
            {"ticket": "SUP-17-Alice"},
            "The ticket names the person and would stay on the receipt. Use a reference without names.",
        ),
        ({"mode": "shred"}, "Value 'shred' is not a valid choice."),
    ],
)
def test_an_incomplete_or_invalid_request_is_refused(
    sue: Any, alice: Any, options: dict[str, str], sentence: str
) -> None:
    with pytest.raises(DeletionRefused) as refusal:
        ask(alice, by=sue, **options)
    assert str(refusal.value) == sentence
    assert not DeletionRequest.objects.exists()


@pytest.mark.parametrize("name", ["S", "up", "17", "suP"])
def test_a_name_within_a_word_does_not_count_as_naming_the_person(sue: Any, name: str) -> None:
    assert ask(make_user(name), by=sue, ticket="#SUPPORT-2017").group.ticket == "#SUPPORT-2017"


@pytest.mark.parametrize("ticket", ["SUP_alice", "ALICE", "SUP-17/alice.smith"])
def test_a_ticket_with_the_name_in_the_address_is_refused(sue: Any, alice: Any, ticket: str) -> None:
    alice.username, alice.email = "wonder", "alice@example.org"
    alice.save()
    with pytest.raises(DeletionRefused, match=r"The ticket names the person"):
        ask(User.objects.get(pk=alice.pk), by=sue, ticket=ticket)


def test_the_mode_defaults_to_the_setting(sue: Any, alice: Any, bob: Any, settings: Any) -> None:
    settings.DELETION_MODE, settings.DELETION_TEXTS = "anonymise", "keep"
    group = ask(alice, by=sue).group
    assert (group.mode, group.texts) == ("anonymise", "keep")
    group = ask(bob, by=sue, mode="erase").group
    assert (group.mode, group.texts) == ("erase", "")


def test_an_account_has_one_open_request(sue: Any, sam: Any, alice: Any) -> None:
    ask(alice, by=sue)
    with pytest.raises(DeletionRefused, match=r"Its deletion has already been requested. See People › Deletions."):
        ask(alice, by=sam)
    with pytest.raises(IntegrityError), transaction.atomic():
        DeletionRequest.objects.create(group=DeletionRequest.objects.get().group, user=alice, was_active=True)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda sue: sue, "This is your own account. Ask a colleague to request its deletion."),
        (
            lambda sue: make_staff("stan"),
            "This account may use the console. Only a superuser can request its deletion.",
        ),
    ],
)
def test_own_and_staff_accounts_have_obstacles(sue: Any, make: Any, sentence: str) -> None:
    assert requests.obstacle(make(sue), by=sue) == sentence


def test_a_plan_counts_affected_people_and_conversations(sue: Any, alice: Any, bob: Any, charlie: Any) -> None:
    first = write(bob, charlie)
    answer(first, sender=alice, receiver=charlie)  # a conversation of others, which stays
    write(alice, bob)  # one that is deleted with her account
    write(alice, alice)
    placed = holds.place(alice, kind=Hold.Kind.LEGAL, reason="Case 4", by=sue)
    (plan,) = requests.plan([alice], by=sue)
    assert (plan.people, plan.conversations, plan.counts.conversations) == (2, 1, 2)
    assert (plan.obstacle, plan.holds, plan.open_request) == (None, [placed], None)


def test_the_requester_cannot_approve(sue: Any, alice: Any) -> None:
    request = ask(alice, by=sue)
    with pytest.raises(DeletionRefused) as refusal:
        approval.approve(request, by=sue)
    assert str(refusal.value) == "You requested this, so someone else must approve it."
    with pytest.raises(DeletionRefused, match=r"Say who approves it"):
        approval.approve(request, by=None)


def test_the_database_refuses_approval_by_the_requester_or_the_person(sue: Any, alice: Any) -> None:
    request = ask(alice, by=sue)
    for approver in (sue, alice):
        with pytest.raises(IntegrityError), transaction.atomic():
            DeletionRequest.objects.filter(pk=request.pk).update(state=State.APPROVED, approved_by=approver)


@pytest.mark.parametrize("state", [State.APPROVED, State.RUNNING, State.DONE])
@pytest.mark.parametrize("pretence", ["", ", own = true"])
def test_the_database_refuses_to_run_an_unapproved_request(sue: Any, alice: Any, state: str, pretence: str) -> None:
    request = ask(alice, by=sue)
    changes = f"state = %s, username = '', email = '', reason = '', runs_at = requested_at{pretence}"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE deletion_deletionrequest SET {changes}", [state])
    request.refresh_from_db()
    assert (request.state, request.runs_at) == (State.REQUESTED, None)


def test_the_setting_allows_approval_by_one_person_and_records_it(sue: Any, alice: Any, settings: Any) -> None:
    settings.DELETION_ONE_PERSON = True
    request = approved(alice, by=sue, approver=sue)
    assert (request.state, request.approved_by, request.one_person) == (State.APPROVED, sue, True)
    receipt = work_on(request).receipt
    assert receipt is not None and receipt.one_person


def test_approval_by_a_second_person_is_not_recorded_as_one_person(
    sue: Any, sam: Any, alice: Any, settings: Any
) -> None:
    settings.DELETION_ONE_PERSON = True
    assert not approved(alice, by=sue, approver=sam).one_person


def test_a_group_is_approved_together(sue: Any, sam: Any, alice: Any, bob: Any) -> None:
    write(alice, bob)
    group = requests.request_deletion([alice, bob], by=sue, reason=REASON, basis=Basis.TEST_DATA)
    assert approval.approve_group(group, by=sam) == 2
    for request in group.requests.all():
        assert work_on(request).state == State.DONE
    assert set(User.objects.values_list("username", flat=True)) == {"sue", "sam"}


def test_cancelling_restores_the_account(sue: Any, sam: Any, alice: Any, settings: Any) -> None:
    settings.DELETION_GRACE_DAYS = 30
    sleeping = make_user("sleeping", is_active=False)
    for user in (alice, sleeping):
        was_active = user.is_active
        request = approved(user, by=sue, approver=sam)
        approval.cancel(request, by=sue, reason="They thought better of it")
        user.refresh_from_db()
        assert (request.state, request.ended_by, user.is_active) == (State.CANCELLED, sue, was_active)
    assert Entry.objects.filter(event=DeletionEvent.DELETION_CANCELLED, reason="They thought better of it").count() == 2
    assert ask(alice, by=sue).is_open


def test_refusing_restores_the_account(sue: Any, sam: Any, alice: Any) -> None:
    request = ask(alice, by=sue)
    approval.refuse(request, by=sam, reason="Not her own wish")
    alice.refresh_from_db()
    assert (request.state, alice.is_active) == (State.REFUSED, True)
    with pytest.raises(DeletionRefused, match=r"This no longer needs approval."):
        approval.approve(request, by=sam)


@pytest.mark.parametrize("decide", [approval.cancel, approval.refuse])
def test_only_a_superuser_reopens_the_account_of_staff(sue: Any, sam: Any, rosa: Any, decide: Any) -> None:
    """Closing it needs a superuser as well."""
    request = ask(sam, by=rosa)
    with pytest.raises(DeletionRefused, match="Only a superuser can reopen it"):
        decide(request, by=sue, reason="A friend")
    sam.refresh_from_db()
    assert not sam.is_active
    root = make_user("root", is_staff=True, is_superuser=True)
    decide(request, by=root, reason="A mistake")
    sam.refresh_from_db()
    assert sam.is_active


def test_a_finished_deletion_cannot_be_cancelled(sue: Any, sam: Any, alice: Any) -> None:
    request = work_on(approved(alice, by=sue, approver=sam))
    with pytest.raises(DeletionRefused) as refusal:
        approval.cancel(request, by=sue, reason="Too late")
    assert str(refusal.value) == "Too late: this was already decided, or the erasure has started."


def test_a_deletion_waits_for_the_end_of_the_grace_period(sue: Any, sam: Any, alice: Any, settings: Any) -> None:
    settings.DELETION_GRACE_DAYS = 30
    request = approved(alice, by=sue, approver=sam)
    now = timezone.now()
    assert (request.job, running.start_due(now + timedelta(days=29))) == (None, 0)
    early = running.start(request)
    work_on(request)
    early.refresh_from_db()
    assert early.result == {"stopped": "The grace period is not over."}
    DeletionRequest.objects.update(runs_at=now)
    assert running.start_due(now) == 1
    assert work_on(request).state == State.DONE


def test_a_hold_stops_a_deletion_until_it_is_lifted(sue: Any, sam: Any, alice: Any) -> None:
    placed = holds.place(alice, kind=Hold.Kind.INVESTIGATION, reason="Case 4", by=sam)
    request = approved(alice, by=sue, approver=sam)
    assert (request.job, running.start_due(timezone.now())) == (None, 0)
    assert request.status_text == "On hold. Erasure starts when the hold is lifted."
    holds.lift(placed, reason="Case closed", by=sam)
    assert running.start_due(timezone.now()) == 1
    assert running.start_due(timezone.now()) == 0
    assert work_on(request).state == State.DONE


def test_a_hold_stops_a_deletion_between_two_batches(
    sue: Any, sam: Any, alice: Any, bob: Any, monkeypatch: Any
) -> None:
    for _ in range(3):
        write(alice, bob)
    monkeypatch.setattr(batches, "FIRST_SIZE", 1)
    monkeypatch.setattr(batches, "MOST_SIZE", 1)
    monkeypatch.setattr(batches, "LEAST_SIZE", 1)
    request = approved(alice, by=sue, approver=sam)
    erase_batch = account.erasure.erase_batch

    def held_after_the_first(user_id: Any, counts: Any, **options: Any) -> int:
        if counts.messages == 1:
            Hold.objects.create(user_id=user_id, kind=Hold.Kind.LEGAL, reason="Case 5")
        return erase_batch(user_id, counts, **options)

    monkeypatch.setattr(account.erasure, "erase_batch", held_after_the_first)
    work_on(request)
    monkeypatch.setattr(account.erasure, "erase_batch", erase_batch)
    assert (request.state, request.progress["counts"]["messages_sent"]) == (State.RUNNING, 2)
    assert request.job is not None
    assert request.job.result == {"stopped": "On hold. Erasure continues when the hold is lifted."}
    holds.lift(Hold.objects.get(), reason="Case closed", by=sam)
    assert running.start_due(timezone.now()) == 1
    receipt = work_on(request).receipt
    assert receipt is not None and receipt.counts["messages_sent"] == 3


def test_an_account_on_hold_cannot_be_deleted_directly(sue: Any, alice: Any) -> None:
    holds.place(alice, kind=Hold.Kind.LEGAL, reason="Case 4", by=sue)
    sentence = "This account is on hold. Lift the hold before anything of it is deleted."
    for delete in (alice.delete, User.objects.filter(pk=alice.pk).delete):
        with pytest.raises(DeletionRefused, match=re.escape(sentence)), transaction.atomic():
            delete()
    assert User.objects.filter(pk=alice.pk).exists()


def test_holds_are_recorded_and_need_reasons(sue: Any, alice: Any) -> None:
    with pytest.raises(holds.HoldRefused, match=r"Enter the reason for the hold: it is recorded."):
        holds.place(alice, kind=Hold.Kind.LEGAL, reason="", by=sue)
    placed = holds.place(alice, kind=Hold.Kind.LEGAL, reason="Case 4", by=sue)
    with pytest.raises(holds.HoldRefused, match=r"Enter why the hold is no longer needed: it is recorded."):
        holds.lift(placed, reason=" ", by=sue)
    holds.lift(placed, reason="Case closed", by=sue)
    with pytest.raises(holds.HoldRefused, match=r"This hold has already been lifted."):
        holds.lift(placed, reason="Again", by=sue)
    entries = Entry.objects.filter(event__in=[DeletionEvent.ACCOUNT_HELD, DeletionEvent.HOLD_LIFTED]).order_by("pk")
    assert list(entries.values_list("reason", "details")) == [
        ("Case 4", {"kind": "legal"}), ("Case closed", {"kind": "legal"}),
    ]  # fmt: skip


def test_a_finished_request_stays_in_the_list(sue: Any, sam: Any, alice: Any) -> None:
    done = work_on(approved(alice, by=sue, approver=sam))
    sue.delete()
    (request,) = DeletionRequest.objects.for_list()
    assert (request, request.requested_by, request.approved_by) == (done, None, sam)


def test_a_list_of_requests_takes_one_query(sue: Any, alice: Any, bob: Any, django_assert_num_queries: Any) -> None:
    requests.request_deletion([alice, bob], by=sue, reason=REASON, basis=Basis.POLICY)
    with django_assert_num_queries(1):
        for request in DeletionRequest.objects.for_list():
            assert (request.status_text, request.username, request.group.basis) and not request.is_held
