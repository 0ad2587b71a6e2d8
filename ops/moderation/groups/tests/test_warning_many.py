"""A group warns the authors of reported messages: each reads and confirms the text once; undoing withdraws it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging.models import Message
from messaging.participants.standing import standing_of
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.audit.models import Entry
from ops.conftest import make_staff
from ops.moderation import erased, flagging
from ops.moderation.groups import preparing
from ops.moderation.groups.page import GroupPage
from ops.moderation.groups.tests.many import MANY, decided_together, outcomes, previewed, started, undone
from ops.moderation.models import Act, Case, Decision, GroupAction, Label, LeftOut, Measure, Source
from ops.moderation.participants.standing import ParticipantsStanding
from ops.moderation.refusals import DecisionRefused
from ops.moderation.tests.desk import many_reports

pytestmark = pytest.mark.django_db


def warned(cases: list[Case], by: Any, label: Label, **choice: Any) -> Any:
    return decided_together(cases, by, label, warns=True, sent="No spam.", **choice)


def authors() -> list[Any]:
    return [message.sender for message in Message.objects.order_by("pk").select_related("sender")]


def texts(person: Any) -> list[str]:
    return [one.text for one in standing_of(person).warnings]


class TestWarning:
    def test_authors_read_the_text_and_receivers_do_not(self, lena: Any, spam: Any) -> None:
        warned(many_reports(spam, 3), lena, spam)
        for message in Message.objects.select_related("sender", "receiver"):
            assert (texts(message.sender), texts(message.receiver)) == (["No spam."], [])
            assert message.hidden
        assert Measure.objects.filter(act=Act.WARN, after=None).count() == 3

    def test_authors_are_warned_without_hiding_messages(self, lena: Any, spam: Any) -> None:
        warned(many_reports(spam, 1), lena, spam, action=GroupAction.UPHOLD)
        assert texts(authors()[0]) == ["No spam."]
        assert not Message.objects.filter(hidden=True).exists()

    def test_authors_with_only_settled_reports_are_not_warned(self, lena: Any, lea: Any, spam: Any) -> None:
        (case,) = many_reports(spam, 1)
        decided_together([case], lea, spam, action=GroupAction.DISMISS)
        reply = answer(Message.objects.get(), "You are spam")
        flagging.flag(reply, label=spam, by=reply.receiver, source=Source.PARTICIPANT)
        warned([case], lena, spam)
        assert [*Measure.objects.filter(act=Act.WARN).values_list("user", flat=True)] == [reply.sender_id]

    def test_the_preview_counts_people_and_not_cases(self, lena: Any, spam: Any) -> None:
        cases = [*many_reports(spam, 2), *of_one_author(spam, 3)]
        effect = GroupPage(previewed(cases, lena, spam, warns=True, sent="No spam."), lena).effect
        assert (effect.warns, effect.hides, effect.writes_to) == (3, 5, 3)
        upholding = previewed(cases, lena, spam, GroupAction.UPHOLD, warns=True, sent="No spam.")
        effect = GroupPage(upholding, lena).effect
        assert (effect.warns, effect.hides, effect.writes_to) == (3, 0, 3)

    def test_the_audit_trail_records_the_warning(self, lena: Any, spam: Any) -> None:
        warned(many_reports(spam, 1), lena, spam)
        assert Entry.objects.get(event="moderation.group_decided").details["warns"] is True
        assert Entry.objects.get(event="moderation.decided").details["measures"] == {"hide": 1, "warn": 1}

    def test_takes_as_many_queries_for_twice_the_cases(self, lena: Any, spam: Any) -> None:
        cases = many_reports(spam, 30)
        numbers = []
        for some in (cases[:10], cases[10:]):
            group = previewed(some, lena, spam, warns=True, sent="No spam.")
            for note in ("Not spam", "It was", ""):
                with CaptureQueriesContext(connection) as queries:
                    group = started(group, lena)
                numbers.append(len(queries))
                group = preparing.prepare_reversal(group, note=note, by=lena)
        assert numbers[:3] == numbers[3:]


def of_one_author(label: Label, number: int) -> list[Case]:
    """Return ``number`` cases, each of a conversation of the same author with another person."""
    author = make_user("spammer")
    cases = []
    for place in range(number):
        message = write(author, make_user(f"victim-{place}"), "Buy", minute=place)
        flag = flagging.flag(message, label=label, by=message.receiver, source=Source.PARTICIPANT)
        cases.append(flag.case)
    return cases


class TestOneAuthorOfMany:
    def test_reads_the_text_once_and_confirms_it_once(self, lena: Any, spam: Any) -> None:
        warned(of_one_author(spam, 3), lena, spam)
        author = authors()[0]
        (warning,) = standing_of(author).warnings
        ParticipantsStanding().confirm(warning.pk, by=author)
        assert texts(author) == []
        assert not Measure.objects.filter(act=Act.WARN, confirmed_at=None).exists()
        assert Entry.objects.filter(event="moderation.warning_confirmed").count() == 3

    def test_confirms_no_other_warning_with_it(self, lena: Any, spam: Any) -> None:
        warned(of_one_author(spam, 2), lena, spam)
        author = authors()[0]
        message = write(author, make_user("victim-9"), "Buy more")
        other = flagging.flag(message, label=spam, by=message.receiver, source=Source.PARTICIPANT)
        warned([other.case], lena, spam)
        first, second = standing_of(author).warnings
        ParticipantsStanding().confirm(first.pk, by=author)
        assert [one.pk for one in standing_of(author).warnings] == [second.pk]

    def test_reads_it_while_one_of_the_decisions_keeps_it(self, lena: Any, spam: Any) -> None:
        """An erasure removes the text only from the decision on the erased person's case."""
        cases = of_one_author(spam, 2)
        group = warned(cases, lena, spam)
        Decision.objects.filter(case=cases[0], group=group.pk).update(sent="")
        assert texts(authors()[0]) == ["No spam."]


