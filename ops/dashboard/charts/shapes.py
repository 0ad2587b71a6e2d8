"""Shapes for leather's charts in addition to its own: stacked columns, lines with gaps, cells.

Each gives its elements a class (s0, s1, … by series, h0 to h5 by value), by which the style sheet colours them: the
drawing itself has no colours. The places of a series are the numbers from 0 on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from leather.scales import Linear
from leather.shapes import Shape

GAP = 0.1  # of the width of a column, on either side
HEATS = 5  # shades of cells that are not 0


class Placed(Shape):
    """Base of shapes whose places are numbers; ``words`` are the tooltips of the places."""

    def __init__(self, number: int, words: Sequence[str] = ()) -> None:
        self.number, self.words = number, words

    def validate_series(self, series: Any) -> None:
        """Accept every series: ``drawing.py`` passes only what can be drawn."""

    def to_svg(self, width: float, height: float, x_scale: Any, y_scale: Any, series: Any, palette: Any) -> Element:
        """Return the series as an element; here an empty group."""
        return self.group("nothing")

    def legend_to_svg(self, series: Any, palette: Any) -> list[Any]:
        """Return no legend: the page has one as text, which scales with its font."""
        return []

    def group(self, kind: str) -> Element:
        return Element("g", {"class": f"{kind} s{self.number}"})

    def say(self, element: Element, place: int) -> None:
        if self.words:
            SubElement(element, "title").text = self.words[place]


class StackedColumns(Placed):
    """Columns, each starting at the height given in ``below``."""

    def __init__(self, number: int, below: Sequence[float], words: Sequence[str] = ()) -> None:
        super().__init__(number, words)
        self.below = below

    def to_svg(self, width: float, height: float, x_scale: Any, y_scale: Any, series: Any, palette: Any) -> Element:
        group = self.group("columns")
        for place, value in enumerate(series.values(1)):
            if not value:
                continue
            left, right = (float(x_scale.project(place + side, 0, width)) for side in (GAP, 1 - GAP))
            foot = float(y_scale.project(self.below[place], height, 0))
            top = float(y_scale.project(self.below[place] + value, height, 0))
            self.say(SubElement(group, "rect", box(left, top, right - left, foot - top)), place)
        return group


class Exact(Linear):
    """A scale that ends exactly at its maximum. Leather's own scales extend to a round number, as from 24 to 30, which
    would leave a fifth of a drawing empty."""

    def project(self, value: Any, range_min: Any, range_max: Any) -> Decimal:
        share = (Decimal(value) - self._data_min) / (self._data_max - self._data_min)
        return Decimal(range_min) + (Decimal(range_max) - Decimal(range_min)) * share


class LineWithGaps(Placed):
    """A line that is interrupted where there is no value; an isolated value is a dot."""

    def to_svg(self, width: float, height: float, x_scale: Any, y_scale: Any, series: Any, palette: Any) -> Element:
        group = self.group("line")
        run: list[tuple[float, float]] = []
        for place, value in enumerate([*series.values(1), None]):
            if value is not None:
                point = (float(x_scale.project(place + 0.5, 0, width)), float(y_scale.project(value, height, 0)))
                run.append(point)
                dot = {"cx": short(point[0]), "cy": short(point[1]), "r": "2.5"}
                self.say(SubElement(group, "circle", dot), place)
            elif run:
                points = " ".join(f"{short(x)},{short(y)}" for x, y in run)
                SubElement(group, "polyline", {"points": points, "fill": "none"})
                run = []
        return group


class Cells(Placed):
    """A row of cells below the height ``top``; the closer a value is to ``most``, the darker its cell."""

    def __init__(self, number: int, top: int, values: Sequence[float], most: float, words: Sequence[str] = ()) -> None:
        super().__init__(number, words)
        self.top, self.values, self.most = top, values, most

    def to_svg(self, width: float, height: float, x_scale: Any, y_scale: Any, series: Any, palette: Any) -> Element:
        group = self.group("cells")
        top, foot = (float(y_scale.project(self.top - side, height, 0)) for side in (0.04, 0.96))
        for place, value in enumerate(self.values):
            left, right = (float(x_scale.project(place + side, 0, width)) for side in (0.04, 0.96))
            cell = {**box(left, top, right - left, foot - top), "class": f"h{heat(value, self.most)}"}
            self.say(SubElement(group, "rect", cell), place)
        return group


def heat(value: float, most: float) -> int:
    """Return the shade of a cell: 0 for no value, else 1 to HEATS."""
    return min(HEATS, math.ceil(HEATS * value / most)) if value > 0 and most > 0 else 0


def box(left: float, top: float, width: float, height: float) -> dict[str, str]:
    """Return the attributes of a rectangle."""
    return {"x": short(left), "y": short(top), "width": short(width), "height": short(height)}


def short(number: float) -> str:
    """Format a number for a drawing, to a tenth of a unit."""
    return f"{number:.1f}"
