"""Counting the cases with hard labels that somebody claims, so that the next one may be a lighter one."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from ops.moderation.models import Case, Comfort, Flag


def hard_flags(case: Any = None) -> Any:
    """Waiting flags with a label whose texts are hard to read, of a case: that of the row outside unless it is said."""
    return Flag.objects.waiting().filter(case=case or OuterRef("pk"), label__hard_to_read=True)


def lighter(cases: Any) -> Any:
    """Those of ``cases`` without such a flag."""
    return cases.exclude(Exists(hard_flags()))


def row_of(person: Any) -> Any:
    """How many such cases ``person``, a key or an expression, claimed one after the other; no row where none ever."""
    return Comfort.objects.filter(person=person).values("in_a_row")


def most_in_a_row() -> int:
    """How many such cases may be claimed one after the other where there are lighter ones."""
    return settings.HARD_CASES_IN_A_ROW or sys.maxsize


def needs_lighter(in_a_row: int | None) -> bool:
    """Whether somebody who claimed so many such cases one after the other is due a lighter one."""
    return (in_a_row or 0) >= most_in_a_row()


def note_claim(user: Any, case: Case, *, is_hard: bool, in_a_row: int | None, using: str) -> None:
    """Count a case that ``user`` has just claimed; in the transaction of the claim, which nobody else of theirs holds.

    ``in_a_row`` is what ``row_of`` gives since then. A lighter one begins the row anew. One that they claim again is
    not counted again.
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
