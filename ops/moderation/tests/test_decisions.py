"""Decisions: what they do, what they refuse, when they lapse, and how they are undone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from messaging.models import Message
from messaging.tests.conversations import answer, write
from ops.audit.models import Entry
from ops.moderation import claims, decisions
from ops.moderation.decisions import Choice
from ops.moderation.models import CannedReason, Case, Claim, Decision, Flag, Measure, Outcome, State
from ops.moderation.refusals import DecisionRefused, Outdated
from ops.moderation.tests.desk import decided


@pytest.fixture
def case(reported: Any, spam: Any) -> Case:
    return reported(spam).case


def the_message() -> Message:
    return Message.objects.get(content__startswith="Send me")


class TestDeciding:
    def test_hiding_upholds_the_report_and_closes_the_case(self, case: Case, mona: Any, spam: Any) -> None:
        message = the_message()
        decision = decided(case, mona, spam, hides=[message.pk], note="Third time", sent="It was spam")
        case.refresh_from_db()
        assert (case.state, case.version) == (State.CLOSED, 2)
        assert case.closed_at == case.first_decided_at == decision.decided_at
        assert (decision.version_before, decision.version_after, decision.in_force) == (1, 2, True)
        assert (decision.decided_by, decision.decided_by_name) == (mona, "mona")
        assert Message.objects.get(pk=message.pk).hidden
        assert Flag.objects.get().outcome == Outcome.UPHELD
        measure = Measure.objects.get()
        assert (measure.act, measure.message_id, measure.before, measure.after) == ("hide", message.pk, False, True)
        assert list(decision.covered.values_list("message", "revision")) == [(message.pk, 1)]
        assert not Claim.objects.exists()
        entry = Entry.objects.get(event="moderation.decided")
        assert entry.details == {"decision": decision.pk, "label": "spam", "measures": {"hide": 1}}

    def test_dismissing_changes_no_message(self, case: Case, mona: Any, spam: Any) -> None:
        decided(case, mona, spam)
        assert not the_message().hidden
        assert Flag.objects.get().outcome == Outcome.DISMISSED
        assert Measure.objects.get().act == "none"

    def test_upholding_without_hiding(self, case: Case, mona: Any, spam: Any) -> None:
        decided(case, mona, spam, upholds=True)
        assert Flag.objects.get().outcome == Outcome.UPHELD

    def test_another_version_is_refused(self, case: Case, mona: Any, spam: Any, reported: Any, charlie: Any) -> None:
        claim = claims.claim(mona, case)
        reported(spam, message=the_message(), by=charlie)
        with pytest.raises(Outdated, match="The case changed since you opened it"):
            decisions.decide(case.pk, Choice(spam), by=mona, token=claim.token, version=1)
        assert not Decision.objects.exists()

    def test_without_the_claim_it_is_refused(self, case: Case, mona: Any, mike: Any, spam: Any) -> None:
        seen = {"by": mona, "version": 1}
        with pytest.raises(Outdated, match="You no longer hold this case"):
            decisions.decide(case.pk, Choice(spam), token=None, **seen)
        claims.claim(mona, case)
        with pytest.raises(Outdated, match="You no longer hold this case"):
            decisions.decide(case.pk, Choice(spam), token=uuid4(), **seen)
        claims.release(mona, case.pk)
        claims.claim(mike, case)
        with pytest.raises(Outdated, match="mike holds this case now"):
            decisions.decide(case.pk, Choice(spam), token=None, **seen)

    def test_an_unfilled_placeholder_is_refused(self, case: Case, mona: Any, spam: Any) -> None:
        reason = CannedReason.objects.create(slug="spam", label=spam, title="Spam", text="On {date} you broke {rule}.")
        with pytest.raises(DecisionRefused, match=r"Fill in \{date\} and \{rule\}"):
            decided(case, mona, spam, reason=reason, sent=reason.text)
        decided(case, mona, spam, reason=reason, sent="On 5 May you broke rule 3.")
        assert Decision.objects.get().sent == "On 5 May you broke rule 3."

    def test_a_message_of_another_conversation_is_refused(
        self, case: Case, mona: Any, spam: Any, charlie: Any, alice: Any
    ) -> None:
        other = write(charlie, alice)
        with pytest.raises(DecisionRefused, match="not in this conversation any more"):
            decided(case, mona, spam, hides=[other.pk])
        assert not Message.objects.filter(hidden=True).exists()


class TestOtherSteps:
    def seen(self, case: Case, by: Any) -> dict[str, Any]:
        claim = claims.claim(by, case)
        case.refresh_from_db()
        return {"by": by, "token": claim.token, "version": case.version}

    def test_an_escalated_case_is_offered_again_once_returned(
        self, case: Case, mona: Any, lena: Any, mike: Any
    ) -> None:
        decisions.escalate(case.pk, **self.seen(case, mona))
        assert claims.claim_next(mike) is None
        with pytest.raises(claims.ClaimRefused, match="a Lead decides it"):
            claims.claim(mike, case)
        decisions.return_to_queue(case.pk, **self.seen(case, lena))
        assert claims.claim_next(mike).case == case  # type: ignore[union-attr]

    def test_a_case_waits_for_a_time(self, case: Case, mona: Any) -> None:
        until = timezone.now() + timedelta(hours=1)
        decisions.wait(case.pk, until=until, for_reply=False, **self.seen(case, mona))
        assert claims.claim_next(mona) is None
        Case.objects.update(waits_until=timezone.now() - timedelta(seconds=1))
        assert claims.claim_next(mona).case == case  # type: ignore[union-attr]

    def test_a_case_waits_for_a_reply(self, case: Case, mona: Any) -> None:
        decisions.wait(case.pk, until=None, for_reply=True, **self.seen(case, mona))
        assert claims.claim_next(mona) is None
        answer(the_message(), timestamp=timezone.now())
        assert claims.claim_next(mona).case == case  # type: ignore[union-attr]

    def test_waiting_for_nothing_or_too_long_is_refused(self, case: Case, mona: Any) -> None:
        seen = self.seen(case, mona)
        with pytest.raises(DecisionRefused, match="Say what the case waits for"):
            decisions.wait(case.pk, until=None, for_reply=False, **seen)
        for until in (timezone.now(), timezone.now() + timedelta(days=91)):
            with pytest.raises(DecisionRefused, match="within the next 90 days"):
                decisions.wait(case.pk, until=until, for_reply=True, **seen)

    def test_a_closed_case_cannot_be_claimed(self, case: Case, mona: Any, spam: Any) -> None:
        decided(case, mona, spam)
        with pytest.raises(claims.ClaimRefused, match="This case is closed"):
            claims.claim(mona, case)


class TestLapsing:
    def edit_by_saving(self, message: Message) -> None:
        message.content = "Send me less"
        message.save()

    def edit_by_update(self, message: Message) -> None:
        Message.objects.filter(pk=message.pk).update(content="Send me less")

    def edit_by_bulk_update(self, message: Message) -> None:
        message.content = "Send me less"
        Message.objects.bulk_update([message], ["content"])

    @pytest.mark.parametrize("road", ["saving", "update", "bulk_update"])
    def test_a_changed_text_opens_the_case_and_hides_on(self, case: Case, mona: Any, spam: Any, road: str) -> None:
        message = the_message()
        decision = decided(case, mona, spam, hides=[message.pk])
        getattr(self, f"edit_by_{road}")(the_message())
        decision.refresh_from_db()
        case.refresh_from_db()
        assert (decision.in_force, decision.cause) == (False, "text-changed")
        assert (case.state, case.version, case.closed_at) == (State.OPEN, 3, None)
        assert case.pending_since == decision.lapsed_at
        assert the_message().hidden
        assert Entry.objects.get(event="moderation.lapsed").details == {"decision": decision.pk}

    def test_other_changes_do_not_lapse_the_decision(
        self, case: Case, mona: Any, spam: Any, alice: Any, bob: Any
    ) -> None:
        decision = decided(case, mona, spam)
        message = the_message()
        message.read = True
        message.save()
        other = answer(message, "What for?")
        other.content = "No"
        other.save()
        decision.refresh_from_db()
        assert decision.in_force

    def test_an_edit_that_is_rolled_back_leaves_the_decision(self, case: Case, mona: Any, spam: Any) -> None:
        decision = decided(case, mona, spam)
        with transaction.atomic():
            self.edit_by_saving(the_message())
            transaction.set_rollback(True)
        decision.refresh_from_db()
        assert decision.in_force


class TestUndoing:
    def test_undoing_shows_the_message_again_and_the_reports_wait(self, case: Case, mona: Any, spam: Any) -> None:
        message = the_message()
        decision = decided(case, mona, spam, hides=[message.pk])
        reversing = decisions.undo(decision.pk, by=mona, note="Too fast")
        case.refresh_from_db()
        decision.refresh_from_db()
        assert (case.state, case.version) == (State.OPEN, 3)
        assert (decision.in_force, decision.cause) == (False, "undone")
        assert (reversing.reverses, reversing.in_force, reversing.note) == (decision, False, "Too fast")
        assert not the_message().hidden
        assert Flag.objects.get().outcome == Outcome.WAITING

    def test_undoing_restores_the_rank_given_by_all_reporters(
        self, case: Case, mona: Any, spam: Any, reported: Any, charlie: Any
    ) -> None:
        reported(spam, message=the_message(), by=charlie)
        case.refresh_from_db()
        before = case.due_at - case.rank_at
        assert before
        decisions.undo(decided(case, mona, spam).pk, by=mona)
        case.refresh_from_db()
        assert case.due_at - case.rank_at == before

    def test_a_message_hidden_by_an_earlier_decision_stays_hidden(
        self, case: Case, mona: Any, spam: Any, reported: Any
    ) -> None:
        message = the_message()
        decided(case, mona, spam, hides=[message.pk])
        other = reported(spam, message=answer(message, "Why?"))
        second = decided(other.case, mona, spam, hides=[message.pk])
        plan = decisions.preview_undo(second, by=mona).plan
        assert not plan.undone
        assert [*plan.stays.values()] == [f"Message {message.pk} stays hidden: it was hidden before this decision."]
        decisions.undo(second.pk, by=mona)
        assert Message.objects.get(pk=message.pk).hidden

    def test_a_message_with_a_changed_text_stays_hidden(self, case: Case, mona: Any, spam: Any) -> None:
        message = the_message()
        decision = decided(case, mona, spam, hides=[message.pk])
        message = the_message()
        message.content = "Send me less"
        message.save()
        plan = decisions.preview_undo(decision, by=mona).plan
        assert not plan.undone
        assert [*plan.stays.values()] == [f"Message {message.pk} stays hidden: its text was changed since."]
        decisions.undo(decision.pk, by=mona)
        assert the_message().hidden

    def test_only_the_latest_decision_is_undone_and_only_once(self, case: Case, mona: Any, spam: Any) -> None:
        first = decided(case, mona, spam)
        decisions.undo(first.pk, by=mona)
        with pytest.raises(DecisionRefused, match="was undone already"):
            decisions.undo(first.pk, by=mona)
        second = decided(case, mona, spam)
        with pytest.raises(DecisionRefused, match="was undone already"):
            decisions.undo(first.pk, by=mona)
        reversing = decisions.undo(second.pk, by=mona)
        with pytest.raises(DecisionRefused, match="restore that one instead"):
            decisions.undo(reversing.pk, by=mona)

    def test_colleagues_need_the_permission(self, case: Case, mona: Any, mike: Any, lena: Any, spam: Any) -> None:
        decision = decided(case, mona, spam)
        with pytest.raises(DecisionRefused, match="Only its author or a Lead"):
            decisions.undo(decision.pk, by=mike)
        decisions.undo(decision.pk, by=lena)
        entry = Entry.objects.get(event="moderation.undone")
        assert entry.details == {"decision": decision.pk, "restored": {}, "skipped": 0}

    def test_reviewers_cannot_undo_decisions_about_people_they_wrote_to(
        self, case: Case, mona: Any, lena: Any, spam: Any, alice: Any
    ) -> None:
        decision = decided(case, mona, spam)
        write(lena, alice)
        with pytest.raises(DecisionRefused, match="ask a colleague"):
            decisions.undo(decision.pk, by=lena)
