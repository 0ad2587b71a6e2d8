"""Claims: the best case that a reviewer may decide is theirs alone for as long as they work on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from messaging.tests.conversations import write
from ops.audit import readings
from ops.audit.models import Entry
from ops.audit.recording import NotRecorded
from ops.audit.tests.on_the_disk import as_in_production, waits_for_the_disk
from ops.moderation import claims, decisions
from ops.moderation.claiming import taking
from ops.moderation.models import Case, Claim, Comfort, Label, Skip, State
from ops.moderation.refusals import ClaimRefused
from ops.moderation.tests.desk import decided, many_reports

__all__ = ["as_in_production", "waits_for_the_disk"]

only_postgresql = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite takes several statements")


def run_out(case: Case) -> None:
    """Expire the claim on a case."""
    Claim.objects.filter(case=case).update(expires_at=Now() - timedelta(seconds=1))


def test_the_most_urgent_case_comes_first(spam: Any, threat: Any, mona: Any, mike: Any, reported: Any) -> None:
    first, _ = many_reports(spam, 2)
    urgent = reported(threat).case
    assert claims.claim_next(mona).case == urgent  # type: ignore[union-attr]
    assert claims.claim_next(mike).case == first  # type: ignore[union-attr]
    assert claims.claim_next(mona).case == urgent  # type: ignore[union-attr]
    assert claims.claim_next(mike).case == first  # type: ignore[union-attr]


@pytest.mark.parametrize("waiting", [{"waits_until": timezone.now()}, {"waits_for_reply": True}])
def test_a_case_that_waited_keeps_its_place_in_the_queue(spam: Any, mona: Any, mike: Any, waiting: Any) -> None:
    first, second, third = many_reports(spam, 3)
    long_ago = first.first_flag_at - timedelta(days=400)
    Case.objects.filter(pk=second.pk).update(state=State.WAITING, waiting_from=long_ago, **waiting)
    assert claims.claim_next(mona).case == first  # type: ignore[union-attr]
    assert claims.claim_next(mike).case == second  # type: ignore[union-attr]
    claims.release_all(mona)
    assert claims.claim_next(mike).case == first  # type: ignore[union-attr]
    claims.claim(mona, second)
    claims.skip(mike, first)
    assert claims.claim_next(mike).case == third  # type: ignore[union-attr]


def test_no_case_is_given_when_none_is_free(mona: Any, spam: Any, mike: Any) -> None:
    assert claims.claim_next(mona) is None
    (case,) = many_reports(spam, 1)
    claims.claim(mike, case)
    assert claims.claim_next(mona) is None


def test_a_new_claim_releases_the_previous_one(spam: Any, mona: Any, mike: Any) -> None:
    first, second = many_reports(spam, 2)
    claims.claim(mona, first)
    claims.claim(mona, second)
    assert claims.claim(mike, first).reviewer == mike
    with pytest.raises(ClaimRefused, match="mona holds this case"):
        claims.claim(mike, second)


def test_a_case_is_free_once_the_lease_has_run_out(spam: Any, mona: Any, mike: Any) -> None:
    (case,) = many_reports(spam, 1)
    claim = claims.claim(mona, case)
    assert claims.heartbeat(mona, case.pk, claim.token)
    assert not claims.heartbeat(mona, case.pk, uuid4())
    run_out(case)
    assert not claims.heartbeat(mona, case.pk, claim.token)
    taken = claims.claim_next(mike)
    assert taken is not None
    assert (taken.case, taken.reviewer) == (case, mike)


def test_a_heartbeat_extends_the_lease_to_five_minutes(spam: Any, mona: Any) -> None:
    (case,) = many_reports(spam, 1)
    claim = claims.claim(mona, case)
    Claim.objects.update(expires_at=Now() + timedelta(seconds=30))
    assert claims.heartbeat(mona, case.pk, claim.token)
    left = Claim.objects.get().expires_at - timezone.now()
    assert timedelta(minutes=4) < left <= timedelta(minutes=5, seconds=1)


def test_leaving_the_page_shortens_the_claim_until_the_next_heartbeat(spam: Any, mona: Any) -> None:
    many_reports(spam, 1)
    claim = claims.claim_next(mona)
    assert claim is not None
    claims.leave(mona, claim.case_id, uuid4())
    assert time_left() > claims.LEFT
    for _ in range(2):
        claims.leave(mona, claim.case_id, claim.token)
        assert timedelta(0) < time_left() <= claims.LEFT
    assert claims.heartbeat(mona, claim.case_id, claim.token)
    assert time_left() > claims.LEFT


def time_left() -> timedelta:
    """Return how long the only claim still lasts."""
    left: timedelta = Claim.objects.get().expires_at - timezone.now()
    return left


def test_skipped_and_decided_cases_are_not_given_again(spam: Any, mona: Any) -> None:
    first, second, third = many_reports(spam, 3)
    decided(first, mona, spam)
    claims.skip(mona, second)
    claim = claims.claim_next(mona)
    assert claim is not None
    assert claim.case == third
    Skip.objects.update(until=timezone.now() - timedelta(seconds=1))
    claims.release(mona, third.pk)
    assert claims.claim_next(mona).case == second  # type: ignore[union-attr]


def test_signing_out_gives_the_case_back(client: Any, spam: Any, mona: Any) -> None:
    (case,) = many_reports(spam, 1)
    claims.claim(mona, case)
    client.force_login(mona)
    client.logout()
    assert not Claim.objects.exists()


class TestConflictsOfInterest:
    """Cases about themselves or people they know, and cases on which a colleague undid their decision."""

    def refused(self, user: Any, case: Case) -> None:
        assert claims.claim_next(user) is None
        with pytest.raises(ClaimRefused, match="You cannot decide this case"):
            claims.claim(user, case)

    def test_reviewers_cannot_decide_about_themselves(self, spam: Any, mona: Any, bob: Any, reported: Any) -> None:
        self.refused(mona, reported(spam, message=write(mona, bob)).case)

    def test_reviewers_cannot_decide_about_people_they_exchanged_messages_with(
        self, spam: Any, mona: Any, mike: Any, alice: Any, bob: Any, charlie: Any, reported: Any
    ) -> None:
        case = reported(spam, message=write(alice, bob)).case
        write(mona, alice)
        self.refused(mona, case)
        write(bob, mike)
        self.refused(mike, case)

    def test_reviewers_cannot_decide_again_after_a_colleague_undid_their_decision(
        self, spam: Any, mona: Any, lena: Any, reported: Any
    ) -> None:
        case = reported(spam).case
        decision = decided(case, mona, spam)
        decisions.undo(decision.pk, by=lena, note="It is no spam")
        self.refused(mona, case)
        assert claims.claim_next(lena).case == case  # type: ignore[union-attr]

    def test_reviewers_can_decide_again_after_undoing_their_own_decision(
        self, spam: Any, mona: Any, reported: Any
    ) -> None:
        case = reported(spam).case
        decisions.undo(decided(case, mona, spam).pk, by=mona, note="Too fast")
        assert claims.claim_next(mona).case == case  # type: ignore[union-attr]


def test_a_lead_takes_over_which_is_recorded(spam: Any, mona: Any, lena: Any) -> None:
    (case,) = many_reports(spam, 1)
    claims.claim(mona, case)
    assert claims.take_over(lena, case).reviewer == lena
    entry = Entry.objects.get(event="moderation.taken_over")
    assert (entry.actor, entry.target_id, entry.details) == (lena, str(case.pk), {"holder": mona.pk})


def test_the_next_case_costs_few_statements(spam: Any, mona: Any, django_assert_num_queries: Any) -> None:
    """Savepoint, take, roles, entry, release savepoint. Other databases need four more, which are part of the second on
    PostgreSQL: release the reviewer's claim, look up how to find the next case, read the case, store its first
    claim."""
    many_reports(spam, 3)
    for _ in range(3):
        with django_assert_num_queries(5 if connection.vendor == "postgresql" else 9):
            claim = claims.claim_next(mona)
        assert claim is not None
        assert claim.case == Case.objects.get(pk=claim.case_id)
        for field in Case._meta.concrete_fields:
            assert getattr(claim.case, field.attname) == getattr(Case.objects.get(pk=claim.case_id), field.attname)
        assert claim.case.first_claimed_at == claim.claimed_at
        assert Claim.objects.get() == claim
        assert Claim.objects.get().token == claim.token
        decided_by = {"by": mona, "token": claim.token, "version": claim.case.version}
        decisions.decide(claim.case_id, decisions.Choice(spam), **decided_by)


@only_postgresql
def test_claiming_does_not_wait_for_the_flush_but_reading_and_taking_over_do(
    waits_for_the_disk: Callable[[], dict[str, bool]], spam: Any, mona: Any, lena: Any
) -> None:
    (case,) = many_reports(spam, 1)
    claims.claim_next(mona)
    assert waits_for_the_disk()["audit_entry"] is False
    readings.record_reading(case, actor=mona)
    assert waits_for_the_disk()["audit_entry"] is True
    claims.take_over(lena, case)
    assert waits_for_the_disk()["audit_entry"] is True


@only_postgresql
@pytest.mark.django_db(transaction=True)
class TestInOneStatement:
    """PostgreSQL claims the next case and records that in one statement; the other statements seal the entry."""

    def test_claiming_the_next_case_takes_three_queries_and_returns_the_stored_claim(
        self, spam: Any, mona: Any, django_assert_num_queries: Any
    ) -> None:
        many_reports(spam, 3)
        claims.claim_next(mona)  # compiles the statement
        for _ in range(2):
            with django_assert_num_queries(3):  # take, store the seal, look for other entries
                claim = claims.claim_next(mona)
            assert claim is not None
            assert (claim, claim.token) == (Claim.objects.get(), Claim.objects.get().token)
            for field in Case._meta.concrete_fields:
                assert getattr(claim.case, field.attname) == getattr(Case.objects.get(pk=claim.case_id), field.attname)
            entry = Entry.objects.latest("pk")
            assert (entry.event, entry.actor, entry.target_id) == ("moderation.claimed", mona, str(claim.case_id))
            assert entry.seal is not None
            decided_by = {"by": mona, "token": claim.token, "version": claim.case.version}
            decisions.decide(claim.case_id, decisions.Choice(spam), **decided_by)

    def test_hard_cases_are_counted_across_claims(
        self, spam: Any, threat: Any, mona: Any, alice: Any, bob: Any, reported: Any
    ) -> None:
        Label.objects.filter(pk=threat.pk).update(hard_to_read=True)
        many_reports(threat, 2)
        reported(spam, message=write(alice, bob))
        for in_a_row in (1, 2, 0):
            claim = claims.claim_next(mona)
            assert claim is not None
            assert Comfort.objects.get(person=mona).in_a_row == in_a_row
            assert Entry.objects.filter(event="moderation.claimed", target_id=str(claim.case_id)).count() == 1
            decided_by = {"by": mona, "token": claim.token, "version": claim.case.version}
            decisions.decide(claim.case_id, decisions.Choice(spam), **decided_by)

    def test_a_case_whose_entry_cannot_be_stored_is_not_claimed(self, spam: Any, mona: Any) -> None:
        many_reports(spam, 1)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_entry ADD CONSTRAINT full_up CHECK (event <> 'moderation.claimed')")
        try:
            with pytest.raises(NotRecorded):
                claims.claim_next(mona)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE audit_entry DROP CONSTRAINT full_up")
        assert not Claim.objects.exists()


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL knows how many decisions somebody made")
def test_the_search_for_free_cases_does_not_scan_decisions_by_reviewer(spam: Any, mona: Any) -> None:
    many_reports(spam, 2)
    plan = taking.free_cases(mona.pk, Case.objects.to_decide()).explain()
    assert "decision_by" not in plan
