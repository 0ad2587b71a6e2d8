"""Charts as plain SVG that takes its colours from the page's style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from xml.etree import ElementTree

import leather
from django.utils.safestring import SafeString, mark_safe
from leather import theme

WIDTH, HEIGHT = 1200, 220  # units of the drawing; the page scales it
LABEL_EVERY = 7  # days
MOST_STEPS = 4  # between the lines of a chart

theme.margin = 0.02
theme.background_color = "none"
theme.tick_font_family = "inherit"


def round_ticks(most: int) -> list[int]:
    """Return where the lines of a chart are whose greatest number is ``most``: 0 and up to four round numbers, which
    are multiples of 1, 2 or 5 with zeros behind it, the last of them not less than ``most``."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if MOST_STEPS * step >= most:
                return list(range(0, max(most, 1) + step, step))
        power *= 10


def columns_per_day(per_day: Sequence[tuple[date, int]]) -> SafeString:
    """A column chart of a number for each day, the oldest first; a label each week, the last day always.

    Only dates and numbers go into it, so that the result is safe to put into a page as it is.
    """
    last = len(per_day) - 1
    labels = {
        day.isoformat(): f"{day.day} {day:%b}" if (last - place) % LABEL_EVERY == 0 else ""
        for place, (day, _) in enumerate(per_day)
    }
    chart = leather.Chart()
    chart.add_columns([(day.isoformat(), number) for day, number in per_day])
    chart.add_x_axis(tick_formatter=lambda value, index, count: labels[value])
    ticks = round_ticks(max((number for _, number in per_day), default=0))
    chart.add_y_scale(0, ticks[-1])
    chart.add_y_axis(ticks=ticks, tick_formatter=lambda value, index, count: f"{int(value):,}")
    drawing = ElementTree.Element(
        "svg", {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "class": "chart", "aria-hidden": "true", "focusable": "false"}
    )
    drawing.append(chart.to_svg_group(WIDTH, HEIGHT))
    return mark_safe(ElementTree.tostring(drawing, encoding="unicode"))  # noqa: S308 - dates and numbers only
