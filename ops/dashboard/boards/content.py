"""The content of a dashboard: numbers that link to lists, charts and tables. It holds no address and no text of a
message, and is the same for everyone who may open the dashboard, so that one cached copy serves all who read the same
language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.dashboard.charts.drawing import Chart
from ops.dashboard.charts.units import Unit, as_shown, in_words, points
from ops.dashboard.figures.rows import ListLink
from ops.dashboard.rollups.reading import AsOf

GONE = gettext_lazy("an account that is gone")
MANY = 100  # picks the plural form that labels a row of a table, where the number stands in another column


def seconds(length: timedelta | None) -> float | None:
    """Return a length of time in seconds, as numbers and charts expect it."""
    return None if length is None else length.total_seconds()


def age(since: datetime | None, now: datetime) -> float | None:
    """Return the seconds since a moment; 0 for one in the future, which a wrong clock may have set."""
    return None if since is None else max(0.0, (now - since).total_seconds())


class Better(Enum):
    """The direction in which a number improves."""

    LESS = "less"
    MORE = "more"
    NEITHER = "neither"


@dataclass(frozen=True)
class Number:
    """A number. ``name`` is its key in JSON; ``words`` is the label after it, ``row`` its label in a table.

    ``rows`` is the list of what it counts. ``before`` is its value in the period before, None if unknown. ``value`` is
    None if there is none, such as the age of the oldest case when there are no cases.
    """

    name: str
    value: float | None
    words: str
    unit: Unit = Unit.NUMBER
    before: float | None = None
    better: Better = Better.NEITHER
    rows: ListLink | None = None
    note: str = ""
    row: str = ""

    def __post_init__(self) -> None:
        if not self.row:
            object.__setattr__(self, "row", self.words)

    @property
    def shown(self) -> str:
        return in_words(self.value, self.unit)

    @property
    def change(self) -> str:
        """The difference from the period before: "3 more than before (12)"; "" if unknown."""
        if self.before is None or self.value is None:
            return ""
        difference = as_shown(self.value, self.unit) - as_shown(self.before, self.unit)
        was = in_words(self.before, self.unit)
        if in_words(self.value, self.unit) == was:
            return _("same as before (%(before)s)") % {"before": was}
        by = points(abs(difference)) if self.unit is Unit.SHARE else in_words(abs(difference), self.unit)
        words = (
            _("%(by)s more than before (%(before)s)") if difference > 0 else _("%(by)s less than before (%(before)s)")
        )
        return words % {"by": by, "before": was}

    @property
    def trend(self) -> str:
        """The class "better" or "worse" compared with the period before, or ""."""
        if self.before is None or self.value is None or self.better is Better.NEITHER:
            return ""
        if in_words(self.value, self.unit) == in_words(self.before, self.unit):
            return ""
        return "better" if (self.value < self.before) == (self.better is Better.LESS) else "worse"


def counted(name: str, value: int, words: Callable[[int], str], **more: Any) -> Number:
    """Return a Number that counts things; ``words`` returns their name for a given count."""
    return Number(name, value, words(value), row=words(MANY), **more)


def length(name: str, value: timedelta | None, words: str, before: timedelta | None) -> Number:
    """Return a Number that is a length of time, where shorter is better."""
    return Number(name, seconds(value), words, unit=Unit.DURATION, before=seconds(before), better=Better.LESS)


@dataclass(frozen=True)
class Cell:
    """A cell of a table: a ``value`` in a unit, or ``text``; with the ``rows`` that it counts, or the primary key of
    the ``person`` that it names."""

    value: float | None = None
    unit: Unit = Unit.NUMBER
    text: str = ""
    rows: ListLink | None = None
    person: int | None = None

    @property
    def shown(self) -> str:
        return self.text or in_words(self.value, self.unit)

    @property
    def plain(self) -> str:
        """The cell in a CSV file: text unchanged, and numbers in a form that programs can read."""
        if self.text or self.value is None:
            return self.text
        return f"{self.value:.4f}".rstrip("0").rstrip(".")


def of_person(account: int, name: str | None) -> Cell:
    """Return the cell that names an account; without a ``name``, that of a deleted account."""
    return Cell(text=name or str(GONE), person=account if name else None)


@dataclass(frozen=True)
class Table:
    """A table. The first column names each row; ``note`` explains the numbers, ``empty`` replaces missing rows."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str = field(default_factory=lambda: _("Nothing in this period."))
    note: str = ""


@dataclass(frozen=True)
class Content:
    """The content of a dashboard, in order. ``as_of`` is the time for which its numbers of the period hold, if they are
    counted in advance."""

    numbers: tuple[Number, ...]
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    as_of: AsOf | None = None

    def table(self, name: str) -> Table | None:
        """Return the table with this name, or that of the chart with this name."""
        chart = next((one for one in self.charts if one.name == name), None)
        return as_table(chart) if chart else next((one for one in self.tables if one.name == name), None)


def as_table(chart: Chart) -> Table:
    """Return the numbers of a chart as a table, with the units of times and sizes in the header."""
    units = {Unit.DURATION: _("%(name)s (seconds)"), Unit.BYTES: _("%(name)s (bytes)")}
    head = units.get(chart.unit, "%(name)s")
    heads = tuple(head % {"name": one.name} for one in chart.series)
    rows = tuple(
        (Cell(text=label), *(Cell(one.values[place], chart.unit) for one in chart.series))
        for place, label in enumerate(chart.full_labels)
    )
    return Table(chart.name, chart.title, (chart.places, *heads), rows)
