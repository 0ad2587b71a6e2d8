"""The dashboard of the review desk: what waits, how old it is, whether that gets better, and what came of decisions."""

from __future__ import annotations

from ops.dashboard.boards import days
from ops.dashboard.boards.board import Asked
from ops.dashboard.boards.content import Better, Cell, Content, Number, Table, age, length
from ops.dashboard.charts.drawing import Chart, Kind
from ops.dashboard.charts.units import Unit
from ops.dashboard.figures import desk


def waiting(asked: Asked) -> list[Number]:
    """What waits now."""
    backlog = asked.read(desk.backlog)
    total = backlog.total
    return [
        Number("backlog", total.number, "pending case", "pending cases", rows=backlog.rows),
        Number("overdue", total.overdue, "of them overdue", rows=backlog.overdue_rows),
        Number("oldest", age(total.oldest, asked.now), "pending: oldest case", unit=Unit.DURATION),
    ]


def came_and_went(asked: Asked) -> list[Number]:
    """Whether it gets better."""
    now, before = asked.both(desk.flow)
    grew = "more cases came than went" if now.grew_by >= 0 else "more cases went than came"
    speed, slower = asked.both(desk.speed)
    claim, decide = "until somebody claimed a case (half are sooner)", "until a decision (half are sooner)"
    return [
        Number("came", now.came, "case came", "cases came", before=before.came),
        Number(
            "closed",
            now.closed,
            "case closed",
            "cases closed",
            before=before.closed,
            better=Better.MORE,
            rows=now.closed_rows,
        ),
        Number("grew_by", abs(now.grew_by), grew),
        length("claim_p50", speed.to_claim.p50, claim, slower.to_claim.p50),
        length("decision_p50", speed.to_decide.p50, decide, slower.to_decide.p50),
        length("decision_p90", speed.to_decide.p90, "until a decision (9 of 10 are sooner)", slower.to_decide.p90),
    ]


def outcomes(asked: Asked) -> list[Number]:
    """What became of the decisions of the period."""
    now, before = asked.both(desk.decisions)
    shares = [
        ("lapsed", "of decisions lapsed, as a text changed", now.lapsed, before.lapsed, "lapsed"),
        ("reversed", "of decisions undone", now.reversed, before.reversed, "undone"),
        ("overturned", "of decisions undone by a colleague", now.overturned, before.overturned, "overturned"),
    ]
    return [
        Number("decisions", now.total, "decision", "decisions", before=before.total, rows=now.rows[""]),
        *(
            Number(
                name,
                now.share(number),
                words,
                unit=Unit.SHARE,
                before=before.share(was),
                better=Better.LESS,
                rows=now.rows[became],
            )
            for name, words, number, was, became in shares
        ),
    ]


def flow_per_day(asked: Asked) -> Chart:
    """Cases that came and went."""
    per_day = asked.of(desk.flow).per_day
    series = {"Came": {day: came for day, came, _ in per_day}, "Closed": {day: went for day, _, went in per_day}}
    return days.sums("flow", "Cases", asked.period, series, Kind.LINES)


def reports_per_day(asked: Asked) -> Chart:
    """What was reported."""
    return days.sums("reports", "Reports", asked.period, {"Reports": dict(asked.of(desk.reports_per_day))})


def by_severity(asked: Asked) -> Table:
    """What waits now, the worst first."""
    rows = tuple(
        (
            Cell(text=str(one.severity.label)),
            Cell(one.number),
            Cell(one.overdue),
            Cell(age(one.oldest, asked.now), Unit.DURATION),
        )
        for one in asked.read(desk.backlog).by_severity
        if one.severity is not None
    )
    return Table("severities", "Waiting now, by severity", ("Severity", "Pending", "Overdue", "Oldest"), rows)


def by_label(asked: Asked) -> Table:
    """What was reported and decided."""
    rows = tuple(
        (
            Cell(text=one.name, rows=one.pending_rows),
            Cell(one.reports),
            Cell(one.decisions, rows=one.decided_rows[""]),
            Cell(one.lapsed, rows=one.decided_rows["lapsed"]),
            Cell(one.reversed, rows=one.decided_rows["undone"]),
            Cell(one.overturned, rows=one.decided_rows["overturned"]),
        )
        for one in asked.of(desk.by_label)
    )
    columns = ("Label", "Reports", "Decisions", "Lapsed", "Undone", "By a colleague")
    note = "Each label leads to its pending cases."
    return Table("labels", "By label", columns, rows, note=note if rows else "")


def by_source(asked: Asked) -> Table:
    """Where reports came from."""
    rows = tuple((Cell(text=str(source.label)), Cell(number)) for source, number in asked.of(desk.by_source))
    return Table("sources", "Reports by source", ("Source", "Reports"), rows)


def content(asked: Asked) -> Content:
    return Content(
        numbers=(*waiting(asked), *came_and_went(asked), *outcomes(asked)),
        charts=(flow_per_day(asked), reports_per_day(asked)),
        tables=(by_severity(asked), by_label(asked), by_source(asked)),
        as_of=asked.of(desk.flow).as_of,
    )
