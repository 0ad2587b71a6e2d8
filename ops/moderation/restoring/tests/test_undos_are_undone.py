"""Undoing an undo: the same decision is made again, unless something has happened since."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from messaging.models import Message
from messaging.participants.standing import standing_of
from messaging.tests.conversations import answer, write
from ops.audit.models import Entry
from ops.conftest import make_staff
from ops.deletion.models import DeletionRequest
from ops.moderation import claims, decisions, flagging
from ops.moderation.measures.kinds import Order
from ops.moderation.measures.redacting import removing
from ops.moderation.models import Act, CannedReason, Case, Decision, Flag, Measure, Outcome, Source, State
from ops.moderation.refusals import DecisionRefused
from ops.moderation.restoring import restoring
from ops.moderation.tests.desk import LEADING, MEASURING, decided

WEEK = timedelta(days=7)


@pytest.fixture
def case(reported: Any, spam: Any) -> Case:
    return reported(spam).case


def the_message() -> Message:
    return Message.objects.get(content__startswith="Send me")


def undone(case: Case, by: Any, label: Any, **choice: Any) -> Decision:
    """Decide a case, undo that, and return the undo."""
    return decisions.undo(decided(case, by, label, **choice).pk, by=by)


def refusal(undo: Decision, by: Any) -> str:
    return restoring.restoring(Decision.objects.get(pk=undo.pk), by=by).refusal


def skipped(undo: Decision, by: Any) -> list[str]:
    return restoring.restoring(undo, by=by).skipped


class TestRestoring:
    def test_the_decision_is_made_again(self, case: Case, mona: Any, spam: Any) -> None:
        reason = CannedReason.objects.create(slug="spam", label=spam, title="Spam", text="It was spam.")
        message = the_message()
        undo = undone(case, mona, spam, hides=[message.pk], reason=reason, sent="It was spam.", note="Third time")
        made = restoring.restore(undo.pk, by=mona, note="It was after all")
        case.refresh_from_db()
        assert (made.label, made.reason, made.sent, made.note) == (spam, reason, "It was spam.", "It was after all")
        assert (made.restores, made.reverses, made.in_force, made.decided_by) == (undo, None, True, mona)
        assert (case.state, case.version) == (State.CLOSED, 4)
        assert the_message().hidden
        assert Flag.objects.get().outcome == Outcome.UPHELD
        details = Entry.objects.get(event="moderation.restored").details
        assert details == {"decision": made.pk, "label": "spam", "measures": {"hide": 1}, "restores": undo.pk}

    @pytest.mark.parametrize(("upholds", "outcome"), [(True, Outcome.UPHELD), (False, Outcome.DISMISSED)])
    def test_restoring_restores_the_outcome_of_reports(
        self, case: Case, mona: Any, spam: Any, upholds: bool, outcome: Outcome
    ) -> None:
        restoring.restore(undone(case, mona, spam, upholds=upholds).pk, by=mona)
        assert Flag.objects.get().outcome == outcome

    def test_a_restored_decision_can_be_undone_and_restored_again(self, case: Case, mona: Any, spam: Any) -> None:
        undo = undone(case, mona, spam, hides=[the_message().pk])
        for _ in range(2):
            made = restoring.restore(undo.pk, by=mona)
            assert the_message().hidden
            undo = decisions.undo(made.pk, by=mona)
            assert not the_message().hidden
        assert Decision.objects.count() == 6

    def test_people_are_warned_and_limited_again(self, case: Case, mona: Any, spam: Any, alice: Any, bob: Any) -> None:
        until = timezone.now() + WEEK
        orders = [Order(Act.WARN, user=alice.pk), Order(Act.SUSPEND, user=alice.pk, until=until)]
        orders.append(Order(Act.RESTRICT, user=bob.pk, until=until))
        before = decided(case, mona, spam, measures=orders, sent="No spam")
        standing = [standing_of(one).limits for one in (alice, bob)]
        undo = decisions.undo(before.pk, by=mona)
        assert standing_of(alice).sending is None
        restoring.restore(undo.pk, by=mona)
        assert [standing_of(one).limits for one in (alice, bob)] == standing
        assert [one.text for one in standing_of(alice).warnings] == ["No spam"]

    def test_words_are_removed_again(self, case: Case, spam: Any) -> None:
        lead = make_staff("lead", *LEADING, "redact_message")
        pk = the_message().pk
        undo = undone(case, lead, spam, measures=removing(["me"], [pk], using="default"))
        assert Message.objects.get(pk=pk).content == "Send me money"
        restoring.restore(undo.pk, by=lead)
        message = Message.objects.get(pk=pk)
        assert (message.content, message.redaction) == ("Send [part removed] money", message.revision)
        assert skipped(decisions.undo(Decision.objects.get(restores=undo).pk, by=lead), lead) == []
        assert Message.objects.get(pk=pk).content == "Send me money"

    def test_a_deletion_is_requested_again(self, case: Case, spam: Any, alice: Any) -> None:
        lead = make_staff("lead", *LEADING, "request_deletion")
        undo = undone(case, lead, spam, measures=[Order(Act.DELETE, user=alice.pk)])
        restoring.restore(undo.pk, by=lead)
        alice.refresh_from_db()
        assert not alice.is_active
        assert [*DeletionRequest.objects.order_by("pk").values_list("state", flat=True)].count("requested") == 1


class TestSkipped:
    def test_people_who_confirmed_a_warning_are_not_warned_again(
        self, case: Case, mona: Any, spam: Any, alice: Any
    ) -> None:
        orders = [Order(Act.WARN, user=alice.pk)]
        decision = decided(case, mona, spam, measures=orders, sent="No spam", hides=[the_message().pk])
        Measure.objects.filter(act=Act.WARN).update(confirmed_at=timezone.now())
        undo = decisions.undo(decision.pk, by=mona)
        assert skipped(undo, mona) == ["alice confirmed the warning already, and is not warned again."]
        made = restoring.restore(undo.pk, by=mona)
        assert [one.act for one in made.measures.all()] == ["hide"]
        assert the_message().hidden

    def test_a_suspension_that_is_over_is_skipped(self, case: Case, mona: Any, spam: Any, alice: Any) -> None:
        until = timezone.now() + WEEK
        undo = undone(case, mona, spam, measures=[Order(Act.SUSPEND, user=alice.pk, until=until)], sent="No spam")
        Measure.objects.update(until=timezone.now() - WEEK)
        (sentence,) = skipped(undo, mona)
        assert sentence.startswith("alice was suspended until ")
        assert sentence.endswith("that is over already.")

    def test_an_erased_message_is_skipped_while_another_is_hidden(
        self, case: Case, reported: Any, mona: Any, spam: Any
    ) -> None:
        message = the_message()
        second = answer(message, "More")
        reported(spam, message=second, by=second.receiver)
        undo = undone(case, mona, spam, hides=[message.pk, second.pk])
        second.delete()
        assert skipped(undo, mona) == ["A message that was hidden was erased since."]
        restoring.restore(undo.pk, by=mona)
        assert the_message().hidden

    def test_a_pending_deletion_request_is_skipped(self, case: Case, lena: Any, spam: Any, alice: Any) -> None:
        lead = make_staff("lead", *LEADING, "request_deletion")
        decision = decided(case, lead, spam, measures=[Order(Act.DELETE, user=alice.pk)])
        undo = decisions.undo(decision.pk, by=lena)
        assert skipped(undo, lena) == ["A deletion request stays as it is: pending."]

    def test_words_that_are_still_removed_are_skipped(self, case: Case, spam: Any) -> None:
        lead = make_staff("lead", *LEADING, "redact_message")
        message = the_message()
        decision = decided(case, lead, spam, measures=removing(["me"], [message.pk], using="default"))
        Message.objects.get(pk=message.pk).histories.all().delete()  # as anonymising does
        undo = decisions.undo(decision.pk, by=lead)
        assert skipped(undo, lead) == [f"The words removed from message {message.pk} are still removed."]


class TestRefused:
    def test_a_decision_that_undid_nothing_cannot_be_restored(self, case: Case, mona: Any, spam: Any) -> None:
        decision = decided(case, mona, spam)
        assert refusal(decision, mona) == "This decision undid nothing: there is nothing to restore."
        with pytest.raises(DecisionRefused, match="undid nothing"):
            restoring.restore(decision.pk, by=mona)

    def test_a_lead_and_no_other_colleague_restores_a_decision(
        self, case: Case, mona: Any, mike: Any, lena: Any, spam: Any
    ) -> None:
        undo = undone(case, mona, spam)
        with pytest.raises(DecisionRefused, match="Only who undid it, or a Lead"):
            restoring.restore(undo.pk, by=mike)
        assert restoring.restore(undo.pk, by=lena).decided_by == lena

    def test_reviewers_do_not_restore_their_own_decision_that_a_colleague_undid(
        self, case: Case, mona: Any, lena: Any, spam: Any
    ) -> None:
        undo = decisions.undo(decided(case, mona, spam).pk, by=lena)
        mona.user_permissions.add(Permission.objects.get(codename="undo_decision"))
        assert refusal(undo, type(mona).objects.get(pk=mona.pk)).startswith("You cannot decide this case")

    def test_reviewers_do_not_restore_decisions_about_people_they_wrote_to(
        self, case: Case, mona: Any, lena: Any, spam: Any, alice: Any
    ) -> None:
        undo = undone(case, mona, spam)
        write(lena, alice)
        assert refusal(undo, lena).startswith("You cannot decide this case")

    def test_a_case_decided_again_is_refused(self, case: Case, mona: Any, spam: Any) -> None:
        undo = undone(case, mona, spam)
        restoring.restore(undo.pk, by=mona)
        assert refusal(undo, mona) == "The case was decided again since."

    def test_a_changed_text_is_refused(self, case: Case, mona: Any, spam: Any) -> None:
        undo = undone(case, mona, spam)
        Message.objects.filter(pk=the_message().pk).update(content="Send me less")
        assert refusal(undo, mona) == "A text that it was about was changed since: decide the case again instead."

    def test_a_text_changed_after_its_words_were_shown_again_is_refused(self, case: Case, spam: Any) -> None:
        lead = make_staff("lead", *LEADING, "redact_message")
        pk = the_message().pk
        undo = undone(case, lead, spam, measures=removing(["me"], [pk], using="default"))
        Message.objects.filter(pk=pk).update(content="Send me less")
        assert refusal(undo, lead).startswith("A text that it was about was changed")

    def test_a_new_report_prevents_restoring(self, case: Case, mona: Any, spam: Any, charlie: Any) -> None:
        undo = undone(case, mona, spam)
        flagging.flag(the_message(), label=spam, by=charlie, source=Source.PARTICIPANT)
        assert refusal(undo, mona) == "The case was reported again since: decide it again instead."

    def test_a_report_made_before_the_undo_prevents_restoring(
        self, case: Case, mona: Any, spam: Any, charlie: Any
    ) -> None:
        decision = decided(case, mona, spam)
        flagging.flag(the_message(), label=spam, by=charlie, source=Source.PARTICIPANT)
        undo = decisions.undo(decision.pk, by=mona)
        assert refusal(undo, mona) == "The case was reported again since: decide it again instead."

    def test_a_withdrawn_report_prevents_restoring(self, case: Case, mona: Any, spam: Any, bob: Any) -> None:
        undo = undone(case, mona, spam)
        flagging.withdraw(Flag.objects.get(), by=bob)
        assert refusal(undo, mona) == "This case is closed: no report waits in it any more."

    def test_an_erased_message_prevents_restoring(self, case: Case, mona: Any, spam: Any) -> None:
        undo = undone(case, mona, spam)
        Message.objects.all().delete()
        assert refusal(undo, mona) == "What it was about was erased: there is nothing left to restore."

    def test_a_case_held_or_escalated_by_a_colleague_is_refused(
        self, case: Case, mona: Any, mike: Any, spam: Any
    ) -> None:
        undo = undone(case, mona, spam)
        claim = claims.claim(mike, case)
        assert refusal(undo, mona) == "mike holds this case."
        decisions.escalate(case.pk, by=mike, token=claim.token, version=undo.version_after)
        assert refusal(undo, mona) == "The case changed since: decide it again instead."

    def test_restoring_requires_the_permission_for_each_measure(
        self, case: Case, mona: Any, lena: Any, spam: Any, alice: Any
    ) -> None:
        lena.user_permissions.add(*Permission.objects.filter(codename__in=MEASURING))
        lead = type(lena).objects.get(pk=lena.pk)
        order = Order(Act.SUSPEND, user=alice.pk, until=timezone.now() + 4 * WEEK)
        undo = undone(case, lead, spam, measures=[order], sent="No spam")
        mona.user_permissions.add(Permission.objects.get(codename="undo_decision"))
        assert refusal(undo, type(mona).objects.get(pk=mona.pk)).startswith("Only a Lead can suspend somebody")
        assert refusal(undo, lead) == ""

    def test_an_erased_warning_text_prevents_restoring(self, case: Case, mona: Any, spam: Any, alice: Any) -> None:
        undo = undone(case, mona, spam, measures=[Order(Act.WARN, user=alice.pk)], sent="No spam")
        Decision.objects.update(sent="")
        assert refusal(undo, mona) == "Write the text that is sent: whom you warn reads why."


class TestPage:
    def page_text(self, client: Any, by: Any, undo: Decision) -> str:
        client.force_login(by)
        page = client.get(reverse("admin:moderation_decision_restore", args=[undo.pk])).content.decode()
        return " ".join(strip_tags(page).split())

    def test_the_page_names_upheld_reports_as_all_pages_do(self, client: Any, case: Case, mona: Any, spam: Any) -> None:
        text = self.page_text(client, mona, undone(case, mona, spam, upholds=True))
        assert "reports upheld" in text
        assert "nothing done" not in text and "the reports are" not in text

    def test_the_page_names_dismissed_reports(self, client: Any, case: Case, mona: Any, spam: Any) -> None:
        text = self.page_text(client, mona, undone(case, mona, spam))
        assert "the reports are dismissed" in text and "upheld" not in text

    def test_the_page_names_hidden_messages(self, client: Any, case: Case, mona: Any, spam: Any) -> None:
        text = self.page_text(client, mona, undone(case, mona, spam, hides=[the_message().pk]))
        assert "the reports are upheld 1 message hidden" in text
