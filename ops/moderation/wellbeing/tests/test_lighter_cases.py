"""After several hard cases in a row, a reviewer gets a lighter one; other reviewers do not, and no case starves."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.moderation import claims, flagging
from ops.moderation.models import Case, Comfort, Label, Severity, Source
from ops.moderation.tests.desk import decided, message_of, mike, mona, spam, threat

__all__ = ["mike", "mona", "spam", "threat"]


@pytest.fixture
def hard(threat: Label) -> Label:
    """The label of threats, which are hard to read, and more urgent than spam."""
    threat.hard_to_read = True
    threat.save()
    return threat


@pytest.fixture(autouse=True)
def two_in_a_row(settings: Any) -> Any:
    settings.HARD_CASES_IN_A_ROW = 2
    return settings


def report(label: Label, number: int) -> list[Case]:
    """Return ``number`` cases of new conversations, in the order of the queue."""
    made = []
    for place in range(number):
        name = f"{label.slug}-{place}-{Case.objects.count()}"
        sender, receiver = make_user(f"from-{name}"), make_user(f"to-{name}")
        message = write(sender, receiver, minute=place)
        made.append(flagging.flag(message, label=label, by=receiver, source=Source.PARTICIPANT).case)
    return made


def work(user: Any, label: Label) -> int | None:
    """Claim the next case and decide it; return its id, or None if there is none."""
    claim = claims.claim_next(user)
    if claim is None:
        return None
    decided(claim.case, user, label)
    return claim.case_id


def in_a_row(user: Any) -> int:
    return Comfort.objects.get(person=user).in_a_row


def test_a_lighter_case_follows_two_hard_ones(mona: Any, hard: Label, spam: Label) -> None:
    first, second, third, fourth = report(hard, 4)
    (light,) = report(spam, 1)
    found = [work(mona, spam) for _ in range(6)]
    assert found == [first.pk, second.pk, light.pk, third.pk, fourth.pk, None]


def test_the_lighter_case_is_the_first_in_the_queue(mona: Any, hard: Label, spam: Label) -> None:
    report(hard, 3)
    light = report(spam, 2)
    assert [work(mona, spam) for _ in range(3)][-1] == light[0].pk


def test_for_others_the_order_stays(mona: Any, mike: Any, hard: Label, spam: Label) -> None:
    cases = report(hard, 3)
    report(spam, 1)
    work(mona, spam)
    work(mona, spam)
    assert work(mike, spam) == cases[2].pk


def test_hard_cases_are_given_when_no_other_is_left(mona: Any, hard: Label, spam: Label) -> None:
    cases = report(hard, 4)
    assert [work(mona, spam) for _ in range(5)] == [*(one.pk for one in cases), None]


def test_nothing_is_mixed_in_where_it_is_switched_off(mona: Any, hard: Label, spam: Label, settings: Any) -> None:
    settings.HARD_CASES_IN_A_ROW = 0
    cases = report(hard, 3)
    report(spam, 1)
    assert [work(mona, spam) for _ in range(3)] == [one.pk for one in cases]


def test_the_same_case_counts_once(mona: Any, hard: Label) -> None:
    (case,) = report(hard, 1)
    for _ in range(3):
        claims.claim(mona, case)
        claims.release(mona, case.pk)
    assert in_a_row(mona) == 1


def test_a_lighter_case_resets_the_count_in_a_row(mona: Any, hard: Label, spam: Label) -> None:
    first, second = report(hard, 2)
    (light,) = report(spam, 1)
    for case, number in ((first, 1), (light, 0), (second, 1)):
        claims.claim(mona, case)
        assert in_a_row(mona) == number
    assert Comfort.objects.get(person=mona).on_day == 2


def test_a_case_taken_over_counts_too(mona: Any, hard: Label) -> None:
    (case,) = report(hard, 1)
    claims.take_over(mona, case)
    assert in_a_row(mona) == 1


def test_a_label_that_is_hard_no_longer_is_light(mona: Any, hard: Label, spam: Label) -> None:
    cases = report(hard, 3)
    report(spam, 1)
    work(mona, spam)
    work(mona, spam)
    Label.objects.filter(pk=hard.pk).update(hard_to_read=False)
    assert work(mona, spam) == cases[2].pk


def test_a_case_whose_hard_report_was_settled_is_light(mona: Any, hard: Label, spam: Label) -> None:
    (case,) = report(spam, 1)
    flagging.flag(message_of(case.flags.get()), label=hard, by=make_user("carol"), source=Source.PARTICIPANT)
    case.flags.filter(label=hard).update(outcome="dismissed", settled_at=case.first_flag_at)
    claims.claim(mona, case)
    assert not Comfort.objects.filter(in_a_row__gt=0).exists()


@pytest.mark.parametrize("past", [False, True])
def test_the_case_is_taken_in_one_statement(mona: Any, hard: Label, spam: Label, past: bool) -> None:
    """On PostgreSQL the same statement sees that a lighter case is needed, and takes none; a second one then does."""
    hard_ones = report(hard, 3)
    report(spam, 30)
    if past:
        work(mona, spam)
        work(mona, spam)
    with CaptureQueriesContext(connection) as queries:
        claim = claims.claim_next(mona)
    assert claim is not None
    assert (claim.case_id in {one.pk for one in hard_ones}) is not past
    taking = [query["sql"] for query in queries if "INSERT INTO moderation_claim" in query["sql"]]
    assert len(taking) == 1 + (past and connection.vendor == "postgresql")


def test_severity_does_not_make_a_case_hard(mona: Any, spam: Label) -> None:
    """An urgent case need not be hard to read."""
    Label.objects.filter(pk=spam.pk).update(severity=Severity.IMMINENT)
    for case in report(spam, 3):
        claims.claim(mona, case)
    assert not Comfort.objects.exists()
