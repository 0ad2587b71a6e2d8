"""Removing words as a measure: Leads decide it, the decision stays in force, and undoing restores the text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from messaging.models import Message, MessageHistory
from messaging.tests.conversations import answer, write
from messaging.texts.redacting import CHANGED, MARK, Span
from ops.audit.models import Entry
from ops.conftest import make_staff
from ops.moderation import claims, decisions
from ops.moderation.measures.kinds import Order
from ops.moderation.measures.redacting import NOT_FOUND, removing
from ops.moderation.models import Act, Case, Decision, Draft, Flag, Measure, Outcome, State
from ops.moderation.participants.reports import ParticipantsReports
from ops.moderation.refusals import DecisionRefused
from ops.moderation.tests.desk import LEADING, decided, lena, mona, reported, spam

__all__ = ["lena", "mona", "reported", "spam"]

SECRET = "555-1234"
TEXT = f"Call {SECRET} now, I said {SECRET}"
LEFT = f"Call {MARK} now, I said {MARK}"


@pytest.fixture
def lead(db: Any) -> Any:
    return make_staff("lea", *LEADING, "redact_message", "read_redacted")


@pytest.fixture
def message(alice: Any, bob: Any) -> Message:
    return write(alice, bob, TEXT)


@pytest.fixture
def case(reported: Any, spam: Any, message: Message) -> Case:
    return reported(spam, message=message).case


def orders(*words: str, of: Message) -> list[Order]:
    return removing(words, [of.pk], using="default")


def sent(case: Case, by: Any, **fields: Any) -> dict[str, Any]:
    claim = claims.claim(by, case)
    case.refresh_from_db()
    return {"token": str(claim.token), "version": case.version, "label": "spam", "action": "uphold", **fields}


def test_the_decision_stands_and_covers_the_text_that_it_leaves(
    case: Case, lead: Any, spam: Any, message: Message
) -> None:
    decision = decided(case, lead, spam, measures=orders(SECRET, of=message), sent="No numbers, please")
    message.refresh_from_db()
    assert (message.content, message.revision, message.redaction) == (LEFT, 2, 2)
    case.refresh_from_db()
    decision.refresh_from_db()
    assert (case.state, decision.in_force) == (State.CLOSED, True)
    assert list(decision.covered.values_list("message", "revision")) == [(message.pk, 2)]
    assert Flag.objects.get().outcome == Outcome.UPHELD
    measure = Measure.objects.get()
    assert (measure.act, measure.message_id, measure.before, measure.after) == ("redact", message.pk, False, True)
    assert measure.facts == {"revision": 2, "before": None}
    assert Entry.objects.get(event="moderation.decided").details["measures"] == {"redact": 1}
    assert MessageHistory.objects.get(message=message).edited_by == lead
    assert not MessageHistory.objects.corrections().exists()  # corrections have their own filter in the list of edits
    assert ParticipantsReports().reasons([message.pk]) == {message.pk: "No numbers, please"}


def test_a_later_edit_ends_the_decision(case: Case, lead: Any, spam: Any, message: Message) -> None:
    decision = decided(case, lead, spam, measures=orders(SECRET, of=message))
    message.refresh_from_db()
    message.content = "corrected"
    message.save()
    decision.refresh_from_db()
    assert not decision.in_force


def test_an_older_decision_on_the_message_does_not_lapse_either(
    case: Case, lead: Any, mona: Any, spam: Any, message: Message, reported: Any, alice: Any
) -> None:
    """A decision on a case closed long ago: edits by the moderators themselves reopen nothing."""
    older = decided(case, mona, spam)
    Case.objects.filter(pk=case.pk).update(closed_at=message.timestamp)
    other = reported(spam, message=answer(message), by=alice).case
    assert other != case
    decided(other, lead, spam, measures=orders(SECRET, of=message))
    older.refresh_from_db()
    assert older.in_force
    assert not Case.objects.pending().exists()


def test_undoing_restores_the_original_text_and_visibility(case: Case, lead: Any, spam: Any, message: Message) -> None:
    decision = decided(case, lead, spam, hides=[message.pk], measures=orders(SECRET, of=message))
    found = decisions.preview_undo(decision, by=lead)
    assert [one.act for one in found.plan.undone] == ["hide", "redact"] and not found.plan.stays
    decisions.undo(decision.pk, by=lead, note="Wrong one")
    message.refresh_from_db()
    assert (message.content, message.hidden, message.redaction) == (TEXT, False, None)
    rows: Any = MessageHistory.objects.readable()
    assert not any(row.withheld for row in rows)
    case.refresh_from_db()
    assert case.state == State.OPEN


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("changed", "stay removed: its text was changed since."),
        ("original gone", "stay removed: the original was erased."),
        ("erased", "A message from which words were removed was erased since."),
    ],
)
def test_a_text_changed_or_erased_since_is_not_restored_and_the_reason_is_given(
    case: Case, lead: Any, spam: Any, message: Message, what: str, why: str
) -> None:
    answer(message)
    decision = decided(case, lead, spam, measures=orders(SECRET, of=message))
    if what == "changed":
        Message.objects.filter(pk=message.pk).update(content="corrected")
    elif what == "original gone":
        MessageHistory.objects.all().delete()
    else:
        Message.objects.filter(pk=message.pk).delete()
    (sentence,) = decisions.preview_undo(decision, by=lead).plan.stays.values()
    assert sentence.endswith(why)
    decisions.undo(decision.pk, by=lead, note="Try")
    assert not Message.objects.filter(content=TEXT).exists()


def test_only_those_with_the_permission_remove_words(case: Case, lena: Any, spam: Any, message: Message) -> None:
    with pytest.raises(DecisionRefused, match="Your role does not remove parts of messages"):
        decided(case, lena, spam, measures=orders(SECRET, of=message))
    assert Message.objects.get(pk=message.pk).content == TEXT
    assert not Decision.objects.exists()


def test_missing_outdated_and_empty_passages_are_refused(case: Case, lead: Any, spam: Any, message: Message) -> None:
    with pytest.raises(DecisionRefused, match=str(NOT_FOUND)):
        orders(SECRET, "no such words", of=message)
    late = orders(SECRET, of=message)
    Message.objects.filter(pk=message.pk).update(content="changed meanwhile")
    with pytest.raises(DecisionRefused, match=str(CHANGED)):
        decided(case, lead, spam, measures=late)
    empty = Order(Act.REDACT, message=message.pk, facts={"revision": 2, "spans": [[0, 0]]})
    with pytest.raises(DecisionRefused, match="nothing to remove"):
        decided(case, lead, spam, measures=[empty])


def test_passages_that_overlap_are_one(message: Message) -> None:
    (order,) = orders("Call 555", SECRET, of=message)
    assert order.facts is not None
    assert order.facts["spans"] == [Span(0, 13), Span(26, 34)]


class TestForm:
    def test_a_lead_enters_the_words(self, client: Client, case: Case, lead: Any, message: Message) -> None:
        client.force_login(lead)
        data = sent(case, lead, remove=f"{SECRET}\r\n", remove_from="")
        page = client.get(reverse("admin:moderation_case_change", args=[case.pk])).content.decode()
        assert "Words to remove" in page
        response = client.post(reverse("admin:moderation_case_decide", args=[case.pk]), data)
        assert response.status_code == 302
        assert Message.objects.get(pk=message.pk).content == LEFT
        page = client.get(reverse("admin:moderation_case_change", args=[case.pk])).content.decode()
        assert "words removed from 1 message" in page and SECRET not in page
        assert "What was reported is withheld" in page
        undo = client.get(reverse("admin:moderation_decision_undo", args=[Decision.objects.get().pk])).content.decode()
        assert "The words that were removed from 1 message will be shown again." in undo and SECRET not in undo

    @pytest.mark.parametrize(
        ("fields", "why"),
        [
            ({"remove": "not there"}, NOT_FOUND),
            ({"remove": SECRET, "action": "dismiss"}, "You remove words, so something is wrong"),
            ({"remove": SECRET, "remove_from": "0"}, "Select a valid choice"),
        ],
    )
    def test_a_refused_form_keeps_its_input(
        self, client: Client, case: Case, lead: Any, message: Message, fields: dict[str, str], why: str
    ) -> None:
        client.force_login(lead)
        data = sent(case, lead, **fields)
        response = client.post(reverse("admin:moderation_case_decide", args=[case.pk]), data)
        assert response.status_code == 400
        page = response.content.decode()
        assert str(why) in page and fields["remove"] in page
        assert Message.objects.get(pk=message.pk).content == TEXT

    def test_reviewers_cannot_remove_words_through_the_form(
        self, client: Client, case: Case, mona: Any, message: Message
    ) -> None:
        client.force_login(mona)
        data = sent(case, mona, remove=SECRET)
        page = client.get(reverse("admin:moderation_case_change", args=[case.pk])).content.decode()
        assert "Words to remove" not in page
        client.post(reverse("admin:moderation_case_decide", args=[case.pk]), data)
        assert Message.objects.get(pk=message.pk).content == TEXT

    def test_drafts_do_not_contain_the_words_to_remove(self, client: Client, case: Case, lead: Any) -> None:
        client.force_login(lead)
        data = {**sent(case, lead, remove=SECRET), "version": 99}
        assert client.post(reverse("admin:moderation_case_decide", args=[case.pk]), data).status_code == 409
        assert SECRET not in json.dumps(Draft.objects.get().entered)
