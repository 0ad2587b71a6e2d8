"""What a dashboard shows: numbers that lead to lists, charts and tables. It names no address and holds no text of a
message, and it is the same for everybody who may open the dashboard, so that it can be kept for all who read the same
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
from ops.dashboard.charts.units import Unit, in_words, points
from ops.dashboard.figures.rows import Rows
from ops.dashboard.rollups.reading import AsOf

GONE = gettext_lazy("an account that is gone")
MANY = 100  # things, whose words a row of a table has: how many they are is beside it


def seconds(length: timedelta | None) -> float | None:
    """A length of time as numbers and charts take it."""
    return None if length is None else length.total_seconds()


def age(since: datetime | None, now: datetime) -> float | None:
    """Seconds since a moment; 0 for one in the future, which a wrong clock gave."""
    return None if since is None else max(0.0, (now - since).total_seconds())


class Better(Enum):
    """Which way a number goes that gets better."""

    LESS = "less"
    MORE = "more"
    NEITHER = "neither"


@dataclass(frozen=True)
class Number:
    """A number. ``name`` is its key in JSON; ``words`` say what it is, after it, and ``row`` in a table.

    ``rows`` are what it counts. ``before`` is the same in the period before, None where that is not known. ``value`` is
    None where there is nothing to tell, such as the age of the oldest of none.
    """

    name: str
    value: float | None
    words: str
    unit: Unit = Unit.NUMBER
    before: float | None = None
    better: Better = Better.NEITHER
    rows: Rows | None = None
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
        """How it differs from the period before: "3 more than before (12)"; "" where that is not known."""
        if self.before is None or self.value is None:
            return ""
        difference = self.value - self.before
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
        """ "better" or "worse" than before, or ""."""
        if self.before is None or self.value is None or self.better is Better.NEITHER:
            return ""
        if in_words(self.value, self.unit) == in_words(self.before, self.unit):
            return ""
        return "better" if (self.value < self.before) == (self.better is Better.LESS) else "worse"


def counted(name: str, value: int, words: Callable[[int], str], **more: Any) -> Number:
    """The number of some things; ``words`` says what they are, after so many of them."""
    return Number(name, value, words(value), row=words(MANY), **more)


def length(name: str, value: timedelta | None, words: str, before: timedelta | None) -> Number:
    """The number that is a length of time, better the shorter it is."""
    return Number(name, seconds(value), words, unit=Unit.DURATION, before=seconds(before), better=Better.LESS)


@dataclass(frozen=True)
class Cell:
    """A cell of a table: a ``value`` in a unit, or ``text``; the ``rows`` that it counts, or the primary key of the
    ``person`` whom it names."""

    value: float | None = None
    unit: Unit = Unit.NUMBER
    text: str = ""
    rows: Rows | None = None
    person: int | None = None

    @property
    def shown(self) -> str:
        return self.text or in_words(self.value, self.unit)

    @property
    def plain(self) -> str:
        """What a file says: texts as they are, and numbers that programs can read."""
        if self.text or self.value is None:
            return self.text
        return f"{self.value:.4f}".rstrip("0").rstrip(".")


def of_person(account: int, name: str | None) -> Cell:
    """The cell that names an account; without a ``name``, one that is gone."""
    return Cell(text=name or str(GONE), person=account if name else None)


@dataclass(frozen=True)
class Table:
    """A table. The first column says what a row is; ``note`` what the numbers mean, ``empty`` stands where none is."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: str = field(default_factory=lambda: _("Nothing in this period."))
    note: str = ""


@dataclass(frozen=True)
class Content:
    """All that a dashboard shows, in order; ``as_of`` is when its numbers of the period were so, where they are counted
    ahead."""

    numbers: tuple[Number, ...]
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    as_of: AsOf | None = None

    def table(self, name: str) -> Table | None:
        """The table with this name, or that of the chart with this name."""
        chart = next((one for one in self.charts if one.name == name), None)
        return as_table(chart) if chart else next((one for one in self.tables if one.name == name), None)


def as_table(chart: Chart) -> Table:
    """The numbers of a chart, with the units of times and sizes in the head."""
    units = {Unit.DURATION: _("%(name)s (seconds)"), Unit.BYTES: _("%(name)s (bytes)")}
    head = units.get(chart.unit, "%(name)s")
    heads = tuple(head % {"name": one.name} for one in chart.series)
    rows = tuple(
        (Cell(text=label), *(Cell(one.values[place], chart.unit) for one in chart.series))
        for place, label in enumerate(chart.full_labels)
    )
    return Table(chart.name, chart.title, (chart.places, *heads), rows)
