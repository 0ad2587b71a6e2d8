"""The oversight dashboard, for auditors: how much each reader was shown, openings without a report, failed sign-ins."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from ops.dashboard.boards import days
from ops.dashboard.boards.board import BoardRequest
from ops.dashboard.boards.content import Better, Cell, Content, Number, Table, counted, of_person
from ops.dashboard.charts.drawing import Chart
from ops.dashboard.charts.units import in_words
from ops.dashboard.figures import oversight


def reading(asked: BoardRequest) -> tuple[Number, ...]:
    """How much was read, and how many read far more than their colleagues."""
    now, before = asked.both(oversight.readings)
    far, were_far = (sum(one.stands_out for one in found.people) for found in (now, before))
    shown, were_shown = (sum(one.messages for one in found.people) for found in (now, before))
    middle = "" if now.median is None else _("half of the readers: up to %(number)s") % {"number": in_words(now.median)}

    def read_far_more(n: int) -> str:
        return ngettext("person read far more than colleagues", "people read far more than colleagues", n)

    def messages(n: int) -> str:
        return ngettext("message shown", "messages shown", n)

    return (
        counted("stand_out", far, read_far_more, before=were_far, better=Better.LESS),
        counted("shown", shown, messages, before=were_shown, note=middle),
    )


def unreported(asked: BoardRequest) -> tuple[Number, ...]:
    """Openings of conversations without a report."""
    now, before = asked.both(oversight.openings)
    was = before.broke_glass

    def opened(n: int) -> str:
        return ngettext("opening without a report", "openings without a report", n)

    def glass(n: int) -> str:
        return ngettext("break-glass opening", "break-glass openings", n)

    return (
        counted("openings", now.total, opened, before=before.total, rows=now.rows),
        counted("broke_glass", now.broke_glass, glass, before=was, better=Better.LESS, rows=now.glass_rows),
    )


def worth_a_look(asked: BoardRequest) -> tuple[Number, ...]:
    """Events that should be rare: searches for colleagues, failed sign-ins."""
    searches, searched = asked.both(oversight.searches_for_staff)
    refusals, refused = asked.both(oversight.refusals)

    def names(n: int) -> str:
        return ngettext("search for the name of a colleague", "searches for names of colleagues", n)

    def failures(n: int) -> str:
        return ngettext("failed sign-in or confirmation", "failed sign-ins and confirmations", n)

    return (
        counted("staff_searches", searches.total, names, before=searched.total, better=Better.LESS),
        counted("refusals", refusals.total, failures, before=refused.total, better=Better.LESS, rows=refusals.rows),
    )


def charts(asked: BoardRequest) -> tuple[Chart, ...]:
    """Messages shown and failed sign-ins, by day."""
    read = dict(asked.of(oversight.readings).per_day)
    refused_entries = days.Counted(dict(asked.of(oversight.refusals).per_day), oversight.refused_in)
    shown = days.Titles(_("Messages shown by day"), _("Messages shown by week"), _("Messages shown by month"))
    failed = days.Titles(
        _("Failed sign-ins and confirmations by day"),
        _("Failed sign-ins and confirmations by week"),
        _("Failed sign-ins and confirmations by month"),
    )
    return (
        days.sums("readings", shown, asked.period, {_("Messages"): days.Counted(read)}),
        days.sums("refusals", failed, asked.period, {pgettext("sign-ins", "Failed"): refused_entries}),
    )


def readers(asked: BoardRequest) -> Table:
    """Messages shown, by reader."""
    far = _("far more than colleagues")
    rows = tuple(
        (of_person(one.account, one.name), Cell(one.messages), Cell(text=far if one.stands_out else "–"))
        for one in asked.of(oversight.readings).people
    )
    note = _(
        "Texts on pages, in lists and in searches; the same again within an hour counts once. Exports are not counted."
    )
    columns = (_("Person"), _("Messages"), _("Stands out"))
    return Table("readers", _("Messages shown by person"), columns, rows, note=note if rows else "")


def openers(asked: BoardRequest) -> Table:
    """Openings without a report, by reader."""
    rows = tuple(
        (
            of_person(one.account, one.name),
            Cell(one.openings, rows=one.rows),
            Cell(one.conversations),
            Cell(one.broke_glass, rows=one.glass_rows),
        )
        for one in asked.of(oversight.openings).people
    )
    columns = (_("Person"), _("Openings"), _("Conversations"), _("Break-glass"))
    empty = _("Nobody opened anything unreported.")
    return Table("openers", _("Openings without a report"), columns, rows, empty=empty)


def searchers(asked: BoardRequest) -> Table:
    """Searches for colleagues, by searcher."""
    found = asked.of(oversight.searches_for_staff).people
    rows = tuple((of_person(account, name), Cell(number)) for account, name, number in found)
    empty = _("Nobody searched for the name of a colleague.")
    return Table("searchers", _("Searches for names of colleagues"), (_("Person"), _("Searches")), rows, empty=empty)


def refusals(asked: BoardRequest) -> Table:
    """Failed sign-ins and confirmations, by event."""
    found = asked.of(oversight.refusals).by_event
    rows = tuple((Cell(text=str(event.label)), Cell(number, rows=entries)) for event, number, entries in found)
    note = _("Of many within an hour, only the first are recorded and counted.")
    return Table("refused", _("Failed sign-ins and confirmations"), (_("What"), _("Number")), rows, note=note)


def content(asked: BoardRequest) -> Content:
    tables = (readers(asked), openers(asked), searchers(asked), refusals(asked))
    numbers = (*reading(asked), *unreported(asked), *worth_a_look(asked))
    return Content(numbers, charts=charts(asked), tables=tables, as_of=asked.of(oversight.readings).as_of)
