"""Where a conversation has an older case beside a pending one, and where a case is pending without a report."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from messaging.models import Conversation, Message
from messaging.tests.conversations import answer
from ops.moderation import decisions, flagging, settling
from ops.moderation.models import Case, Cause, Decision, Flag, Source, State
from ops.moderation.refusals import DecisionRefused
from ops.moderation.tests.desk import decided, message_of


@pytest.fixture
def old(reported: Any, spam: Any, mona: Any) -> Flag:
    """The report of a message that was hidden so long ago that the case is not opened again by a new report."""
    flag = reported(spam)
    decided(flag.case, mona, spam, hides=[flag.message_id])
    Case.objects.update(closed_at=timezone.now() - timedelta(days=31))
    return flag


@pytest.fixture
def new(old: Flag, spam: Any, alice: Any) -> Flag:
    """The report of the answer, in a case of its own."""
    return flagging.flag(answer(message_of(old)), label=spam, by=alice, source=Source.PARTICIPANT)


def states(*flags: Flag) -> list[str]:
    found = dict(Case.objects.values_list("pk", "state"))
    return [found[flag.case_id] for flag in flags]


def edit(flag: Flag) -> None:
    Message.objects.filter(pk=message_of(flag).pk).update(content="Send me nothing")


def test_a_text_of_the_older_case_can_be_changed_and_the_pending_one_says_so(old: Flag, new: Flag) -> None:
    version = Case.objects.get(pk=new.case_id).version
    edit(old)
    assert states(old, new) == [State.CLOSED, State.OPEN]
    assert Decision.objects.get().cause == Cause.TEXT_CHANGED
    assert Case.objects.get(pk=new.case_id).version == version + 1


def test_a_decision_of_the_older_case_is_undone_once_the_pending_one_is_decided(
    old: Flag, new: Flag, mike: Any, lena: Any, spam: Any
) -> None:
    first = Decision.objects.get()
    with pytest.raises(DecisionRefused, match="Another case of this conversation is pending"):
        decisions.undo(first.pk, by=lena)
    decided(new.case, mike, spam)
    decisions.undo(first.pk, by=lena)
    assert states(old, new) == [State.OPEN, State.CLOSED]


def test_a_report_taken_back_does_not_close_what_a_changed_text_opened(
    old: Flag, alice: Any, bob: Any, spam: Any
) -> None:
    """Else the author could have a friend report the text and take it back, and nobody would look at it."""
    edit(old)
    again = flagging.flag(message_of(old), label=spam, by=bob, source=Source.PARTICIPANT)
    flagging.withdraw(again, by=bob)
    assert states(old) == [State.OPEN]


@pytest.mark.parametrize("erased", [Conversation, Message])
def test_a_case_that_a_changed_text_opened_is_closed_once_all_is_erased(old: Flag, erased: Any) -> None:
    edit(old)
    erased.objects.get().delete()
    assert states(old) == [State.OPEN]
    settling.settle_erased()
    assert states(old) == [State.CLOSED]
