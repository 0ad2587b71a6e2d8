"""The team dashboard, for Leads: whether the team keeps up, and who needs help."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from ops.dashboard.boards import days, review
from ops.dashboard.boards.board import BoardRequest
from ops.dashboard.boards.content import Cell, Content, Number, Table, counted, of_person, seconds
from ops.dashboard.charts.drawing import Chart
from ops.dashboard.charts.units import Unit
from ops.dashboard.figures import desk
from ops.dashboard.figures.reviewers import LEAST_COMPARED, Reviewer, reviewers


def reviewer_row(one: Reviewer) -> tuple[Cell, ...]:
    return (
        of_person(one.account, one.name),
        Cell(one.decisions, rows=one.decided_rows),
        Cell(one.cases),
        Cell(seconds(one.p50), Unit.DURATION),
        Cell(one.agreement.kappa, Unit.RATIO),
        Cell(one.agreement.compared),
        Cell(one.read_per_case),
    )


def by_reviewer(asked: BoardRequest) -> Table:
    """Decisions, times and agreement, by reviewer."""
    rows = tuple(map(reviewer_row, asked.of(reviewers).people))
    columns = (
        _("Reviewer"),
        _("Decisions"),
        _("Cases"),
        _("Time per decision"),
        _("Agreement (κ)"),
        pgettext("agreement", "of cases"),
        _("Read per case"),
    )
    empty = _("Nobody decided anything in this period.")
    note = _(
        "To see who needs help, not to rank people. Time: from the claim to the decision, half are shorter. Agreement: "
        "Cohen’s κ with colleagues who decided the same cases; not shown for fewer than %(number)s."
    ) % {"number": LEAST_COMPARED}
    return Table("reviewers", _("By reviewer"), columns, rows, empty=empty, note=note if rows else "")


def at_work(asked: BoardRequest) -> Number:
    """The number of people who decided cases."""
    now, before = (len(found.people) for found in asked.both(reviewers))

    def decided(n: int) -> str:
        return ngettext("reviewer decided cases", "reviewers decided cases", n)

    return counted("reviewers", now, decided, before=before)


def decisions_per_day(asked: BoardRequest) -> Chart:
    """Decisions, by day."""
    decisions = days.Counted(dict(asked.of(desk.decisions).per_day), desk.decided_in)
    titles = days.Titles(_("Decisions by day"), _("Decisions by week"), _("Decisions by month"))
    return days.sums("decisions", titles, asked.period, {_("Decisions"): decisions})


def content(asked: BoardRequest) -> Content:
    return Content(
        numbers=(*review.waiting(asked), at_work(asked), *review.outcomes(asked)),
        charts=(decisions_per_day(asked), review.flow_per_day(asked)),
        tables=(by_reviewer(asked), review.by_severity(asked)),
        as_of=asked.of(reviewers).as_of,
    )
