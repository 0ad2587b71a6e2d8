"""A report joins the case of its conversation, reopens it, or opens a new one; and ranks it by urgency."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from messaging.models import Conversation, Message
from messaging.tests.conversations import answer, write
from ops.moderation import flagging, ranking
from ops.moderation.models import Case, Flag, Outcome, Source, State
from ops.moderation.refusals import FlagRefused
from ops.moderation.tests.desk import decided, message_of


def test_the_first_report_opens_a_case(reported: Any, spam: Any, bob: Any) -> None:
    flag = reported(spam, note=" Twice today ")
    case = flag.case
    assert (case.state, case.version, case.severity) == (State.OPEN, 1, "low")
    assert case.conversation == flag.message.conversation
    assert (flag.revision, flag.reporter, flag.note, flag.outcome) == (1, bob, "Twice today", Outcome.WAITING)
    assert case.due_at - case.pending_since == timedelta(hours=72)
    assert case.rank_at == case.due_at


def test_a_second_report_joins_it_and_the_worst_label_decides(
    reported: Any, spam: Any, threat: Any, charlie: Any
) -> None:
    first = reported(spam)
    second = reported(threat, message=first.message, by=charlie)
    assert second.case_id == first.case_id
    case = Case.objects.get()
    assert case.severity == "threat"
    assert case.due_at - case.pending_since == timedelta(hours=1)
    assert case.rank_at == case.due_at - timedelta(hours=1) * 0.05  # one further reporter, without settled reports


def test_a_person_reports_a_text_only_once(reported: Any, spam: Any, alice: Any, bob: Any) -> None:
    message = reported(spam).message
    with pytest.raises(FlagRefused, match="You have reported this message already"):
        reported(spam, message=message)
    message.content = "Send me more money"
    message.save()
    assert reported(spam, message=message).revision == 2


def test_a_case_closed_lately_is_opened_again(reported: Any, spam: Any, mona: Any, charlie: Any) -> None:
    flag = reported(spam)
    decided(flag.case, mona, spam)
    again = reported(spam, message=flag.message, by=charlie)
    assert again.case_id == flag.case_id
    case = Case.objects.get()
    assert case.state == State.OPEN
    assert case.pending_since == again.created_at > case.first_flag_at == flag.created_at


def test_a_case_closed_long_ago_stays_closed(reported: Any, spam: Any, mona: Any, charlie: Any) -> None:
    flag = reported(spam)
    decided(flag.case, mona, spam)
    Case.objects.update(closed_at=timezone.now() - timedelta(days=31))
    again = reported(spam, message=flag.message, by=charlie)
    assert again.case_id != flag.case_id
    assert sorted(Case.objects.values_list("state", flat=True)) == ["closed", "open"]


def test_only_the_reporter_withdraws_a_report(reported: Any, spam: Any, bob: Any, charlie: Any) -> None:
    flag = reported(spam)
    other = reported(spam, message=flag.message, by=charlie)
    flagging.withdraw(flag, by=bob)
    assert Case.objects.get().state == State.OPEN
    with pytest.raises(FlagRefused, match="cannot be withdrawn"):
        flagging.withdraw(other, by=bob)
    flagging.withdraw(other, by=charlie)
    assert Case.objects.get().state == State.CLOSED
    assert set(Flag.objects.values_list("outcome", flat=True)) == {Outcome.WITHDRAWN}


def test_a_decided_report_cannot_be_withdrawn(reported: Any, spam: Any, mona: Any, bob: Any) -> None:
    flag = reported(spam)
    decided(flag.case, mona, spam)
    with pytest.raises(FlagRefused, match="looked at already"):
        flagging.withdraw(flag, by=bob)


def test_a_deleted_message_cannot_be_reported(reported: Any, spam: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    Message.objects.filter(pk=message.pk).delete()
    with pytest.raises(FlagRefused, match="does not exist any more"):
        reported(spam, message=message)


def test_a_long_note_is_refused_with_its_length(reported: Any, spam: Any) -> None:
    with pytest.raises(FlagRefused, match=r"The note has 1,001 characters; at most 1,000 can be kept"):
        reported(spam, note="n" * 1_001)
    assert not Case.objects.exists()


class TestTheDatabaseRefuses:
    @pytest.fixture
    def flag(self, reported: Any, spam: Any) -> Flag:
        return reported(spam)

    def test_a_report_in_a_case_of_another_conversation(self, flag: Flag, spam: Any, charlie: Any, alice: Any) -> None:
        other = write(charlie, alice)
        fields = {"label": spam, "source": Source.STAFF, "created_at": timezone.now(), "revision": 1}
        with pytest.raises(IntegrityError, match="belongs to a case"), transaction.atomic():
            Flag.objects.create(case=flag.case, message=other, **fields)
        with pytest.raises(IntegrityError, match="belongs to a case"), transaction.atomic():
            Flag.objects.filter(pk=flag.pk).update(message=other)
        Flag.objects.create(case=flag.case, message=answer(message_of(flag)), **fields)

    def test_a_second_pending_case_of_a_conversation(self, flag: Flag) -> None:
        case = Case.objects.get()
        case.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            case.save(force_insert=True)

    def test_changing_or_deleting_a_decision(self, flag: Flag, mona: Any, spam: Any, threat: Any) -> None:
        decision = decided(flag.case, mona, spam)
        rows = type(decision).objects.filter(pk=decision.pk)
        for change in ({"label": threat}, {"decided_at": timezone.now()}, {"version_after": 9}):
            with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
                rows.update(**change)
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            rows.delete()
        rows.update(note="", decided_by=None, decided_by_name="")

    @pytest.mark.parametrize("change", [{"state": "lost"}, {"state": "closed"}, {"state": "waiting"}, {"severity": ""}])
    def test_a_state_that_does_not_hold(self, flag: Flag, change: Any) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Case.objects.update(**change)

    def test_a_deleted_conversation_leaves_its_case_and_report(self, flag: Flag) -> None:
        Conversation.objects.get().delete()
        assert Case.objects.get().conversation is None
        assert Flag.objects.get().message is None


targets = st.timedeltas(min_value=timedelta(minutes=1), max_value=timedelta(days=30))
weights = st.lists(st.floats(0, 1), max_size=30)


@given(
    since=st.datetimes(min_value=timezone.datetime(2000, 1, 1), max_value=timezone.datetime(2100, 1, 1)),  # type: ignore[attr-defined]
    target=targets,
    some=weights,
    more=weights,
)
def test_more_reporters_never_move_a_case_back_and_never_before_half_of_its_time(
    since: Any, target: timedelta, some: list[float], more: list[float]
) -> None:
    few, many = (ranking.rank(since, target, found) for found in (some, [*some, *more]))
    assert since + target / 2 - timedelta(microseconds=1) <= many.rank_at <= few.rank_at <= few.due_at
    assert few.due_at == many.due_at == since + target
