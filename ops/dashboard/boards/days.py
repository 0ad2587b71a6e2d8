"""Charts of a period by day, or by week or month for long periods, so that columns do not merge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ops.dashboard.charts.drawing import Chart, Kind, Series
from ops.dashboard.figures.rows import ListLink
from ops.dashboard.periods import Period

MOST_DAYS, MOST_WEEKS = 100, 105  # in one chart; a longer period has a column for each week, or each month
ByDay = Mapping[date, float | None]


class Titles(NamedTuple):
    """The title of a chart of days, of weeks and of months."""

    day: str
    week: str
    month: str


class Counted(NamedTuple):
    """Numbers by day, and a function that returns the list of what they count in a period, if there is one."""

    by_day: ByDay
    rows: Callable[[Period], ListLink] | None = None


def sums(name: str, titles: Titles, period: Period, series: Mapping[str, Counted], kind: Kind = Kind.COLUMNS) -> Chart:
    """Return a chart of numbers by day, as stacked columns or as lines; those of a week or month are added up."""
    slots, places, words = _slots(period)
    spans = _spans(slots, period)
    drawn = []
    for named, (by_day, rows) in series.items():
        added: list[float] = [0] * len(slots)
        for day, value in by_day.items():
            if period.first <= day <= period.last:
                added[places[_slot(day, words)]] += value or 0
        drawn.append(Series(named, tuple(added), rows=tuple(map(rows, spans)) if rows else ()))
    years = len({slot.year for slot in slots}) > 1
    short = "M y" if words == "month" else "j M y" if years and words == "week" else "j M"
    labels = tuple(date_format(slot, short) for slot in slots)
    full = tuple(date_format(slot, "YEAR_MONTH_FORMAT" if words == "month" else "DATE_FORMAT") for slot in slots)
    places_are = {"day": _("Day"), "week": _("Week"), "month": _("Month")}
    return Chart(name, getattr(titles, words), places_are[words], labels, tuple(drawn), kind, full_labels=full)


def _slots(period: Period) -> tuple[list[date], dict[date, int], str]:
    """Return the first day of each slot of a period, their indexes, and the kind of slot: "day", "week" or "month"."""
    words = "day" if period.days <= MOST_DAYS else "week" if period.days <= 7 * MOST_WEEKS else "month"
    slots = list(dict.fromkeys(_slot(day, words) for day in period.each_day()))
    return slots, {slot: place for place, slot in enumerate(slots)}, words


def _spans(slots: list[date], period: Period) -> list[Period]:
    """Return each slot as a Period, clipped to the whole period."""
    firsts = [max(slot, period.first) for slot in slots]
    lasts = [*(slot - timedelta(days=1) for slot in slots[1:]), period.last]
    return [Period(first, last, period.zone) for first, last in zip(firsts, lasts, strict=True)]


def _slot(day: date, words: str) -> date:
    """Return the first day of the slot in which a day is counted: the day itself, its week (from Monday), or month."""
    if words == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if words == "month" else day
