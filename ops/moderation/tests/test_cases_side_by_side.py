"""Conversations with an older case beside a pending one, and cases that are pending without a report."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging.models import Conversation, Message
from messaging.tests.concurrency import needs_row_locks, run_concurrently, run_overlapping
from messaging.tests.conversations import answer
from ops.audit.models import Entry
from ops.moderation import claims, decisions, flagging, settling
from ops.moderation.decisions import Choice
from ops.moderation.models import Case, Cause, Decision, Flag, Label, Source, State
from ops.moderation.refusals import DecisionRefused, FlagRefused, Outdated
from ops.moderation.tests.desk import decided, many_reports, message_of


@pytest.fixture
def old(reported: Any, spam: Any, mona: Any) -> Flag:
    """The report of a message that was hidden so long ago that a new report does not reopen the case."""
    flag = reported(spam)
    decided(flag.case, mona, spam, hides=[flag.message_id])
    Case.objects.update(closed_at=timezone.now() - timedelta(days=31))
    return flag


@pytest.fixture
def new(old: Flag, spam: Any, alice: Any) -> Flag:
    """The report of an answer to it, in a case of its own."""
    return flagging.flag(answer(message_of(old)), label=spam, by=alice, source=Source.PARTICIPANT)


def states(*flags: Flag) -> list[str]:
    found = dict(Case.objects.values_list("pk", "state"))
    return [found[flag.case_id] for flag in flags]


def flag_again(flag: Flag, label: Label, by: Any) -> None:
    flagging.flag(message_of(flag), label=label, by=by, source=Source.PARTICIPANT)


def edit(flag: Flag) -> None:
    Message.objects.filter(pk=message_of(flag).pk).update(content="Send me nothing")


def test_changing_a_text_of_the_older_case_raises_the_version_of_the_pending_one(old: Flag, new: Flag) -> None:
    version = Case.objects.get(pk=new.case_id).version
    edit(old)
    assert states(old, new) == [State.CLOSED, State.OPEN]
    assert Decision.objects.get().cause == Cause.TEXT_CHANGED
    assert Case.objects.get(pk=new.case_id).version == version + 1


def test_many_decisions_lapse_in_the_statements_of_a_few(old: Flag, new: Flag, mike: Any, spam: Any) -> None:
    decided(new.case, mike, spam)  # now both cases of this conversation are closed
    others = many_reports(spam, 4)
    for case in others:
        decided(case, mike, spam)
    messages = [Message.objects.get(flags__case=case) for case in others]

    def change(some: list[Message], text: str) -> int:
        """Return how many statements it takes to change these texts."""
        for message in some:
            message.content = text
        with CaptureQueriesContext(connection) as queries:
            Message.objects.bulk_update(some, ["content"])
        return len(queries)

    assert change(messages[:1], "Another") == change(messages[1:], "Another one")
    change([message_of(old), message_of(new)], "Changed")
    assert set(Case.objects.filter(pk__in=[case.pk for case in others]).values_list("state", flat=True)) == {State.OPEN}
    assert states(old, new) == [State.OPEN, State.CLOSED]
    assert not Decision.objects.in_force().exists()
    assert Entry.objects.filter(event="moderation.lapsed").count() == 6


def test_a_decision_of_the_older_case_is_undone_once_the_pending_one_is_decided(
    old: Flag, new: Flag, mike: Any, lena: Any, spam: Any
) -> None:
    first = Decision.objects.get()
    with pytest.raises(DecisionRefused, match="Another case of this conversation is pending"):
        decisions.undo(first.pk, by=lena)
    decided(new.case, mike, spam)
    decisions.undo(first.pk, by=lena)
    assert states(old, new) == [State.OPEN, State.CLOSED]


def test_a_withdrawn_report_does_not_close_a_case_that_a_changed_text_opened(
    old: Flag, alice: Any, bob: Any, spam: Any
) -> None:
    """Otherwise the author could have a friend report the text and withdraw the report, and nobody would review it."""
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


class TestAtOnce:
    """People report, edit and decide at the same moment, each in a thread."""

    pytestmark = needs_row_locks

    def test_a_report_that_comes_while_a_text_is_edited_joins_the_case_that_opens(
        self, old: Flag, spam: Any, alice: Any
    ) -> None:
        run_overlapping(lambda: edit(old), lambda: flag_again(old, spam, alice))
        assert states(old) == [State.OPEN]
        assert set(Flag.objects.values_list("case", flat=True)) == {old.case_id}

    def test_a_text_can_be_edited_while_a_report_opens_another_case(self, old: Flag, spam: Any, alice: Any) -> None:
        run_overlapping(lambda: flag_again(old, spam, alice), lambda: edit(old))
        new = Flag.objects.exclude(pk=old.pk).get()
        assert states(old, new) == [State.CLOSED, State.OPEN]
        assert Decision.objects.get().cause == Cause.TEXT_CHANGED

    def test_a_text_can_be_edited_while_its_case_is_decided_again(
        self, old: Flag, spam: Any, alice: Any, mike: Any
    ) -> None:
        Case.objects.update(closed_at=timezone.now())
        flag_again(old, spam, alice)
        run_overlapping(lambda: decided(old.case, mike, spam), lambda: edit(old))
        assert states(old) == [State.OPEN]
        assert set(Decision.objects.values_list("cause", flat=True)) == {Cause.NEW_DECISION, Cause.TEXT_CHANGED}

    def test_reports_edits_and_decisions_at_once_are_never_refused_by_the_database(
        self, old: Flag, spam: Any, alice: Any, bob: Any, mike: Any
    ) -> None:
        def report() -> None:
            for person in (alice, bob):
                with suppress(FlagRefused):
                    flag_again(old, spam, person)

        def change() -> None:
            for number in range(6):
                Message.objects.filter(pk=message_of(old).pk).update(content=f"Send me {number}")

        def decide() -> None:
            for _ in range(6):
                if (claim := claims.claim_next(mike)) is not None:
                    with suppress(Outdated):
                        version = claim.case.version
                        decisions.decide(claim.case_id, Choice(spam), by=mike, token=claim.token, version=version)

        assert run_concurrently(report, change, decide) == [None] * 3
        assert Case.objects.pending().count() <= 1
