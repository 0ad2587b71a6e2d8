"""The dashboard of auditors: who reads how much beside their colleagues, what nobody had reported, failed sign-ins."""

from __future__ import annotations

from ops.dashboard.boards import days
from ops.dashboard.boards.board import Asked
from ops.dashboard.boards.content import Better, Cell, Content, Number, Table, of_person
from ops.dashboard.charts.drawing import Chart
from ops.dashboard.charts.units import in_words
from ops.dashboard.figures import oversight

FAR = "far more than colleagues"


def reading(asked: Asked) -> tuple[Number, ...]:
    """How much was read, and by whom far more than by others."""
    now, before = asked.both(oversight.readings)
    far, were_far = (sum(one.stands_out for one in found.people) for found in (now, before))
    shown, were_shown = (sum(one.messages for one in found.people) for found in (now, before))
    middle = "" if now.median is None else f"half of the readers: up to {in_words(now.median)}"
    return (
        Number("stand_out", far, f"person read {FAR}", f"people read {FAR}", before=were_far, better=Better.LESS),
        Number("shown", shown, "message shown", "messages shown", before=were_shown, note=middle),
    )


def unreported(asked: Asked) -> tuple[Number, ...]:
    """What was opened that nobody had reported."""
    now, before = asked.both(oversight.openings)
    opened = "opening without a report", "openings without a report"
    glass = "break-glass opening", "break-glass openings"
    was = before.broke_glass
    return (
        Number("openings", now.total, *opened, before=before.total, rows=now.rows),
        Number("broke_glass", now.broke_glass, *glass, before=was, better=Better.LESS, rows=now.glass_rows),
    )


def worth_a_look(asked: Asked) -> tuple[Number, ...]:
    """What should be rare."""
    searches, searched = asked.both(oversight.searches_for_staff)
    refusals, refused = asked.both(oversight.refusals)
    names = "search for the name of a colleague", "searches for names of colleagues"
    failures = "failed sign-in or confirmation", "failed sign-ins and confirmations"
    return (
        Number("staff_searches", searches.total, *names, before=searched.total, better=Better.LESS),
        Number("refusals", refusals.total, *failures, before=refused.total, better=Better.LESS),
    )


def charts(asked: Asked) -> tuple[Chart, ...]:
    """Reading and failed sign-ins by day."""
    read = dict(asked.of(oversight.readings).per_day)
    refused = dict(asked.of(oversight.refusals).per_day)
    return (
        days.sums("readings", "Messages shown", asked.period, {"Messages": read}),
        days.sums("refusals", "Failed sign-ins and confirmations", asked.period, {"Failed": refused}),
    )


def readers(asked: Asked) -> Table:
    """Who read how much."""
    rows = tuple(
        (of_person(one.account, one.name), Cell(one.messages), Cell(text=FAR if one.stands_out else "–"))
        for one in asked.of(oversight.readings).people
    )
    note = (
        "Texts on pages, in lists and in searches; the same again within an hour counts once. Exports are not counted."
    )
    return Table(
        "readers", "Who was shown how much", ("Person", "Messages", "Stands out"), rows, note=note if rows else ""
    )


def openers(asked: Asked) -> Table:
    """Who opened what nobody had reported."""
    rows = tuple(
        (
            of_person(one.account, one.name),
            Cell(one.openings, rows=one.rows),
            Cell(one.conversations),
            Cell(one.broke_glass, rows=one.glass_rows),
        )
        for one in asked.of(oversight.openings).people
    )
    columns = ("Person", "Openings", "Conversations", "Break-glass")
    return Table("openers", "Openings without a report", columns, rows, empty="Nobody opened anything unreported.")


def searchers(asked: Asked) -> Table:
    """Who searched for colleagues."""
    found = asked.of(oversight.searches_for_staff).people
    rows = tuple((of_person(account, name), Cell(number)) for account, name, number in found)
    empty = "Nobody searched for the name of a colleague."
    return Table("searchers", "Searches for names of colleagues", ("Person", "Searches"), rows, empty=empty)


def refusals(asked: Asked) -> Table:
    """Failed sign-ins by kind."""
    found = asked.of(oversight.refusals).by_event
    rows = tuple((Cell(text=str(event.label)), Cell(number)) for event, number in found)
    note = "Of many within an hour, only the first are recorded and counted."
    return Table("refused", "Failed sign-ins and confirmations", ("What", "Number"), rows, note=note)


def content(asked: Asked) -> Content:
    tables = (readers(asked), openers(asked), searchers(asked), refusals(asked))
    numbers = (*reading(asked), *unreported(asked), *worth_a_look(asked))
    return Content(numbers, charts=charts(asked), tables=tables, as_of=asked.of(oversight.readings).as_of)
