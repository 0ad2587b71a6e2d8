"""Many reviewers take cases at the same moment: none is given twice, and none is lost."""

from __future__ import annotations

from typing import Any

from django.db import connection  # noqa: F401 - needs_row_locks asks it

from messaging.tests.concurrency import needs_row_locks, run_concurrently
from ops.conftest import make_staff
from ops.moderation import claims, decisions
from ops.moderation.models import Case, Label, State
from ops.moderation.tests.desk import REVIEWING, many_reports

pytestmark = needs_row_locks


def test_twenty_reviewers_never_get_one_case_twice(transactional_db: Any) -> None:
    label = Label.objects.create(name="Spam", slug="spam", severity="low")
    cases = many_reports(label, 100)
    reviewers = [make_staff(f"reviewer-{number}", *REVIEWING) for number in range(20)]
    taken: list[list[int]] = [[] for _ in reviewers]

    def work(place: int) -> None:
        reviewer = reviewers[place]
        while (claim := claims.claim_next(reviewer)) is not None:
            taken[place].append(claim.case_id)
            token, version = claim.token, claim.case.version
            decisions.decide(claim.case_id, decisions.Choice(label), by=reviewer, token=token, version=version)

    raised = run_concurrently(*(lambda place=place: work(place) for place in range(len(reviewers))))
    assert raised == [None] * len(reviewers)
    found = [pk for some in taken for pk in some]
    assert sorted(found) == sorted(case.pk for case in cases)
    assert set(Case.objects.values_list("state", flat=True)) == {State.CLOSED}
