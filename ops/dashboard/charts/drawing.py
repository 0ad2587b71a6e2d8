"""Charts as plain SVG, drawn on the server by leather: no script, no inline style, no text written by users.

A chart is drawn twice, for wide and for narrow screens; the style sheet shows one of them. Scaling a drawing down to
400 pixels would make its letters too small to read, so the narrow one has fewer labels instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any
from xml.etree import ElementTree

import leather
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from leather import theme

from ops.dashboard.charts.shapes import Cells, Exact, LineWithGaps, Placed, StackedColumns
from ops.dashboard.charts.units import Unit, in_words, round_ticks
from ops.dashboard.figures.rows import ListLink

WIDE, NARROW = (640, 220), (340, 200)  # in units of the drawing, each about a pixel on screen
LETTER = 7  # units per character of a label
BETWEEN_LABELS = 14
ABOVE = 6  # room for the upper half of the topmost value label

theme.margin = 0.01
theme.background_color = "none"
theme.legend_font_char_height = theme.legend_gap = 0  # legends are on the page
theme.tick_font_family = "inherit"


class Kind(Enum):
    """How numbers are drawn. COLUMNS of several series are stacked; HEAT has a row of cells for each series."""

    COLUMNS = "columns"
    LINES = "lines"
    HEAT = "heat"


@dataclass(frozen=True)
class Series:
    """A value, or None, for each place of a chart. ``name`` may be a text written by users; ``short`` labels a row of
    HEAT in the drawing. ``rows`` are the lists that the values count, if any."""

    name: str
    values: tuple[float | None, ...]
    short: str = ""
    rows: tuple[ListLink, ...] = ()


@dataclass(frozen=True)
class Chart:
    """The content of a chart. ``labels`` name its places from left to right, made of dates and numbers only, because
    they are put into the drawing; ``places`` is their kind ("Day"). The short names of rows of HEAT are put there too,
    other names never. ``name`` identifies its table in a URL."""

    name: str
    title: str
    places: str
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    kind: Kind = Kind.COLUMNS
    unit: Unit = Unit.NUMBER
    full_labels: tuple[str, ...] = ()  # those of its table, if they are more detailed

    def __post_init__(self) -> None:
        if not self.full_labels:
            object.__setattr__(self, "full_labels", self.labels)

    @cached_property
    def is_empty(self) -> bool:
        """Whether there is nothing to see: no value other than 0."""
        return not any(value for one in self.series for value in one.values)

    @cached_property
    def summary(self) -> str:
        """The drawing in a sentence, for people who cannot see it."""
        if self.is_empty:
            return _("Nothing in this period.")
        return " ".join(map(self._summary_of, self.series if self.kind is Kind.LINES else self._one_for_all))

    @cached_property
    def drawings(self) -> tuple[SafeString, SafeString]:
        """The drawings for wide and for narrow screens."""
        return draw(self, *WIDE, "wide"), draw(self, *NARROW, "narrow")

    @property
    def rows(self) -> list[tuple[str, list[tuple[str, ListLink | None]]]]:
        """The numbers as a table: for each place its label, and its formatted values with the lists that they count."""
        return [
            (
                label,
                [
                    (in_words(one.values[place], self.unit), one.rows[place] if one.rows else None)
                    for one in self.series
                ],
            )
            for place, label in enumerate(self.full_labels)
        ]

    @property
    def _one_for_all(self) -> Sequence[Series]:
        """The series that the summary describes: the sums of columns, or the row with the highest cell."""
        if self.kind is Kind.HEAT:
            return [max(self.series, key=lambda one: max(value or 0 for value in one.values))]
        sums = (sum(value or 0 for value in place) for place in zip(*(one.values for one in self.series), strict=True))
        return [Series(_("Total") if len(self.series) > 1 else self.series[0].name, tuple(sums))]

    def _summary_of(self, one: Series) -> str:
        known = [(value, label) for value, label in zip(one.values, self.full_labels, strict=True) if value is not None]
        if not known:
            return _("%(name)s: none.") % {"name": one.name}
        most, at = max(known, key=lambda pair: pair[0])
        told = {"name": one.name, "most": in_words(most, self.unit), "at": at}
        if self.kind is Kind.HEAT:
            return _("%(name)s: highest %(most)s at %(at)s.") % told
        last, of = known[-1]
        words = _("%(name)s: highest %(most)s at %(at)s, last %(last)s at %(of)s.")
        return words % {**told, "last": in_words(last, self.unit), "of": of}


def draw(chart: Chart, width: int, height: int, look: str) -> SafeString:
    """Return one drawing, with as many labels as fit, always including the last.

    It contains only labels and values, which are dates and numbers, so that it is safe to include in a page unescaped.
    """
    beyond = LETTER * len(chart.labels[-1]) / 2 if chart.labels else 0  # half of the last label
    drawing = ElementTree.Element(
        "svg",
        {
            "viewBox": f"0 {-ABOVE} {width} {height + ABOVE}",
            "class": f"chart of-{chart.kind.value} {look}",
            "aria-hidden": "true",
            "focusable": "false",
        },
    )
    drawing.append(_chart(chart, width).to_svg_group(width - beyond, height))
    return mark_safe(ElementTree.tostring(drawing, encoding="unicode"))  # noqa: S308 - dates and numbers only


def labelled(labels: Sequence[str], room: float) -> list[int]:
    """Return the indexes of the labels that fit beside each other, including the last."""
    widest = max((len(label) for label in labels), default=1) * LETTER + BETWEEN_LABELS
    fit = max(1, int(room // widest))
    every = -(-len(labels) // fit)
    last = len(labels) - 1
    return [place for place in range(len(labels)) if (last - place) % every == 0]


def _chart(chart: Chart, width: int) -> Any:
    drawn = leather.Chart()
    number = len(chart.labels)
    drawn.set_x_scale(Exact(0, max(1, number)))
    room = _rows(drawn, chart, width) if chart.kind is Kind.HEAT else _values(drawn, chart, width)
    ticks = [place + 0.5 for place in labelled(chart.labels, room)]
    drawn.add_x_axis(ticks=ticks, tick_formatter=lambda value, index, count: chart.labels[int(value)])
    return drawn


def _rows(drawn: Any, chart: Chart, width: int) -> float:
    """Draw a row of cells for each series; return the width left for labels."""
    most = max((value or 0 for one in chart.series for value in one.values), default=0)
    names = [one.short or one.name[:3] for one in chart.series]
    drawn.set_y_scale(Exact(0, len(names)))
    ticks = [len(names) - row - 0.5 for row in range(len(names))]
    drawn.add_y_axis(ticks=ticks, tick_formatter=lambda value, index, count: names[int(len(names) - value)])
    for row, one in enumerate(chart.series):
        values = [value or 0 for value in one.values]
        words = [f"{names[row]} {label}: {in_words(value)}" for label, value in zip(chart.labels, values, strict=True)]
        _add(drawn, [0.0] * len(values), Cells(row, len(names) - row, values, most, words))
    return width - theme.tick_font_char_width * max(map(len, names), default=0)


def _values(drawn: Any, chart: Chart, width: int) -> float:
    """Draw columns or lines over an axis with round numbers; return the width left for labels."""
    below = [0.0] * len(chart.labels)
    shapes: list[tuple[Sequence[float | None], Placed]] = []
    for number, one in enumerate(chart.series):
        values: Sequence[float | None] = one.values
        words = [f"{label}: {in_words(value, chart.unit)}" for label, value in zip(chart.labels, values, strict=True)]
        if chart.kind is Kind.LINES:
            shapes.append((values, LineWithGaps(number, words)))
        else:
            shapes.append((values, StackedColumns(number, list(below), words)))
            below = [sum_ + (value or 0) for sum_, value in zip(below, values, strict=True)]
    lines = [value for one in chart.series for value in one.values if value is not None]
    ticks = round_ticks(max(lines if chart.kind is Kind.LINES else below, default=0), chart.unit)
    drawn.set_y_scale(Exact(0, ticks[-1]))
    drawn.add_y_axis(ticks=ticks, tick_formatter=lambda value, index, count: in_words(value, chart.unit))
    for values, shape in shapes:
        _add(drawn, values, shape)
    if chart.is_empty:
        _add(drawn, [0.0], Placed(0))  # leather draws no axes without a series
    return width - theme.tick_font_char_width * max(len(in_words(tick, chart.unit)) for tick in ticks)


def _add(drawn: Any, values: Sequence[float | None], shape: Placed) -> None:
    """Add a series to the drawing, unless it has no value, which leather rejects."""
    if any(value is not None for value in values):
        drawn.add_series(leather.Series(list(enumerate(values))), shape)
