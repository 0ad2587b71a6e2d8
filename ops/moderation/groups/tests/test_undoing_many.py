"""Undoing a group, and undoing the undo: which cases are skipped and why, and that all others are restored."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.models import Message
from messaging.tests.conversations import write
from ops.audit.models import Entry
from ops.moderation import claims, decisions, flagging
from ops.moderation.groups import preparing
from ops.moderation.groups.page import GroupPage
from ops.moderation.groups.tests.many import decided_together, outcomes, previewed, started, undone
from ops.moderation.models import Case, Decision, DecisionGroup, Flag, GroupAction, Label, LeftOut, Source, State
from ops.moderation.refusals import DecisionRefused
from ops.moderation.tests.desk import decided, many_reports

pytestmark = pytest.mark.django_db


def edit(words: str) -> None:
    message = Message.objects.get(content=words)
    message.content = f"Other {words}"
    message.save()


def test_forty_are_hidden_one_is_edited_thirty_nine_are_restored(lena: Any, spam: Label) -> None:
    cases = many_reports(spam, 40)
    group = decided_together(cases, lena, spam)
    assert Message.objects.filter(hidden=True).count() == 40
    edit("Words 7")
    undo = undone(group, lena)
    assert Message.objects.filter(hidden=False).count() == 39
    (reason,) = GroupPage(undo, lena).reasons
    assert (reason.words, reason.number, reason.cases) == (
        "a text was changed since",
        1,
        [(cases[7].pk, "receiver-7 and sender-7")],
    )
    assert GroupPage(undo, lena).done == 39
    assert set(Case.objects.exclude(pk=cases[7].pk).values_list("state", flat=True)) == {"open"}
    assert Flag.objects.waiting().count() == 39


def test_undoing_an_undo_restores_the_decisions_which_can_be_undone_again(
    lena: Any, lea: Any, spam: Label, threat: Label
) -> None:
    cases = many_reports(spam, 3)
    group = decided_together(cases, lena, threat, sent="Do not.", note="A wave")
    undo = undone(group, lea)
    again = undone(undo, lea, note="It was spam")
    made = Decision.objects.filter(group=again.pk).order_by("case")
    assert [(one.label, one.sent, one.note, one.in_force, one.decided_by) for one in made] == [
        (threat, "Do not.", "It was spam", True, lea)
    ] * 3
    assert again.kind == "redo"
    assert not Message.objects.filter(hidden=False).exists()
    assert set(Flag.objects.values_list("outcome", flat=True)) == {"upheld"}
    last = undone(again, lea)
    assert last.kind == "undo"
    assert not Message.objects.filter(hidden=True).exists()
    assert Decision.objects.count() == 12
    assert [
        *Entry.objects.filter(event__startswith="moderation.group").order_by("pk").values_list("event", flat=True)
    ] == [
        "moderation.group_decided",
        "moderation.group_undone",
        "moderation.group_decided",
        "moderation.group_undone",
    ]


def test_reports_upheld_without_hiding_are_upheld_again(lena: Any, spam: Label) -> None:
    group = decided_together(many_reports(spam, 1), lena, spam, action=GroupAction.UPHOLD)
    again = undone(undone(group, lena), lena)
    assert set(Flag.objects.values_list("outcome", flat=True)) == {"upheld"}
    undone(undone(undone(again, lena), lena), lena)
    assert set(Flag.objects.values_list("outcome", flat=True)) == {"waiting"}


class TestSkippedByUndo:
    def test_undoing_skips_each_case_for_its_reason(self, lena: Any, mona: Any, mike: Any, spam: Label) -> None:
        cases = many_reports(spam, 8)
        undone_before, again, _edited, _reported, _erased, about, beside, _ = cases
        group = decided_together(cases, lena, spam)
        decisions.undo(Decision.objects.get(case=undone_before).pk, by=lena)
        self.report("Words 1", spam, mike)
        decided(again, mona, spam)
        edit("Words 2")
        self.report("Words 3", spam, mike)
        Message.objects.get(content="Words 4").delete()
        write(lena, about.people.first().user)  # type: ignore[union-attr]
        Case.objects.create(
            **{name: getattr(beside, name) for name in ("severity", "rank_at", "due_at", "pending_since")},
            first_flag_at=beside.first_flag_at,
            conversation_id=beside.conversation_id,
        )
        undo = undone(group, lena)
        assert [*outcomes(undo).values()] == [
            LeftOut.UNDONE,
            LeftOut.DECIDED,
            LeftOut.TEXT_CHANGED,
            LeftOut.REPORTED,
            LeftOut.ERASED,
            LeftOut.ABOUT_YOU,
            LeftOut.ANOTHER_CASE,
            "done",
        ]
        assert Decision.objects.filter(group=undo.pk).count() == 1

    def report(self, words: str, label: Label, by: Any) -> None:
        flagging.flag(Message.objects.get(content=words), label=label, by=by, source=Source.STAFF)

    def test_a_case_reported_after_the_preview_is_skipped(self, lena: Any, mike: Any, spam: Label) -> None:
        cases = many_reports(spam, 2)
        group = decided_together(cases, lena, spam)
        preview = preparing.prepare_reversal(group, note="Not spam", by=lena)
        self.report("Words 0", spam, mike)
        assert [*outcomes(started(preview, lena)).values()] == ["reported", "done"]


class TestSkippedByRestoring:
    def test_restoring_skips_each_case_for_its_reason(self, lena: Any, mona: Any, mike: Any, spam: Label) -> None:
        cases = many_reports(spam, 7)
        again, _edited, _reported, held, _erased, waits, _ = cases
        undo = undone(decided_together(cases, lena, spam), lena)
        decided(again, mona, spam)
        Message.objects.filter(content="Words 1").update(content="Other words")
        flagging.flag(Message.objects.get(content="Words 2"), label=spam, by=mike, source=Source.STAFF)
        claims.claim(mike, held)
        Message.objects.get(content="Words 4").delete()
        claim = claims.claim(mona, waits)
        waits.refresh_from_db()
        decisions.wait(waits.pk, until=None, for_reply=True, by=mona, token=claim.token, version=waits.version)
        restored = undone(undo, lena)
        assert [*outcomes(restored).values()] == [
            LeftOut.DECIDED,
            LeftOut.TEXT_CHANGED,
            LeftOut.REPORTED,
            LeftOut.HELD,
            LeftOut.ERASED,
            LeftOut.CHANGED,
            "done",
        ]

    def test_reviewers_do_not_restore_their_own_group_that_a_colleague_undid(
        self, lena: Any, lea: Any, spam: Label
    ) -> None:
        undo = undone(decided_together(many_reports(spam, 1), lena, spam), lea)
        restored = preparing.prepare_reversal(undo, note="But it was", by=lena)
        assert [*outcomes(restored).values()] == [LeftOut.OVERTURNED]


class TestRefusals:
    def test_undoing_the_group_of_a_colleague_requires_the_permission(self, lena: Any, lea: Any, spam: Label) -> None:
        group = decided_together(many_reports(spam, 1), lena, spam)
        lea.user_permissions.remove(*lea.user_permissions.filter(codename="undo_decision"))
        lea = type(lea).objects.get(pk=lea.pk)
        with pytest.raises(DecisionRefused, match="Only its author"):
            preparing.prepare_reversal(group, note="", by=lea)

    def test_a_preview_cannot_be_undone(self, lena: Any, spam: Label) -> None:
        group = previewed(many_reports(spam, 1), lena, spam)
        with pytest.raises(DecisionRefused, match="not over"):
            preparing.prepare_reversal(group, note="", by=lena)


def test_a_message_that_a_later_decision_hides_too_stays_hidden(lena: Any, mona: Any, spam: Label) -> None:
    (case,) = many_reports(spam, 1)
    message = Message.objects.get()
    group = decided_together([case], lena, spam)
    other = Case.objects.create(
        **{name: getattr(case, name) for name in ("severity", "rank_at", "due_at", "pending_since", "first_flag_at")},
        conversation_id=case.conversation_id,
    )
    decided(other, mona, spam, hides=[message.pk])
    undo = undone(group, lena)
    message.refresh_from_db()
    assert message.hidden
    assert DecisionGroup.objects.get(pk=undo.pk).members.done().exists()
    case.refresh_from_db()
    assert case.state == State.OPEN
