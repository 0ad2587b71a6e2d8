"""The dashboard of those who lead reviewers: whether the team keeps up, and who needs help."""

from __future__ import annotations

from ops.dashboard.boards import days, review
from ops.dashboard.boards.board import Asked
from ops.dashboard.boards.content import Cell, Content, Number, Table, of_person, seconds
from ops.dashboard.charts.drawing import Chart
from ops.dashboard.charts.units import Unit
from ops.dashboard.figures import desk
from ops.dashboard.figures.reviewers import LEAST_COMPARED, Reviewer, reviewers

COLUMNS = ("Reviewer", "Decisions", "Cases", "Time per decision", "Agreement (κ)", "of cases", "Read per case")
NOTE = (
    "To see who needs help, not to rank people. Time: from the claim to the decision, half are shorter. Agreement: "
    f"Cohen’s κ with colleagues who decided the same cases; not told of fewer than {LEAST_COMPARED}."
)


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


def by_reviewer(asked: Asked) -> Table:
    """What each reviewer did."""
    rows = tuple(map(reviewer_row, asked.of(reviewers).people))
    empty = "Nobody decided anything in this period."
    return Table("reviewers", "By reviewer", COLUMNS, rows, empty=empty, note=NOTE if rows else "")


def at_work(asked: Asked) -> Number:
    """How many reviewed."""
    now, before = (len(found.people) for found in asked.both(reviewers))
    return Number("reviewers", now, "reviewer decided cases", "reviewers decided cases", before=before)


def decisions_per_day(asked: Asked) -> Chart:
    """What was decided."""
    return days.sums("decisions", "Decisions", asked.period, {"Decisions": dict(asked.of(desk.decisions).per_day)})


def content(asked: Asked) -> Content:
    return Content(
        numbers=(*review.waiting(asked), at_work(asked), *review.outcomes(asked)),
        charts=(decisions_per_day(asked), review.flow_per_day(asked)),
        tables=(by_reviewer(asked), review.by_severity(asked)),
        as_of=asked.of(reviewers).as_of,
    )
