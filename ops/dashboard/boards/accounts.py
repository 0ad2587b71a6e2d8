"""The accounts dashboard, for Support: pending deletions, their ages, and holds."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from ops.dashboard.boards import days
from ops.dashboard.boards.board import BoardRequest
from ops.dashboard.boards.content import Cell, Content, Number, Table, age, counted
from ops.dashboard.charts.drawing import Chart, Kind
from ops.dashboard.charts.units import Unit
from ops.dashboard.figures import deletions


def now_waiting(asked: BoardRequest) -> list[Number]:
    """Pending deletions and open holds now."""
    standing = asked.read(deletions.standing)
    approve = standing.to_approve

    def waits(n: int) -> str:
        return ngettext("deletion awaiting approval", "deletions awaiting approval", n)

    def is_open(n: int) -> str:
        return ngettext("open deletion", "open deletions", n)

    def on_hold(n: int) -> str:
        return ngettext("deletion on hold", "deletions on hold", n)

    return [
        counted("to_approve", approve.number, waits, rows=approve.rows),
        Number("oldest_to_approve", age(approve.oldest, asked.now), _("awaiting approval: oldest"), Unit.DURATION),
        counted("open", standing.open, is_open, rows=standing.open_rows),
        Number("oldest_open", age(standing.oldest_open, asked.now), _("open: oldest deletion"), Unit.DURATION),
        counted("held", standing.held, on_hold, rows=standing.held_rows),
        counted("holds", standing.holds, lambda n: ngettext("open hold", "open holds", n), rows=standing.holds_rows),
        Number("oldest_hold", age(standing.oldest_hold, asked.now), _("open: oldest hold"), Unit.DURATION),
    ]


def in_period(asked: BoardRequest) -> list[Number]:
    """Deletions requested and done in the period."""
    now, before = asked.both(deletions.flow)

    def requested(n: int) -> str:
        return ngettext("deletion requested", "deletions requested", n)

    def erased(n: int) -> str:
        return ngettext("account erased", "accounts erased", n)

    return [
        counted(
            "requested", now.requested, requested, before=before.requested, rows=deletions.requested_in(asked.period)
        ),
        counted("done", now.done, erased, before=before.done, rows=deletions.done_in(asked.period)),
    ]


def per_day(asked: BoardRequest) -> Chart:
    """Deletions requested and done, by day."""
    found = asked.of(deletions.flow).per_day
    series = {
        _("Requested"): days.Counted({day: made for day, made, done in found}, deletions.requested_in),
        pgettext("deletions", "Done"): days.Counted({day: done for day, made, done in found}, deletions.done_in),
    }
    titles = days.Titles(_("Deletions by day"), _("Deletions by week"), _("Deletions by month"))
    return days.sums("deletions", titles, asked.period, series, Kind.LINES)


def by_state(asked: BoardRequest) -> Table:
    """All deletions, whenever requested, by state."""
    rows = tuple(
        (
            Cell(text=str(one.state.label)),
            Cell(one.number, rows=one.rows),
            Cell(age(one.oldest, asked.now), Unit.DURATION),
        )
        for one in asked.read(deletions.standing).by_state
    )
    columns = (_("State"), _("Deletions"), _("Oldest, since it was requested"))
    return Table("states", _("Deletions by state, all time"), columns, rows)


def content(asked: BoardRequest) -> Content:
    return Content((*now_waiting(asked), *in_period(asked)), charts=(per_day(asked),), tables=(by_state(asked),))
