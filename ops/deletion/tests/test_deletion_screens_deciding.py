"""Deciding about deletions in the console: a second person, the grace period, holds, and the status of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.accounts.models import User
from ops.conftest import make_staff
from ops.deletion import approval, holds, requests
from ops.deletion.models import DeletionGroup, DeletionRequest, Hold, Mode, State, Texts
from ops.deletion.tests.deleting import approved, ask, work_on
from ops.deletion.tests.screens import make_role, page_of, sam, signed_in, sue, words
from ops.deletion.views import pages as deletion_pages
from ops.jobs.tests.working import run_all_jobs

__all__ = ["sam", "sue"]

LIST = reverse("admin:deletion_deletionrequest_changelist")


def act_on(asked: DeletionRequest, act: str) -> str:
    return reverse(f"admin:deletion_deletionrequest_{act}", args=[asked.pk])


# --- Approving, refusing, cancelling -----------------------------------------------------------------------------


def test_a_second_person_approves_by_typing_the_name(sue: Any, sam: Any, alice: Any, bob: Any) -> None:
    write(alice, bob)
    asked = ask(alice, by=sue)
    client = signed_in(sam)
    assert "Approve deletion…" in words(client.get(page_of(asked)))
    page = words(client.get(act_on(asked, "approve")))
    assert "Reason They wrote to us" in page
    assert "1 message sent and 0 received" in page
    assert "It starts within moments of your approval. It cannot be undone." in page
    assert "That is not “alice”" in words(client.post(act_on(asked, "approve"), {"typed": "bob"}))
    response = client.post(act_on(asked, "approve"), {"typed": "alice"}, follow=True)
    assert "Deletion of alice approved." in words(response)
    run_all_jobs()
    page = words(client.get(page_of(asked)))
    assert "Deletion of an erased account" in page
    assert "Erased. See the receipt. Open the receipt" in page
    assert "Messages sent 1" in page and "The account and its sign-in ✓ removed" in page
    assert "alice" not in page
    assert not User.objects.filter(username="alice").exists()


def test_the_requester_sees_why_they_cannot_approve(sue: Any, alice: Any) -> None:
    asked = ask(alice, by=sue)
    client = signed_in(sue)
    own = "You requested this, so someone else must approve it."
    page = words(client.get(page_of(asked)))
    assert own in page
    assert "Approve deletion…" not in page and "Refuse…" not in page
    assert "Cancel request and reopen account…" in page
    assert own in words(client.get(act_on(asked, "approve")))
    assert own in words(client.post(act_on(asked, "approve"), {"typed": "alice"}))
    asked.refresh_from_db()
    assert asked.state == State.REQUESTED


def test_the_page_reports_approval_by_one_person(sue: Any, alice: Any, settings: Any) -> None:
    settings.DELETION_ONE_PERSON, settings.DELETION_GRACE_DAYS = True, 3
    asked = ask(alice, by=sue)
    client = signed_in(sue)
    client.post(act_on(asked, "approve"), {"typed": "alice"})
    assert "By one person alone, which this installation allows." in words(client.get(page_of(asked)))


def test_a_deletion_is_cancelled_in_the_grace_period(sue: Any, sam: Any, alice: Any, settings: Any) -> None:
    settings.DELETION_GRACE_DAYS = 30
    asked = ask(alice, by=sue)
    client = signed_in(sam)
    day = timezone.localtime(timezone.now() + timedelta(days=30))
    assert f"It starts on {day:%-d %B %Y}, in 30 days." in words(client.get(act_on(asked, "approve")))
    client.post(act_on(asked, "approve"), {"typed": "alice"})
    page = words(client.get(page_of(asked)))
    assert "Until then it can be cancelled and the account reopened." in page
    assert "alice can sign in again at once." in words(client.get(act_on(asked, "cancel")))
    assert "Enter a reason" in words(client.post(act_on(asked, "cancel"), {"reason": ""}))
    page = words(client.post(act_on(asked, "cancel"), {"reason": "She changed her mind"}, follow=True))
    assert "Cancelled. Nothing was deleted; the account is as it was before." in page
    assert "✕ Cancelled by sam" in page
    assert "What will be removed" not in page
    assert User.objects.get(pk=alice.pk).is_active


def test_a_refused_request_shows_who_refused_it(sue: Any, sam: Any, alice: Any) -> None:
    asked = ask(alice, by=sue)
    page = words(signed_in(sam).post(act_on(asked, "refuse"), {"reason": "Wrong account"}, follow=True))
    assert "Refused. Nothing was deleted; the account is as it was before." in page
    assert "✕ Refused by sam" in page


def test_the_page_says_that_a_closed_account_stays_closed(sue: Any, sam: Any) -> None:
    asked = ask(make_user("gus", is_active=False), by=sue)
    client = signed_in(sam)
    for act in ("refuse", "cancel"):
        assert "The account stays closed, as it was before." in words(client.get(act_on(asked, act)))


@pytest.mark.parametrize(
    ("act", "data", "sentence"),
    [
        ("approve", {"typed": "alice"}, "This no longer needs approval."),
        ("refuse", {"reason": "Late"}, "Too late: this was already decided, or the erasure has started."),
        ("cancel", {"reason": "Late"}, "Too late: this was already decided, or the erasure has started."),
    ],
)
def test_a_late_decision_is_refused_with_a_sentence(
    sue: Any, sam: Any, alice: Any, act: str, data: dict[str, str], sentence: str
) -> None:
    asked = ask(alice, by=sue)
    approval.refuse(asked, by=sam, reason="Wrong account")
    assert sentence in words(signed_in(sam).post(act_on(asked, act), data))


def test_an_own_request_needs_no_approval_and_support_can_cancel_it(sam: Any, alice: Any, settings: Any) -> None:
    settings.DELETION_GRACE_DAYS = 30
    own = requests.request_own_deletion(alice)
    client = signed_in(sam)
    page = words(client.get(page_of(own)))
    assert "Requested by the person themselves" in page
    assert "The person’s own request: nobody else has to approve it." in page
    client.post(act_on(own, "cancel"), {"reason": "They wrote to support"})
    assert User.objects.get(pk=alice.pk).is_active


# --- Holds -------------------------------------------------------------------------------------------------------


def test_a_hold_is_placed_and_lifted_from_the_page_of_the_deletion(sue: Any, sam: Any, alice: Any) -> None:
    asked = ask(alice, by=sue)
    client = signed_in(make_role("lena", "Lead"))
    place = reverse("admin:accounts_user_hold", args=[alice.pk])
    assert place in client.get(page_of(asked)).content.decode()
    assert "Enter the reason for the hold." in words(client.post(place, {"kind": "legal", "reason": " "}))
    response = client.post(place, {"kind": "legal", "reason": "The blue bicycle"}, follow=True)
    assert response.redirect_chain == [(page_of(asked), 302)]
    page = words(response)
    assert "Hold placed on alice. Nothing they sent or received can be deleted until it is lifted." in page
    assert "Awaiting approval by a second person, and on hold until the hold is lifted." in page
    assert "Place another hold…" in page
    assert "Legal hold ‖ open by lena" in page and "The blue bicycle" in page

    held = Hold.objects.get()
    lift = reverse("admin:deletion_hold_lift", args=[held.pk])
    assert lift in response.content.decode()
    assert "Deletion of this account has been requested; it still has to be approved." in words(client.get(lift))
    approval.approve(asked, by=sam)
    assert "A deletion of this account is approved." in words(client.get(lift))
    page = words(client.post(lift, {"reason": "Settled"}, follow=True))
    assert "Hold lifted." in page
    assert "lifted by lena" in page and "Lifted: Settled" in page
    assert "This hold has already been lifted." in words(client.post(lift, {"reason": "Again"}))


def test_a_hold_without_a_request_is_shown_on_the_users_page(sue: Any, alice: Any) -> None:
    client = signed_in(sue)
    place = reverse("admin:accounts_user_hold", args=[alice.pk])
    response = client.post(place, {"kind": "investigation", "reason": "Spam wave"}, follow=True)
    assert response.redirect_chain == [(reverse("admin:accounts_user_change", args=[alice.pk]), 302)]
    assert "Investigation since" in words(response)


def test_lifting_one_of_two_holds_leaves_the_other(sue: Any, alice: Any) -> None:
    first = holds.place(alice, kind="legal", reason="One", by=sue)
    holds.place(alice, kind="legal", reason="Two", by=sue)
    lift = reverse("admin:deletion_hold_lift", args=[first.pk])
    page = words(signed_in(sue).post(lift, {"reason": "Settled"}, follow=True))
    assert "Hold lifted. Another one is still open." in page


# --- Groups ------------------------------------------------------------------------------------------------------


@pytest.fixture
def group(sue: Any, alice: Any, bob: Any) -> Any:
    return requests.request_deletion([alice, bob], by=sue, reason="Left over from a test", basis="test_data")


def of_group(group: Any, act: str = "") -> str:
    return reverse(f"admin:deletion_deletiongroup{act}", args=[group.pk])


def test_a_group_shows_each_account_and_is_approved_together(sam: Any, group: Any) -> None:
    client = signed_in(sam)
    page = words(client.get(of_group(group)))
    assert "Deletion of 2 accounts" in page
    assert "0 of 2 finished, 2 awaiting approval" in page
    assert "Approve all 2…" in page and "Cancel all 2…" in page
    assert "That is not “delete 2 accounts”" in words(client.post(of_group(group, "_approve"), {"typed": "alice"}))
    page = words(client.post(of_group(group, "_approve"), {"typed": "delete 2 accounts"}, follow=True))
    assert "Deletion of 2 accounts approved." in page
    assert "0 of 2 finished" in page
    run_all_jobs()
    page = words(client.get(of_group(group)))
    assert "2 of 2 finished" in page
    assert page.count("✓ erased") == 2
    assert "alice" not in page and "bob" not in page


def test_the_approval_of_a_group_shows_counts_and_holds_of_each_account(sam: Any, group: Any, alice: Any) -> None:
    holds.place(alice, by=sam, kind=Hold.Kind.LEGAL, reason="Court of Arles")
    write(alice, make_user("otto"))
    client = signed_in(sam)
    page = words(client.get(of_group(group, "_approve")))
    assert "alice 1 0 0 1 1 0" in page and "bob 0 0 0 0 0 0" in page
    assert "Court of Arles" in page
    assert "has already been requested" not in page
    DeletionGroup.objects.update(mode=Mode.ANONYMISE, texts=Texts.BLANK)
    page = words(client.get(of_group(group, "_approve")))
    assert "Conversations emptied" not in page and "alice" in page


def test_the_requester_of_a_group_cannot_approve_it(sue: Any, group: Any) -> None:
    client = signed_in(sue)
    own = "You requested this, so someone else must approve it."
    page = words(client.get(of_group(group)))
    assert own in page and "Approve all" not in page
    assert own in words(client.post(of_group(group, "_approve"), {"typed": "delete 2 accounts"}))
    assert not DeletionRequest.objects.exclude(state=State.REQUESTED).exists()


def test_cancelling_a_group_reopens_the_remaining_accounts(sue: Any, sam: Any, group: Any, alice: Any) -> None:
    work_on(_store_approval(group.requests.get(user=alice), by=sam))
    client = signed_in(sue)
    page = words(client.get(of_group(group)))
    assert "1 of 2 finished, 1 awaiting approval" in page
    page = words(client.post(of_group(group, "_cancel"), {"reason": "Wrong list"}, follow=True))
    assert "Cancelled for 1 account. Nothing was deleted; the account is as it was before." in page
    assert User.objects.get(username="bob").is_active


def _store_approval(asked: DeletionRequest, *, by: Any) -> DeletionRequest:
    approval.approve(asked, by=by)
    return asked


# --- The list ----------------------------------------------------------------------------------------------------


def test_the_list_shows_and_filters_by_state(sue: Any, sam: Any, alice: Any, bob: Any, charlie: Any) -> None:
    client = signed_in(sam)
    assert "No deletions have been requested yet. Open a user" in words(client.get(LIST))
    work_on(approved(alice, by=sue, approver=sam, ticket="SUP-1"))
    ask(bob, by=sue, ticket="SUP-2")
    holds.place(bob, kind="legal", reason="The blue bicycle", by=sue)
    approval.refuse(ask(charlie, by=sue, ticket="SUP-3"), by=sam, reason="No")
    page = words(client.get(LIST))
    assert "an erased account ✓ erased Erase The user’s request · SUP-1 sue, sam" in page
    assert "bob ‖ on hold … awaiting approval" in page
    assert "charlie ✕ refused" in page
    for state, number in [("requested", 1), ("done", 1), ("refused", 1), ("held", 1), ("running", 0), ("", 3)]:
        found = client.get(f"{LIST}?state={state}").context["cl"].result_list
        assert len(found) == number, state
    assert [row.username for row in client.get(f"{LIST}?q=BOB").context["cl"].result_list] == ["bob"]


def test_the_number_of_queries_of_the_list_does_not_grow(
    sue: Any, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(sue)
    ask(make_user("one"), by=sue)
    client.get(LIST)
    with django_assert_max_num_queries(10) as few:
        client.get(LIST)
    for number in range(12):
        ask(make_user(f"person {number}"), by=sue)
    with django_assert_num_queries(len(few)):
        client.get(LIST)


def test_the_number_of_queries_of_a_group_does_not_grow(
    sue: Any, sam: Any, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(sam)

    def group_of(*names: str) -> str:
        users = [make_user(name) for name in names]
        return of_group(requests.request_deletion(users, by=sue, reason="Old", basis="test_data"))

    client.get(LIST)
    few, many = group_of("a"), group_of(*(f"b{number}" for number in range(9)))
    with django_assert_max_num_queries(9) as pinned:
        client.get(few)
    with django_assert_num_queries(len(pinned)):
        client.get(many)


# --- Contents of pages -------------------------------------------------------------------------------------------


def moments(asked: DeletionRequest) -> list[tuple[str, str]]:
    people = deletion_pages.people_of(asked)
    return [(moment.title, moment.standing) for moment in deletion_pages.timeline(asked, people)]


def test_the_timeline_goes_from_the_request_to_the_receipt(sue: Any, sam: Any, alice: Any, settings: Any) -> None:
    settings.DELETION_GRACE_DAYS = 1
    asked = ask(alice, by=sue)
    assert moments(asked) == [
        ("Requested", "done"), ("Approval", "now"), ("Erased", "later"), ("Receipt", "later"),
    ]  # fmt: skip
    approval.approve(asked, by=sam)
    begun = [("Requested", "done"), ("Approved", "done")]
    assert moments(asked) == [*begun, ("Waits until", "now"), ("Erased", "later"), ("Receipt", "later")]
    asked.state = State.RUNNING
    assert moments(asked) == [*begun, ("Waited until", "done"), ("Being erased", "now"), ("Receipt", "later")]
    asked.state = State.DONE
    assert moments(asked) == [*begun, ("Waited until", "done"), ("Erased", "done"), ("Receipt written", "done")]


def test_a_deleted_requester_is_shown_by_id(sue: Any, sam: Any, alice: Any) -> None:
    asked = ask(alice, by=sue)
    number = sue.pk
    User.objects.filter(pk=number).delete()
    page = words(signed_in(sam).get(page_of(asked)))
    assert f"Requested by account {number} (erased)" in page
    assert "an erased account" in words(signed_in(sam).get(LIST))


def test_progress_is_shown_while_a_job_runs(sue: Any, sam: Any, alice: Any, bob: Any) -> None:
    answer(write(alice, bob))
    asked = approved(alice, by=sue, approver=sam)
    client = signed_in(sam)
    part = reverse("admin:deletion_deletionrequest_progress", args=[asked.pk])
    assert part in client.get(page_of(asked)).content.decode()
    assert "Waiting" in words(client.get(part))
    assert client.get(of_group(asked.group, "_progress")).status_code == 200
    work_on(asked)
    assert client.get(part, headers={"hx-request": "true"})["HX-Refresh"] == "true"
    assert client.get(part)["Location"] == page_of(asked)
    assert part not in client.get(page_of(asked)).content.decode()


def test_unknown_pages_are_not_found(sue: Any, alice: Any) -> None:
    client = signed_in(sue)
    unknown = "00000000-0000-4000-8000-000000000000"
    pages: list[Callable[[], Any]] = [
        lambda: client.get(reverse("admin:deletion_deletionrequest_change", args=[unknown])),
        lambda: client.get(reverse("admin:deletion_deletionrequest_change", args=["nonsense"])),
        lambda: client.get(reverse("admin:deletion_deletionrequest_approve", args=[unknown])),
        lambda: client.get(reverse("admin:deletion_deletiongroup", args=[unknown])),
        lambda: client.get(reverse("admin:deletion_receipt", args=[unknown])),
        lambda: client.get(reverse("admin:deletion_hold_lift", args=[unknown])),
        lambda: client.get(reverse("admin:accounts_user_hold", args=[99999])),
        lambda: client.get(reverse("admin:accounts_user_hold", args=[int("9" * 30)])),
    ]
    assert [page().status_code for page in pages] == [404] * len(pages)


def test_each_act_needs_its_own_permission(sue: Any, alice: Any) -> None:
    asked = ask(alice, by=sue)
    held = holds.place(alice, kind="legal", reason="The blue bicycle", by=sue)
    needs = {
        act_on(asked, "approve"): "approve_deletionrequest",
        act_on(asked, "refuse"): "approve_deletionrequest",
        act_on(asked, "cancel"): "delete_user",
        of_group(asked.group): "view_deletionrequest",
        of_group(asked.group, "_approve"): "approve_deletionrequest",
        of_group(asked.group, "_cancel"): "delete_user",
        reverse("admin:accounts_user_hold", args=[alice.pk]): "hold_account",
        reverse("admin:deletion_hold_lift", args=[held.pk]): "hold_account",
        reverse("admin:deletion_erased"): "view_receipt",
        page_of(asked): "view_deletionrequest",
    }
    everything = {*needs.values(), "view_user"}
    for number, (address, needed) in enumerate(needs.items()):
        without = signed_in(make_staff(f"without {number}", *(everything - {needed})))
        alone: Client = signed_in(make_staff(f"alone {number}", needed))
        assert (without.get(address).status_code, without.post(address).status_code) == (403, 403), address
        assert alone.get(address).status_code == 200, address


def test_the_number_of_queries_of_a_deletion_does_not_grow(
    sue: Any, sam: Any, alice: Any, bob: Any, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    asked = ask(alice, by=sue)
    client = signed_in(sam)
    client.get(page_of(asked))
    with django_assert_max_num_queries(30) as pinned:  # two check whether there is time to count everything else
        client.get(page_of(asked))
    for minute in range(20):
        write(alice, bob, minute=minute)
        holds.place(alice, kind="legal", reason=f"Case {minute}", by=sue)
    with django_assert_num_queries(len(pinned)):
        client.get(page_of(asked))


def test_lifting_a_hold_in_the_grace_period_says_when_the_deletion_runs(
    sue: Any, sam: Any, alice: Any, settings: Any
) -> None:
    settings.DELETION_GRACE_DAYS = 30
    held = holds.place(alice, kind="legal", reason="The blue bicycle", by=sue)
    asked = approved(alice, by=sue, approver=sam)
    assert asked.runs_at is not None
    page = words(signed_in(sam).get(reverse("admin:deletion_hold_lift", args=[held.pk])))
    day = timezone.localtime(asked.runs_at)
    assert f"It runs on {day:%-d %B %Y}, unless another hold is open; it can be cancelled until then." in page
    assert "within a minute" not in page
