"""The page of a case shows earlier decisions about its people, and what became of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.html import strip_tags

from messaging.tests.clients import signed_in
from ops.moderation import decisions
from ops.moderation.models import Case, Flag, Label
from ops.moderation.tests.desk import decided, lena, many_reports, message_of, mike, mona, reported, spam, threat

__all__ = ["lena", "mike", "mona", "reported", "spam", "threat"]


def lines_below(case: Case, user: Any, heading: str) -> list[str]:
    """Return the lines below a heading of the page of a case."""
    page = signed_in(user).get(reverse("admin:moderation_case_change", args=[case.pk])).content.decode()
    if heading not in page:
        return []
    section = page.partition(heading)[2].partition("</section>")[0]
    return [" ".join(strip_tags(line).split()) for line in section.split("<li>")[1:]]


def test_decisions_on_other_cases_are_listed_whatever_their_state(
    reported: Callable[..., Flag], spam: Label, threat: Label, lena: Any, mona: Any
) -> None:
    undone, lapsed, holding = (reported(spam) for _ in range(3))
    decisions.undo(decided(undone.case, lena, spam).pk, by=lena)
    decided(lapsed.case, mona, spam, upholds=True)
    message = message_of(lapsed)
    message.content = "something else"
    message.save()
    decided(holding.case, mona, threat)
    decided(many_reports(threat, 1)[0], mona, threat)  # about other people
    lines = lines_below(reported(threat).case, mona, "Other decisions about these people")
    assert len(lines) == 3
    latest, before, first = lines
    assert f"Threat nothing done case {holding.case_id} " in latest and latest.endswith("in force")
    assert f"Spam reports upheld case {lapsed.case_id} " in before and before.endswith(
        "a text that it covers was changed"
    )
    assert f"Spam nothing done case {undone.case_id} " in first and first.endswith("it was undone")


def test_a_decision_that_only_upheld_reports_reads_reports_upheld(
    reported: Callable[..., Flag], spam: Label, mona: Any, mike: Any
) -> None:
    upheld, dismissed = reported(spam).case, reported(spam).case
    decided(upheld, mona, spam, upholds=True)
    decided(dismissed, mona, spam)
    assert "Spam reports upheld by mona" in lines_below(upheld, mike, "Decisions on this case")[0]
    assert "Spam nothing done by mona" in lines_below(dismissed, mike, "Decisions on this case")[0]