class TestUndoing:
    def test_undoing_removes_warnings_and_restoring_returns_them(self, lena: Any, spam: Any) -> None:
        group = warned(many_reports(spam, 2), lena, spam)
        undo = undone(group, lena)
        assert [texts(one) for one in authors()] == [[], []]
        again = undone(undo, lena)
        assert [texts(one) for one in authors()] == [["No spam."], ["No spam."]]
        undone(again, lena)
        assert [texts(one) for one in authors()] == [[], []]

    def test_previews_name_people_who_confirmed_the_warning(self, lena: Any, spam: Any) -> None:
        group = warned(many_reports(spam, 2), lena, spam)
        Measure.objects.filter(user=authors()[0].pk).update(confirmed_at=timezone.now())
        preview = preparing.prepare_reversal(group, note="Not spam", by=lena)
        effect = GroupPage(preview, lena).effect
        assert effect.stays == ["sender-0 confirmed the warning already: it stays read."]
        assert effect.will_undo[1:] == ["The warning of sender-1 goes from their pages."]
        again = preparing.prepare_reversal(started(preview, lena), note="It was", by=lena)
        effect = GroupPage(again, lena).effect
        assert (effect.hides_again, effect.warns_again) == (2, 1)
        assert effect.not_again == ["sender-0 confirmed the warning already, and is not warned again."]
        started(again, lena)
        assert [texts(one) for one in authors()] == [[], ["No spam."]]

    def test_many_people_are_not_all_named(self, lena: Any, spam: Any) -> None:
        group = warned(many_reports(spam, 9), lena, spam)
        preview = preparing.prepare_reversal(group, note="Not spam", by=lena)
        (sentence,) = GroupPage(preview, lena).effect.will_undo[1:]
        assert sentence == "The warnings of sender-0, sender-1 and 7 others go from their pages."

    def test_a_case_of_an_erased_person_is_not_restored(self, lena: Any, spam: Any) -> None:
        cases = many_reports(spam, 2)
        undo = undone(warned(cases, lena, spam), lena)
        erased.forget(Message.objects.order_by("pk")[0].receiver_id)
        restored = preparing.prepare_reversal(undo, note="It was", by=lena)
        assert [*outcomes(restored).values()] == [LeftOut.ERASED, ""]


class TestLeftOut:
    @pytest.mark.parametrize("power", ["is_staff", "is_superuser"])
    def test_authors_with_console_access_are_left_out(self, lena: Any, spam: Any, power: str) -> None:
        cases = many_reports(spam, 2)
        type(lena).objects.filter(pk=authors()[0].pk).update(**{power: True})
        group = previewed(cases, lena, spam, warns=True, sent="No spam.")
        assert [*outcomes(group).values()] == [LeftOut.PROTECTED, ""]
        assert {*outcomes(previewed(cases, lena, spam)).values()} == {""}

    def test_a_lead_with_the_permission_warns_staff(self, spam: Any) -> None:
        lead = make_staff("lead", *MANY, "measure_staff")
        cases = many_reports(spam, 1)
        type(lead).objects.filter(pk=authors()[0].pk).update(is_staff=True)
        assert [*outcomes(warned(cases, lead, spam)).values()] == ["done"]

    def test_authors_who_became_staff_since_are_not_warned_again(self, lena: Any, spam: Any) -> None:
        undo = undone(warned(many_reports(spam, 2), lena, spam), lena)
        type(lena).objects.filter(pk=authors()[0].pk).update(is_staff=True)
        restored = undone(undo, lena)
        assert [*outcomes(restored).values()] == [LeftOut.PROTECTED, "done"]


class TestRefusals:
    def test_a_warning_without_a_text_is_refused(self, lena: Any, spam: Any) -> None:
        with pytest.raises(DecisionRefused, match="whom you warn reads why"):
            previewed(many_reports(spam, 1), lena, spam, warns=True, sent=" ")

    def test_a_warning_with_a_dismissal_is_refused(self, lena: Any, spam: Any) -> None:
        with pytest.raises(DecisionRefused, match="dismissed warn nobody"):
            previewed(many_reports(spam, 1), lena, spam, GroupAction.DISMISS, warns=True, sent="No spam.")


def test_an_erased_author_does_not_prevent_the_decision(lena: Any, spam: Any) -> None:
    cases = many_reports(spam, 2)
    erased.forget(authors()[0].pk)
    group = warned(cases, lena, spam)
    assert [*outcomes(group).values()] == ["done", "done"]
    assert Measure.objects.filter(act=Act.WARN).count() == 1
    assert Decision.objects.filter(version_after=F("version_before") + 1).count() == 2
