"""What the menu, the home page and the panel beside a conversation say of cases."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from ops.console.frame.home import Section
from ops.console.keyset import MAX_COUNTED_WHOLE
from ops.console.rooms import Fact, Waiting
from ops.moderation.models import Case, State

QUEUE = "moderation.Case"
MOST_COUNTED = MAX_COUNTED_WHOLE + 1  # as lists are: beyond, "10,000+"


def waiting(user: Any) -> Iterable[Waiting]:
    """Cases to decide, for those who decide; escalated ones for those who may take cases over."""
    if user.has_perm("moderation.take_over_case"):
        escalated = Case.objects.filter(state=State.ESCALATED)
        yield Waiting(QUEUE, escalated, "escalated case", "escalated cases", "state=escalated")
    if user.has_perm("moderation.decide_case"):
        yield Waiting(QUEUE, Case.objects.to_decide().up_to(MOST_COUNTED), "case to decide", "cases to decide", "")


def lines(user: Any) -> Iterable[Waiting]:
    """The queue by what is urgent in it."""
    if not user.has_perm("moderation.view_case"):
        return
    cases = Case.objects.all()
    if user.has_perm("moderation.decide_case"):
        yield Waiting(
            QUEUE,
            cases.pending().held_by(user.pk),
            "case that you hold",
            "cases that you hold",
            "state=pending&holder=me",
        )
    overdue = cases.to_decide().overdue()
    yield Waiting(QUEUE, overdue.up_to(MOST_COUNTED), "overdue case", "overdue cases", "overdue=yes")
    yield Waiting(QUEUE, cases.due_to_wait(), "waiting case", "waiting cases", "state=waiting")
    if not user.has_perm("moderation.take_over_case"):
        escalated = cases.filter(state=State.ESCALATED)
        yield Waiting(QUEUE, escalated, "escalated case", "escalated cases", "state=escalated")


def facts(request: HttpRequest, conversation: Any) -> Iterable[Fact]:
    """The latest case of a conversation, for those who may see cases."""
    if not request.user.has_perm("moderation.view_case"):
        return []
    case = Case.objects.filter(conversation=conversation.pk).order_by("-id").first()
    if case is None:
        return []
    address = reverse("admin:moderation_case_change", args=[case.pk])
    return [Fact("Case", f"{case.get_state_display()}, number {case.pk}", address)]


SECTIONS = (Section("desk", "Review desk", 15, lines=lines, empty="No case is overdue, waiting or escalated."),)
