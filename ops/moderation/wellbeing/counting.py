"""Counting the cases with hard labels that a reviewer claims in a row, so that a lighter one can follow."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from ops.moderation.models import Case, Comfort, Flag


def hard_flags(case: Any = None) -> Any:
    """Select the waiting flags of a case with a label that is hard to read; by default the outer query's case."""
    return Flag.objects.waiting().filter(case=case or OuterRef("pk"), label__hard_to_read=True)


def lighter(cases: Any) -> Any:
    """Filter ``cases`` to those without hard flags."""
    return cases.exclude(Exists(hard_flags()))


def hard_cases_in_a_row(person: Any) -> Any:
    """Select the number of hard cases that ``person``, a key or an expression, claimed in a row; may select no row."""
    return Comfort.objects.filter(person=person).values("in_a_row")


def most_in_a_row() -> int:
    """Return how many hard cases somebody is given in a row while there are lighter ones."""
    return settings.HARD_CASES_IN_A_ROW or sys.maxsize


def needs_lighter(in_a_row: int | None) -> bool:
    """Return whether a reviewer who claimed this many hard cases in a row is due a lighter one."""
    return (in_a_row or 0) >= most_in_a_row()


def note_claim(user: Any, case: Case, *, is_hard: bool, in_a_row: int | None, using: str) -> None:
    """Count a case that ``user`` has just claimed, in the transaction of the claim. Each user has one claim at most, so
    no other transaction counts for them meanwhile.

    ``in_a_row`` is the value of ``hard_cases_in_a_row`` read after claiming. A lighter case resets it to 0. The same
    hard case, claimed again, does not count again.
    """
    kept = Comfort.objects.using(using)
    if not is_hard:
        if in_a_row:
            kept.filter(person=user.pk).update(in_a_row=0, last_case=case)
        return
    comfort, _ = kept.get_or_create(person_id=user.pk)
    if comfort.last_case_id == case.pk:
        return
    today = timezone.localdate()
    comfort.in_a_row += 1
    comfort.on_day, comfort.day = comfort.read_on(today) + 1, today
    comfort.last_case = case
    comfort.save(using=using, update_fields=["in_a_row", "on_day", "day", "last_case"])
