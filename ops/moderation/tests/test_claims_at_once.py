"""Many reviewers take cases at the same moment: no case is given twice, and none is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import override_settings
from django.utils import timezone

from messaging.tests.cast import make_user
from messaging.tests.concurrency import run_concurrently
from ops.conftest import make_staff
from ops.jobs.tests.killing import Databases, databases
from ops.moderation import claims, decisions, flagging
from ops.moderation.claiming import taking
from ops.moderation.models import Case, Claim, Flag, Label, Skip, Source, State, View
from ops.moderation.saved import queues
from ops.moderation.tests.desk import REVIEWING, many_reports, message_of

__all__ = ["databases"]


def take_all(reviewers: int, number: int) -> list[list[int]]:
    """Have this many reviewers decide ``number`` cases concurrently until none is left; return each one's cases."""
    label = Label.objects.create(name="Spam", slug="spam", severity="low")
    many_reports(label, number)
    people = [make_staff(f"reviewer-{place}", *REVIEWING) for place in range(reviewers)]
    taken: list[list[int]] = [[] for _ in people]

    def work(place: int) -> None:
        while (claim := claims.claim_next(people[place])) is not None:
            taken[place].append(claim.case_id)
            sent = {"by": people[place], "token": claim.token, "version": claim.case.version}
            decisions.decide(claim.case_id, decisions.Choice(label), **sent)

    raised = run_concurrently(*(lambda place=place: work(place) for place in range(reviewers)))
    assert raised == [None] * reviewers
    return taken


def take_all_of_forty() -> dict[str, Any]:
    """Return the cases that each of eight reviewers was given, and all closed cases."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        taken = take_all(8, 40)
    return {"taken": taken, "closed": list(Case.objects.filter(state=State.CLOSED).values_list("pk", flat=True))}


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has a test of its own, in a file")
def test_ten_reviewers_in_two_views_share_them_without_a_case_of_another() -> None:
    """Five reviewers in each of two overlapping views: no case is given twice, and none outside the reviewer's view."""
    spam, threat = (Label.objects.create(name=name, slug=name, severity="low") for name in ("spam", "threat"))
    cases = many_reports(spam, 40)
    first = {flag.case_id: flag for flag in Flag.objects.select_related("message")}
    for case in cases[::2]:
        flagging.flag(
            message_of(first[case.pk]), label=threat, by=make_user(f"by-{case.pk}"), source=Source.PARTICIPANT
        )
    views = [View.objects.create(name=one, slug=one, filters=f"label={one}") for one in ("spam", "threat")]
    people = [make_staff(f"reviewer-{place}", *REVIEWING) for place in range(10)]
    taken: list[list[int]] = [[] for _ in people]

    def work(place: int) -> None:
        while (claim := queues.claim_next(people[place], views[place % 2])) is not None:
            taken[place].append(claim.case_id)
            sent = {"by": people[place], "token": claim.token, "version": claim.case.version}
            decisions.decide(claim.case_id, decisions.Choice(spam), **sent)

    raised = run_concurrently(*(lambda place=place: work(place) for place in range(len(people))))
    assert raised == [None] * len(people)
    assert sorted(pk for some in taken for pk in some) == sorted(case.pk for case in cases)
    of_threat = {case.pk for case in cases[::2]}
    assert {pk for place in range(1, 10, 2) for pk in taken[place]} <= of_threat


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has a test of its own, in a file")
def test_twenty_reviewers_never_get_one_case_twice() -> None:
    found = [pk for some in take_all(20, 200) for pk in some]
    assert len(found) == 200
    assert sorted(found) == list(Case.objects.order_by("pk").values_list("pk", flat=True))
    assert set(Case.objects.values_list("state", flat=True)) == {State.CLOSED}


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has a single writer")
def test_reviewers_with_expired_claims_do_not_wait_for_each_other() -> None:
    """Each releases a case that a colleague is taking at that moment."""
    many_reports(Label.objects.create(name="Spam", slug="spam", severity="low"), 12)
    people = [make_staff(f"reviewer-{place}", *REVIEWING) for place in range(12)]
    for reviewer in people:
        claims.claim_next(reviewer)
    for _ in range(20):
        people.reverse()
        Claim.objects.update(expires_at=Now() - timedelta(seconds=1))
        raised = run_concurrently(*(lambda one=one: claims.claim_next(one) for one in people))
        assert raised == [None] * len(people)
        assert Claim.objects.live().count() == len(people)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has a single writer")
def test_expired_claims_are_released_before_the_second_search_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expired claims are released by then. Otherwise their locks would be held while locking claims that expire
    meanwhile, and a colleague takes both locks in the other order."""
    many_reports(Label.objects.create(name="Spam", slug="spam", severity="low"), 1)
    before, now = (make_staff(name, *REVIEWING) for name in ("before", "now"))
    held = claims.claim_next(before)
    assert held is not None
    Claim.objects.update(expires_at=Now() - timedelta(seconds=1))
    Skip.objects.create(reviewer=now, case=held.case, until=timezone.now() + timedelta(hours=1))
    seen: list[bool] = []
    take_found = taking.take_found

    def looking_again(*args: Any, **kwargs: Any) -> Any:
        assert run_concurrently(lambda: seen.append(Claim.objects.exists())) == [None]
        return take_found(*args, **kwargs)

    monkeypatch.setattr(taking, "take_found", looking_again)
    assert claims.claim_next(now, among=[Case.objects.to_decide_in_parts()[0].most_urgent_first()]) is None
    assert seen == [False]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has a test of its own")
def test_eight_reviewers_never_get_one_case_twice_from_a_file(databases: Databases) -> None:
    """The threads share a database file, as the processes of a console do; the database of other tests is in memory."""
    place = databases.fresh()
    try:
        found = place.call(f"{__name__}.take_all_of_forty")
    finally:
        place.end()
    given = [pk for some in found["taken"] for pk in some]
    assert len(given) == 40
    assert sorted(given) == sorted(found["closed"])
