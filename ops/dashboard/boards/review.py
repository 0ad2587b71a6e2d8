"""The review dashboard: pending cases, their ages, whether that improves, and the outcomes of decisions."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from ops.dashboard.boards import days
from ops.dashboard.boards.board import BoardRequest
from ops.dashboard.boards.content import Better, Cell, Content, Number, Table, age, counted, length
from ops.dashboard.charts.drawing import Chart, Kind
from ops.dashboard.charts.units import Unit
from ops.dashboard.figures import desk


def waiting(asked: BoardRequest) -> list[Number]:
    """Cases pending now."""
    backlog = asked.read(desk.backlog)
    total = backlog.total

    def overdue(n: int) -> str:
        return ngettext("of them overdue", "of them overdue", n)

    return [
        counted("backlog", total.number, lambda n: ngettext("pending case", "pending cases", n), rows=total.rows),
        counted("overdue", total.overdue, overdue, rows=total.overdue_rows),
        Number("oldest", age(total.oldest, asked.now), _("pending: oldest case"), Unit.DURATION),
    ]


def came_and_went(asked: BoardRequest) -> list[Number]:
    """Cases opened and closed in the period, and how long they took."""
    now, before = asked.both(desk.flow)
    speed, slower = asked.both(desk.speed)
    claim, decide = _("time to claim (half are faster)"), _("time to decision (half are faster)")
    claim_most = _("time to claim (9 of 10 are faster)")
    decide_most = _("time to decision (9 of 10 are faster)")

    def opened(n: int) -> str:
        return ngettext("case opened", "cases opened", n)

    def reopened(n: int) -> str:
        return ngettext("case opened again", "cases opened again", n)

    def closed(n: int) -> str:
        return ngettext("case closed", "cases closed", n)

    def grew(n: int) -> str:
        if now.grew_by >= 0:
            return ngettext("more pending case than at the start", "more pending cases than at the start", n)
        return ngettext("fewer pending case than at the start", "fewer pending cases than at the start", n)

    return [
        counted("opened", now.opened, opened, before=before.opened, rows=now.opened_rows),
        counted("reopened", now.reopened, reopened, before=before.reopened, rows=now.reopened_rows),
        counted("closed", now.closed, closed, before=before.closed, better=Better.MORE, rows=now.closed_rows),
        counted("grew_by", abs(now.grew_by), grew),
        length("claim_p50", speed.to_claim.p50, claim, slower.to_claim.p50),
        length("claim_p90", speed.to_claim.p90, claim_most, slower.to_claim.p90),
        length("decision_p50", speed.to_decide.p50, decide, slower.to_decide.p50),
        length("decision_p90", speed.to_decide.p90, decide_most, slower.to_decide.p90),
    ]


def outcomes(asked: BoardRequest) -> list[Number]:
    """Decisions of the period, and how many of them lapsed or were undone."""
    now, before = asked.both(desk.decisions)
    shares = [
        ("lapsed", _("of decisions lapsed, as a text changed"), now.lapsed, before.lapsed, "lapsed"),
        ("reversed", _("of decisions undone"), now.reversed, before.reversed, "undone"),
        ("overturned", _("of decisions undone by a colleague"), now.overturned, before.overturned, "overturned"),
    ]

    def decisions(n: int) -> str:
        return ngettext("decision", "decisions", n)

    return [
        counted("decisions", now.total, decisions, before=before.total, rows=now.rows[""]),
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


def flow_per_day(asked: BoardRequest) -> Chart:
    """Cases opened (or opened again) and closed, by day."""
    per_day = asked.of(desk.flow).per_day
    series = {
        pgettext("cases", "Opened"): days.Counted({day: came for day, came, went in per_day}),
        pgettext("cases", "Closed"): days.Counted({day: went for day, came, went in per_day}, desk.closed_in),
    }
    titles = days.Titles(_("Cases by day"), _("Cases by week"), _("Cases by month"))
    return days.sums("flow", titles, asked.period, series, Kind.LINES)


def reports_per_day(asked: BoardRequest) -> Chart:
    """Reports, by day."""
    reports = days.Counted(dict(asked.of(desk.reports_per_day)), desk.reported_in)
    titles = days.Titles(_("Reports by day"), _("Reports by week"), _("Reports by month"))
    return days.sums("reports", titles, asked.period, {_("Reports"): reports})


def by_severity(asked: BoardRequest) -> Table:
    """Cases pending now by severity, the worst first."""
    rows = tuple(
        (
            Cell(text=str(one.severity.label)),
            Cell(one.number, rows=one.rows),
            Cell(one.overdue, rows=one.overdue_rows),
            Cell(age(one.oldest, asked.now), Unit.DURATION),
        )
        for one in asked.read(desk.backlog).by_severity
        if one.severity is not None
    )
    columns = (_("Severity"), pgettext("cases", "Pending"), pgettext("cases", "Overdue"), pgettext("cases", "Oldest"))
    return Table("severities", _("Waiting now, by severity"), columns, rows)


def by_label(asked: BoardRequest) -> Table:
    """Reports and decisions, by label."""
    rows = tuple(
        (
            Cell(text=one.name, rows=one.pending_rows),
            Cell(one.reports, rows=one.report_rows),
            Cell(one.decisions, rows=one.decided_rows[""]),
            Cell(one.lapsed, rows=one.decided_rows["lapsed"]),
            Cell(one.reversed, rows=one.decided_rows["undone"]),
            Cell(one.overturned, rows=one.decided_rows["overturned"]),
        )
        for one in asked.of(desk.by_label)
    )
    columns = (
        _("Label"),
        _("Reports"),
        _("Decisions"),
        pgettext("decisions", "Lapsed"),
        pgettext("decisions", "Undone"),
        pgettext("decisions undone", "By a colleague"),
    )
    note = _("Each label leads to its pending cases.")
    return Table("labels", _("By label"), columns, rows, note=note if rows else "")


def by_source(asked: BoardRequest) -> Table:
    """Reports, by source."""
    found = asked.of(desk.by_source)
    rows = tuple((Cell(text=str(source.label)), Cell(number, rows=reports)) for source, number, reports in found)
    return Table("sources", _("Reports by source"), (_("Source"), _("Reports")), rows)


def content(asked: BoardRequest) -> Content:
    return Content(
        numbers=(*waiting(asked), *came_and_went(asked), *outcomes(asked)),
        charts=(flow_per_day(asked), reports_per_day(asked)),
        tables=(by_severity(asked), by_source(asked), by_label(asked)),
        as_of=asked.of(desk.flow).as_of,
    )
