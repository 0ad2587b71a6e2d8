"""The page of a case and its row in the queue count its waiting reports, however many were settled before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from messaging.tests.cast import make_user
from messaging.tests.clients import signed_in
from ops.moderation.desk.page import CasePage
from ops.moderation.desk.queries import MOST_FLAGS
from ops.moderation.desk.rows import prepare
from ops.moderation.models import Case, Flag, Label, Outcome, Source


def test_waiting_reports_are_shown_after_more_settled_ones_than_a_page_shows(
    reported: Callable[..., Flag], spam: Label, mona: Any
) -> None:
    waiting = reported(spam)
    before = waiting.created_at - timedelta(days=1)
    settled = {"outcome": Outcome.DISMISSED, "settled_at": before, "created_at": before}
    Flag.objects.bulk_create(
        Flag(case=waiting.case, message=waiting.message, revision=1, label=spam, source=Source.IMPORT, **settled)
        for _ in range(MOST_FLAGS)
    )
    page = CasePage(waiting.case, mona)
    assert page.waiting == [waiting]
    assert len(page.flags) == MOST_FLAGS
    assert page.flags[-1] == waiting
    response = signed_in(mona).get(f"/console/moderation/case/{waiting.case_id}/change/")
    assert "Send me money" in response.content.decode()


def test_a_report_without_a_known_reporter_counts_as_no_person(
    reported: Callable[..., Flag], spam: Label, mona: Any
) -> None:
    first = reported(spam)
    for name in ("dora", "emil"):
        reported(spam, message=first.message, by=make_user(name))
    about = {"case": first.case, "message": first.message, "revision": 1, "label": spam}
    Flag.objects.create(**about, source=Source.IMPORT, created_at=first.created_at)
    case = Case.objects.get()
    assert "because 3 people reported it." in CasePage(case, mona).why_here
    rows = [case]
    prepare(rows)
    assert (rows[0].queued.reports, rows[0].queued.reporters) == (4, 3)  # type: ignore[attr-defined]
