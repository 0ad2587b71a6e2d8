"""What the menu and the home page say of cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django.utils.translation import gettext_lazy, ngettext

from ops.console.frame.home import Section
from ops.console.keyset import MAX_COUNTED
from ops.console.rooms import Waiting
from ops.moderation.models import Case, State, View
from ops.moderation.saved import parameters, queues

QUEUE = "moderation.Case"
MOST_OWN_VIEWS = 5  # whose cases the home page counts


def waiting(user: Any) -> Iterable[Waiting]:
    """Cases to decide, for those who decide; escalated ones for those who may take cases over."""
    if user.has_perm("moderation.take_over_case"):
        yield _escalated()
    if user.has_perm("moderation.decide_case"):
        to_decide = Case.objects.to_decide().most_urgent_first()
        yield _counted(to_decide, lambda n: ngettext("case to decide", "cases to decide", n), "")


def lines(user: Any) -> Iterable[Waiting]:
    """The queue by what is urgent in it."""
    if not user.has_perm("moderation.view_case"):
        return
    yield from of_views(user)
    cases = Case.objects.order_by()
    if user.has_perm("moderation.decide_case"):
        yield Waiting(
            QUEUE,
            cases.pending().held_by(user.pk),
            lambda n: ngettext("case that you hold", "cases that you hold", n),
            "state=pending&holder=me",
        )
    # In the order of an index in which they come one after the other, so that no others are looked at.
    overdue = cases.to_decide().overdue().order_by("due_at")
    yield _counted(overdue, lambda n: ngettext("overdue case", "overdue cases", n), "overdue=yes")
    due_to_wait = cases.due_to_wait()
    yield _counted(due_to_wait, lambda n: ngettext("waiting case", "waiting cases", n), "state=waiting")
    if not user.has_perm("moderation.take_over_case"):
        yield _escalated()


def of_views(user: Any) -> Iterable[Waiting]:
    """The cases in each of somebody's own views; a view that is stale says so when it is opened."""
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


def _counted(rows: Any, what: Callable[[int], str], query: str) -> Waiting:
    """Cases of the queue, of which no more are counted than of any list."""
    return Waiting(QUEUE, rows, what, query, most=MAX_COUNTED)


def _escalated() -> Waiting:
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
