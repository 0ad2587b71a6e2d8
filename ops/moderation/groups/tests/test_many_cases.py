"""Deciding many cases: which are left out and why; each is decided once, and only if unchanged since the preview."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging.models import Message
from messaging.tests.conversations import write
from ops.audit.models import Entry
from ops.jobs import leases, starting
from ops.jobs.models import Job
from ops.jobs.pacing import Pace
from ops.moderation import claims, decisions, erased, flagging
from ops.moderation.groups import kinds, preparing
from ops.moderation.groups.tests.many import decided_together, outcomes, previewed, started
from ops.moderation.models import CannedReason, Case, Decision, DecisionGroup, Flag, GroupAction, Source
from ops.moderation.refusals import DecisionRefused
from ops.moderation.tests.desk import decided, many_reports

pytestmark = pytest.mark.django_db


class TestDeciding:
    def test_each_case_is_decided_as_one(self, lena: Any, spam: Any, threat: Any) -> None:
        cases = many_reports(spam, 3)
        group = decided_together(cases, lena, threat, sent="Do not.", note="A wave")
        assert outcomes(group) == {case.pk: "done" for case in cases}
        made = list(Decision.objects.order_by("case"))
        assert [(one.case_id, one.group, one.label, one.sent, one.note) for one in made] == [
            (case.pk, group.pk, threat, "Do not.", "A wave") for case in cases
        ]
        assert all(one.in_force and one.decided_by == lena for one in made)
        assert set(Case.objects.values_list("state", "version")) == {("closed", cases[0].version + 1)}
        assert not Message.objects.filter(hidden=False).exists()
        assert set(Flag.objects.values_list("outcome", flat=True)) == {"upheld"}
        assert (group.job.state, group.job.result) == ("finished", {"done": 3, "left_out": 0})  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        ("action", "outcome"), [(GroupAction.UPHOLD, "upheld"), (GroupAction.DISMISS, "dismissed")]
    )
    def test_hides_nothing_where_nothing_is_to_be_hidden(
        self, lena: Any, spam: Any, action: GroupAction, outcome: str
    ) -> None:
        decided_together(many_reports(spam, 2), lena, spam, action=action)
        assert not Message.objects.filter(hidden=True).exists()
        assert set(Flag.objects.values_list("outcome", flat=True)) == {outcome}

    def test_hides_messages_with_waiting_reports_but_not_with_settled_ones(
        self, lena: Any, mona: Any, spam: Any
    ) -> None:
        (case,) = many_reports(spam, 1)
        decided(case, mona, spam)
        first = Message.objects.get()
        second = write(first.sender, first.receiver, "More", parent_message=first)
        flagging.flag(second, label=spam, by=first.receiver, source=Source.PARTICIPANT)
        decided_together([case], lena, spam)
        assert list(Message.objects.filter(hidden=True)) == [second]

    def test_is_recorded_for_each_case_and_once_for_the_group(self, lena: Any, spam: Any) -> None:
        cases = many_reports(spam, 3)
        claims.claim(lena, cases[2])
        cases[2].refresh_from_db()
        claims.release(lena, cases[2].pk)
        group = previewed(cases, lena, spam)
        Case.objects.filter(pk=cases[0].pk).update(version=9)
        started(group, lena)
        (entry,) = Entry.objects.filter(event="moderation.group_decided")
        expected = {"cases": 3, "left_out": {}, "label": "spam", "action": "hide", "warns": False, "of": None}
        assert (entry.actor, entry.target_id, entry.details) == (lena, str(group.pk), expected)
        each = Entry.objects.filter(event="moderation.decided").order_by("target_id")
        assert [int(one.target_id) for one in each] == [cases[1].pk, cases[2].pk]
        assert {one.details["group"] for one in each} == {str(group.pk)}
        assert {str(one.details["measures"]) for one in each} == {"{'hide': 1}"}

    def test_more_cases_take_no_more_queries(self, lena: Any, spam: Any) -> None:
        cases = many_reports(spam, 14)
        numbers = []
        for some in (cases[:2], cases[2:]):
            group = previewed(some, lena, spam)
            with CaptureQueriesContext(connection) as queries:
                started(group, lena)
            numbers.append(len(queries))
        assert numbers[0] == numbers[1]


class TestLeftOut:
    def why(self, cases: list[Case], by: Any, label: Any) -> list[str]:
        return [*outcomes(previewed(cases, by, label)).values()]

    def test_each_undecidable_case_gives_its_reason(
        self, lena: Any, mona: Any, mike: Any, spam: Any, alice: Any
    ) -> None:
        held, escalated, about, overturned, closed, lapsed, _ = cases = many_reports(spam, 7)
        claims.claim(mike, held)
        claim = claims.claim(mona, escalated)
        decisions.escalate(escalated.pk, by=mona, token=claim.token, version=claim.case.version)
        write(lena, about.people.first().user, "Hello")  # type: ignore[union-attr]
        first = decided(overturned, lena, spam)
        mona.user_permissions.add(*lena.user_permissions.filter(codename="undo_decision"))
        decisions.undo(first.pk, by=type(mona).objects.get(pk=mona.pk))
        decided(closed, mona, spam)
        decided(lapsed, mona, spam)
        message = Message.objects.get(content="Words 5")
        message.content = "Other words"
        message.save()
        assert self.why(cases, lena, spam) == ["held", "escalated", "about-you", "overturned", "closed", "nothing", ""]

    def test_a_claim_of_the_author_does_not_prevent_the_decision_and_ends(self, lena: Any, spam: Any) -> None:
        (case,) = many_reports(spam, 1)
        claims.claim(lena, case)
        assert [*outcomes(decided_together([case], lena, spam)).values()] == ["done"]
        assert claims.claim_next(lena) is None

    def test_cases_that_change_after_the_preview_are_skipped(self, lena: Any, mona: Any, mike: Any, spam: Any) -> None:
        closed, held, _, withdrawn, _, _ = cases = many_reports(spam, 6)
        group = previewed(cases, lena, spam)
        decided(closed, mona, spam)
        claims.claim(mike, held)
        message = Message.objects.get(content="Words 2")
        flagging.flag(message, label=spam, by=mike, source=Source.STAFF)
        flag = withdrawn.flags.get()
        flagging.flag(flag.message, label=spam, by=mona, source=Source.STAFF)  # type: ignore[arg-type]
        flagging.withdraw(flag, by=flag.reporter)
        Message.objects.filter(content="Words 4").update(content="Other words")
        assert [*outcomes(started(group, lena)).values()] == ["closed", "held", "changed", "changed", "changed", "done"]
        assert Decision.objects.filter(group=group.pk).count() == 1

    def test_a_withdrawn_report_counts_as_a_change(self, lena: Any, mike: Any, spam: Any) -> None:
        (case,) = many_reports(spam, 1)
        flag = case.flags.get()
        flagging.flag(flag.message, label=spam, by=mike, source=Source.STAFF)  # type: ignore[arg-type]
        group = previewed([case], lena, spam)
        flagging.withdraw(flag, by=flag.reporter)
        assert [*outcomes(started(group, lena)).values()] == ["changed"]


class TestRefusals:
    def test_a_preview_requires_the_permission(self, mona: Any, spam: Any) -> None:
        with pytest.raises(DecisionRefused, match="needs a permission"):
            previewed(many_reports(spam, 1), mona, spam)

    def test_starting_requires_the_permission_too(self, lena: Any, spam: Any) -> None:
        group = previewed(many_reports(spam, 1), lena, spam)
        lena.user_permissions.clear()
        with pytest.raises(DecisionRefused, match="needs a permission"):
            preparing.start(group, by=type(lena).objects.get(pk=lena.pk))

    def test_an_unfilled_placeholder_is_refused(self, lena: Any, spam: Any) -> None:
        with pytest.raises(DecisionRefused, match=r"Fill in \{date\}"):
            previewed(many_reports(spam, 1), lena, spam, sent="On {date} you wrote.")

    def test_a_group_without_chosen_or_decidable_cases_is_refused(self, lena: Any, mona: Any, spam: Any) -> None:
        with pytest.raises(DecisionRefused, match="No case is chosen"):
            previewed([], lena, spam)
        (case,) = many_reports(spam, 1)
        decided(case, mona, spam)
        with pytest.raises(DecisionRefused, match="Nothing can be done"):
            started(previewed([case], lena, spam), lena)

    def test_only_its_author_starts_a_preview_and_only_once(self, lena: Any, lea: Any, spam: Any) -> None:
        group = previewed(many_reports(spam, 1), lena, spam)
        with pytest.raises(DecisionRefused, match="not there any more"):
            preparing.start(group, by=lea)
        started(group, lena)
        with pytest.raises(DecisionRefused, match="started already"):
            preparing.start(group, by=lena)

    def test_a_new_preview_replaces_the_previous_one_of_its_author(self, lena: Any, lea: Any, spam: Any) -> None:
        cases = many_reports(spam, 1)
        kept = started(previewed(cases, lena, spam), lena)
        other = previewed(cases, lea, spam)
        previewed(cases, lena, spam)
        last = previewed(cases, lena, spam)
        assert set(DecisionGroup.objects.all()) == {kept, other, last}

    def test_old_previews_are_removed(self, lena: Any, spam: Any) -> None:
        group = previewed(many_reports(spam, 1), lena, spam)
        assert preparing.remove_old_previews() == 0
        DecisionGroup.objects.update(made_at="2026-01-01T00:00Z")
        assert preparing.remove_old_previews() == 1
        assert not DecisionGroup.objects.filter(pk=group.pk).exists()


class TestJob:
    @pytest.fixture
    def small_batches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(kinds, "Pace", lambda *_, **__: Pace(2, most=2))

    def test_a_job_is_cancelled_between_batches_and_resumes_on_retry(
        self, lena: Any, spam: Any, small_batches: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        group = previewed(many_reports(spam, 5), lena, spam)
        do_batch = kinds.do_batch

        def then_cancel(*args: Any, **kwargs: Any) -> None:
            do_batch(*args, **kwargs)
            Job.objects.update(cancel_requested_at="2026-01-01T00:00Z")

        with monkeypatch.context() as patched:
            patched.setattr(kinds, "do_batch", then_cancel)
            group = started(group, lena)
        job = group.job
        assert job is not None
        assert (job.state, job.done, job.total, Decision.objects.count()) == ("cancelled", 2, 5, 2)
        starting.retry(job, by=lena)
        job = starting.run_now(job)
        assert (job.state, job.done, Decision.objects.count()) == ("finished", 5, 5)
        assert job.result == {"done": 5, "left_out": 0}

    def test_two_groups_on_the_same_cases_decide_each_once(
        self, lena: Any, lea: Any, spam: Any, small_batches: None
    ) -> None:
        cases = many_reports(spam, 5)
        one, two = previewed(cases, lena, spam), previewed(cases, lea, spam, GroupAction.DISMISS)
        started(one, lena)
        assert {*outcomes(started(two, lea)).values()} == {"closed"}
        assert Decision.objects.count() == 5
        assert not leases.free(one.made_at).exists()

    def test_a_group_whose_texts_were_erased_does_not_start(self, lena: Any, spam: Any) -> None:
        group = previewed(many_reports(spam, 1), lena, spam, note="About them")
        DecisionGroup.objects.update(is_emptied=True, note="")
        with pytest.raises(DecisionRefused, match="was erased, and with it"):
            preparing.start(group, by=lena)


def test_an_erasure_empties_the_texts_of_a_group(lena: Any, spam: Any) -> None:
    cases = many_reports(spam, 2)
    reason = CannedReason.objects.create(label=spam, title="R", slug="r", text="x")
    group = decided_together(cases, lena, spam, sent="About them", note="A note", reason=reason)
    erased.forget(cases[0].people.first().user_id)  # type: ignore[union-attr]
    group.refresh_from_db()
    assert (group.sent, group.note, group.is_emptied) == ("", "", True)
    erased.forget(lena.pk)
    group.refresh_from_db()
    assert (group.made_by_id, group.made_by_name) == (None, "")
