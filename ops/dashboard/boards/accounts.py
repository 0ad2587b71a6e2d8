"""The dashboard of support: deletions that wait for somebody, how old they are, and holds."""

from __future__ import annotations

from ops.dashboard.boards import days
from ops.dashboard.boards.board import Asked
from ops.dashboard.boards.content import Cell, Content, Number, Table, age
from ops.dashboard.charts.drawing import Chart, Kind
from ops.dashboard.charts.units import Unit
from ops.dashboard.figures import deletions


def now_waiting(asked: Asked) -> list[Number]:
    """What waits now."""
    standing = asked.read(deletions.standing)
    approve, words = standing.to_approve, ("deletion awaiting approval", "deletions awaiting approval")
    return [
        Number("to_approve", approve.number, *words, rows=approve.rows),
        Number("oldest_to_approve", age(approve.oldest, asked.now), "awaiting approval: oldest", unit=Unit.DURATION),
        Number("open", standing.open, "open deletion", "open deletions"),
        Number("oldest_open", age(standing.oldest_open, asked.now), "open: oldest deletion", unit=Unit.DURATION),
        Number("held", standing.held, "deletion on hold", "deletions on hold", rows=standing.held_rows),
        Number("holds", standing.holds, "open hold", "open holds", rows=standing.holds_rows),
        Number("oldest_hold", age(standing.oldest_hold, asked.now), "open: oldest hold", unit=Unit.DURATION),
    ]


def in_period(asked: Asked) -> list[Number]:
    """What was asked for and done."""
    now, before = asked.both(deletions.flow)
    return [
        Number("requested", now.requested, "deletion requested", "deletions requested", before=before.requested),
        Number("done", now.done, "account erased", "accounts erased", before=before.done),
    ]


def per_day(asked: Asked) -> Chart:
    """Deletions that were asked for and done."""
    found = asked.of(deletions.flow).per_day
    series = {"Requested": {day: made for day, made, _ in found}, "Done": {day: done for day, _, done in found}}
    return days.sums("deletions", "Deletions", asked.period, series, Kind.LINES)


def by_state(asked: Asked) -> Table:
    """Deletions of all times by state."""
    rows = tuple(
        (
            Cell(text=str(one.state.label)),
            Cell(one.number, rows=one.rows),
            Cell(age(one.oldest, asked.now), Unit.DURATION),
        )
        for one in asked.read(deletions.standing).by_state
    )
    return Table(
        "states", "Deletions by state, of all times", ("State", "Deletions", "Oldest, since it was requested"), rows
    )


def content(asked: Asked) -> Content:
    return Content((*now_waiting(asked), *in_period(asked)), charts=(per_day(asked),), tables=(by_state(asked),))
