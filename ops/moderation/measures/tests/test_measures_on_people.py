"""Measures on people: who may take them on whom, what they do, how they end, and what undoing restores."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from messaging.participants.standing import standing_of
from messaging.tests.conversations import write
from ops.accounts.signing_in.sessions import Session
from ops.audit.models import Entry
from ops.conftest import make_staff
from ops.deletion.models import DeletionRequest
from ops.deletion.models import State as RequestState
from ops.moderation import decisions, erased
from ops.moderation.measures import registry
from ops.moderation.measures.kinds import Order
from ops.moderation.measures.tests.conftest import Clock
from ops.moderation.models import Act, Case, Claim, Decision, Flag, Measure, Outcome
from ops.moderation.refusals import DecisionRefused
from ops.moderation.tests.desk import LEADING, decided

WEEK = timedelta(days=7)


@pytest.fixture
def case(reported: Any, spam: Any) -> Case:
    return reported(spam).case


def until(period: timedelta = WEEK) -> Any:
    return timezone.now() + period


def on(act: Act, user: Any, period: timedelta = WEEK) -> Order:
    return Order(act, user=user.pk, until=until(period) if act in (Act.SUSPEND, Act.RESTRICT) else None)


def decide(case: Case, by: Any, label: Any, *orders: Order, sent: str = "You sent spam", **fields: Any) -> Decision:
    Claim.objects.all().delete()  # any earlier claim
    return decided(case, by, label, measures=orders, sent=sent, **fields)


def undone(decision: Decision, by: Any) -> list[str]:
    """Undo a decision, and return what stays, in sentences."""
    stays = list(decisions.preview_undo(decision, by=by).plan.stays.values())
    decisions.undo(decision.pk, by=by)
    return stays


def test_every_act_has_a_class() -> None:
    assert set(registry.KINDS) == set(Act)


class TestDeciding:
    def test_a_decision_takes_several_measures(self, case: Case, mona: Any, spam: Any, alice: Any, bob: Any) -> None:
        message = case.flags.get().message_id
        orders = on(Act.WARN, alice), on(Act.SUSPEND, alice), on(Act.RESTRICT, bob)
        decision = decide(case, mona, spam, *orders, hides=[message])
        made = {(one.act, one.message_id, one.user_id) for one in decision.measures.all()}
        assert made == {
            ("hide", message, None),
            ("warn", None, alice.pk),
            ("suspend", None, alice.pk),
            ("restrict", None, bob.pk),
        }
        details = Entry.objects.get(event="moderation.decided").details
        assert details["measures"] == {"hide": 1, "warn": 1, "restrict": 1, "suspend": 1}

    def test_a_report_is_dismissed_though_its_reporter_is_warned(
        self, case: Case, mona: Any, spam: Any, bob: Any
    ) -> None:
        decide(case, mona, spam, on(Act.WARN, bob))
        assert Flag.objects.get().outcome == Outcome.DISMISSED

    @pytest.mark.parametrize("act", [Act.WARN, Act.SUSPEND, Act.RESTRICT])
    def test_a_measure_without_a_text_is_refused(self, case: Case, mona: Any, spam: Any, alice: Any, act: Act) -> None:
        with pytest.raises(DecisionRefused, match="Write the text that is sent"):
            decide(case, mona, spam, on(act, alice), sent=" ")

    def test_strangers_to_the_case_are_refused(self, case: Case, mona: Any, spam: Any, charlie: Any) -> None:
        with pytest.raises(DecisionRefused, match="only people whose messages, or to whom, were reported"):
            decide(case, mona, spam, on(Act.WARN, charlie))
        assert not Measure.objects.exists()

    def test_only_leads_limit_people_for_longer_than_a_week(self, case: Case, mona: Any, spam: Any, alice: Any) -> None:
        for act in (Act.SUSPEND, Act.RESTRICT):
            with pytest.raises(DecisionRefused, match=r"Only a Lead can .* for more than 7 days"):
                decide(case, mona, spam, on(act, alice, timedelta(days=8)))
        lead = make_staff("lead", *LEADING, "suspend_longer")
        decide(case, lead, spam, on(Act.SUSPEND, alice, timedelta(days=90)))
        assert standing_of(alice).sending is not None

    def test_an_end_is_in_the_next_year(self, case: Case, mona: Any, spam: Any, alice: Any) -> None:
        for period in (timedelta(0), timedelta(days=400)):
            with pytest.raises(DecisionRefused, match="within the next 366 days"):
                decide(case, mona, spam, on(Act.SUSPEND, alice, period))

    def test_only_leads_suspend_staff_and_they_cannot_suspend_superusers(
        self, case: Case, spam: Any, mona: Any, alice: Any, admin_user: Any
    ) -> None:
        alice.is_staff = True
        alice.save()
        with pytest.raises(DecisionRefused, match="alice may use the console: only a Lead can suspend them"):
            decide(case, mona, spam, on(Act.SUSPEND, alice))
        lead = make_staff("lead", *LEADING, "measure_staff")
        alice.is_superuser = True
        alice.save()
        with pytest.raises(DecisionRefused, match="only another superuser can suspend them"):
            decide(case, lead, spam, on(Act.SUSPEND, alice))
        alice.is_superuser = False
        alice.save()
        decide(case, lead, spam, on(Act.SUSPEND, alice))
        assert standing_of(alice).sending is not None

    def test_sessions_of_the_suspended_end(self, case: Case, mona: Any, spam: Any, alice: Any, client: Any) -> None:
        client.force_login(alice)
        assert Session.objects.filter(account_id=alice.pk).exists()
        decide(case, mona, spam, on(Act.SUSPEND, alice))
        assert not Session.objects.filter(account_id=alice.pk).exists()


class TestEnding:
    def test_a_suspension_ends_by_the_clock(
        self, clock: Clock, case: Case, mona: Any, spam: Any, alice: Any, bob: Any
    ) -> None:
        decide(case, mona, spam, on(Act.SUSPEND, alice), on(Act.RESTRICT, bob))
        assert standing_of(alice).sending is not None
        assert standing_of(bob).beginning is not None
        clock.tick(WEEK + timedelta(seconds=1))
        assert (standing_of(alice).sending, standing_of(bob).beginning) == (None, None)

    def test_undoing_ends_all(self, case: Case, mona: Any, spam: Any, alice: Any, bob: Any) -> None:
        decision = decide(case, mona, spam, on(Act.SUSPEND, alice), on(Act.WARN, alice), on(Act.RESTRICT, bob))
        assert undone(decision, mona) == []
        for person in (alice, bob):
            assert (standing_of(person).limits, standing_of(person).warnings) == ([], [])
        details = Entry.objects.get(event="moderation.undone").details
        assert details["restored"] == {"suspend": 1, "warn": 1, "restrict": 1}

    def test_undoing_lists_a_suspension_that_is_over(
        self, clock: Clock, case: Case, mona: Any, spam: Any, alice: Any
    ) -> None:
        decision = decide(case, mona, spam, on(Act.SUSPEND, alice))
        clock.tick(WEEK + timedelta(seconds=1))
        (sentence,) = undone(decision, mona)
        assert sentence.startswith("alice was suspended until ")
        assert sentence.endswith("that is over already.")

    def test_a_suspension_stays_until_the_other_decision_on_it_is_undone(
        self, case: Case, reported: Any, mona: Any, spam: Any, alice: Any, charlie: Any
    ) -> None:
        first = decide(case, mona, spam, on(Act.SUSPEND, alice, timedelta(days=1)))
        other = reported(spam, message=write(alice, charlie, "Send me more"), by=charlie).case
        second = decide(other, mona, spam, on(Act.SUSPEND, alice))
        assert second.measures.get().before is True
        (sentence,) = undone(first, mona)
        assert sentence.startswith("alice stays suspended until ")
        assert standing_of(alice).sending is not None
        assert undone(second, mona) == []
        assert standing_of(alice).sending is None

    def test_a_confirmed_warning_stays_read(self, case: Case, mona: Any, spam: Any, alice: Any) -> None:
        decision = decide(case, mona, spam, on(Act.WARN, alice))
        Measure.objects.update(confirmed_at=timezone.now())
        assert undone(decision, mona) == ["alice confirmed the warning already: it stays read."]


class TestRequestingDeletion:
    @pytest.fixture
    def lead(self, db: Any) -> Any:
        return make_staff("lead", *LEADING, "request_deletion")

    def test_without_the_permission_it_is_refused(self, case: Case, mona: Any, spam: Any, alice: Any) -> None:
        with pytest.raises(DecisionRefused, match="You may not request deletions"):
            decide(case, mona, spam, on(Act.DELETE, alice))

    def test_the_decision_requests_a_deletion_and_undoing_cancels_it(
        self, case: Case, lead: Any, spam: Any, alice: Any
    ) -> None:
        decision = decide(case, lead, spam, on(Act.DELETE, alice))
        request = DeletionRequest.objects.get(user=alice)
        alice.refresh_from_db()
        assert (request.state, request.requested_by, alice.is_active) == (RequestState.REQUESTED, lead, False)
        assert undone(decision, lead) == []
        request.refresh_from_db()
        alice.refresh_from_db()
        assert (request.state, alice.is_active) == (RequestState.CANCELLED, True)

    def test_a_decided_deletion_request_stays(self, case: Case, lead: Any, spam: Any, alice: Any) -> None:
        decision = decide(case, lead, spam, on(Act.DELETE, alice))
        DeletionRequest.objects.update(state=RequestState.REFUSED)
        assert undone(decision, lead) == ["A deletion request stays as it is: refused."]

    def test_undoing_without_the_permission_to_cancel_keeps_the_request(
        self, case: Case, lead: Any, lena: Any, spam: Any, alice: Any
    ) -> None:
        decision = decide(case, lead, spam, on(Act.DELETE, alice))
        assert undone(decision, lena) == ["A deletion request stays: you may not cancel it. Ask a Lead."]
        assert DeletionRequest.objects.get().state == RequestState.REQUESTED

    def test_a_second_deletion_request_is_refused_with_a_reason(
        self, case: Case, lead: Any, spam: Any, alice: Any
    ) -> None:
        decide(case, lead, spam, on(Act.DELETE, alice))
        decisions.undo(Decision.objects.get().pk, by=lead)
        DeletionRequest.objects.update(state=RequestState.REQUESTED)
        with pytest.raises(DecisionRefused, match="has already been requested"):
            decide(case, lead, spam, on(Act.DELETE, alice))


def test_an_erased_person_is_in_no_measure(case: Case, mona: Any, spam: Any, alice: Any) -> None:
    decision = decide(case, mona, spam, on(Act.SUSPEND, alice), on(Act.WARN, alice))
    erased.forget(alice.pk)
    assert set(Measure.objects.values_list("user", "facts")) == {(None, None)}
    assert set(decisions.preview_undo(decision, by=mona).plan.stays.values()) == {
        "An account that it concerned was erased."
    }
    words = registry.in_words(list(decision.measures.all()), {}, upholds=True)
    assert words[0] == "an erased account warned"
