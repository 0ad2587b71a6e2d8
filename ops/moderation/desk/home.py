"""Numbers of cases in the menu and on the home page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy, ngettext

from ops.console.frame.home import Section
from ops.console.keyset import MAX_COUNTED
from ops.console.rooms import PendingWork
from ops.moderation.models import Case, State, View
from ops.moderation.saved import parameters, queues

QUEUE = "moderation.Case"
MOST_OWN_VIEWS = 5  # views whose cases the home page counts


def waiting(user: Any) -> Iterable[PendingWork]:
    """Yield the cases to decide for users who decide, and the escalated ones for users who may take cases over."""
    if user.has_perm("moderation.take_over_case"):
        yield _escalated()
    if user.has_perm("moderation.decide_case"):
        to_decide = Case.objects.to_decide().most_urgent_first()
        yield _counted(to_decide, lambda n: ngettext("case to decide", "cases to decide", n), "")


def lines(user: Any) -> Iterable[PendingWork]:
    """Yield what needs attention: cases in the user's views, and cases that are held, overdue, waiting or escalated."""
    if not user.has_perm("moderation.view_case"):
        return
    yield from of_views(user)
    cases = Case.objects.order_by()
    if user.has_perm("moderation.decide_case"):
        yield PendingWork(
            QUEUE,
            cases.pending().held_by(user.pk),
            lambda n: ngettext("case that you hold", "cases that you hold", n),
            "state=pending&holder=me",
        )
    # In the order of an index in which overdue cases are adjacent, so that no others are scanned.
    overdue = cases.to_decide().overdue().order_by("due_at")
    yield _counted(overdue, lambda n: ngettext("overdue case", "overdue cases", n), "overdue=yes")
    still_waiting = cases.still_waiting()
    yield _counted(still_waiting, lambda n: ngettext("waiting case", "waiting cases", n), "state=waiting")
    if not user.has_perm("moderation.take_over_case"):
        yield _escalated()


def of_views(user: Any) -> Iterable[PendingWork]:
    """Yield the cases in each of the user's own views. Stale views are left out; they show a warning when opened."""
    own = View.objects.filter(owner=user.pk, active=True).in_order()
    known = parameters.Known()
    for view in own[:MOST_OWN_VIEWS]:
        try:
            rows = queues.cases_of(view, user, known).most_urgent_first()
        except queues.ViewRefused:
            continue
        yield _counted(rows, partial(_in_view, str(view)), queues.query_of(view))


def _in_view(view: str, number: int) -> str:
    return ngettext("case in “%(view)s”", "cases in “%(view)s”", number) % {"view": view}


def _counted(rows: Any, what: Callable[[int], str], query: str) -> PendingWork:
    """Return the entry for these cases of the queue, counted up to the limit of any list."""
    return PendingWork(QUEUE, rows, what, query, most=MAX_COUNTED)


def _escalated() -> PendingWork:
    escalated = Case.objects.filter(state=State.ESCALATED).most_urgent_first()
    return _counted(escalated, lambda n: ngettext("escalated case", "escalated cases", n), "state=escalated")


SECTIONS = (
    Section(
        "desk",
        gettext_lazy("Review desk"),
        15,
        lines=lines,
        empty=gettext_lazy("No case is overdue, waiting or escalated."),
    ),
)
