"""What numbers of figures count, how they are written, and which of them are round: where the lines of a chart are."""

from __future__ import annotations

import math
from enum import Enum

MINUTE, HOUR, DAY = 60, 3_600, 86_400
MOST_STEPS = 4  # between the lines of a chart
# Seconds between two lines of a chart of times; beyond them, round numbers of days.
STEPS_OF_TIME = (
    *(1, 5, 15, 30),
    *(MINUTE * number for number in (1, 5, 15, 30)),
    *(HOUR * number for number in (1, 2, 3, 6, 12)),
)


class Unit(Enum):
    """What a number is of. DURATION is in seconds, SHARE is of 1, BYTES are bytes."""

    NUMBER = "number"
    SHARE = "share"
    DURATION = "duration"
    BYTES = "bytes"
    RATIO = "ratio"


def in_words(value: float | None, unit: Unit = Unit.NUMBER) -> str:
    """A value as people read it: "1,234", "12.5%", "3 h 20 min", "1.4 GB", "0.71"; "–" for none."""
    if value is None:
        return "–"
    match unit:
        case Unit.SHARE:
            return f"{value * 100:.1f}".removesuffix(".0") + "%"
        case Unit.DURATION:
            return _time(value)
        case Unit.BYTES:
            return _bytes(value)
        case Unit.RATIO:
            return f"{value:.2f}"
        case _:
            return f"{value:,.1f}".removesuffix(".0")


def round_ticks(most: float, unit: Unit = Unit.NUMBER) -> list[float]:
    """Return where the lines of a chart are whose greatest number is ``most``: 0 and up to four round numbers, the last
    of them not less than ``most``."""
    step = _step(max(most, 0), unit)
    return [step * number for number in range(max(1, math.ceil(max(most, 0) / step)) + 1)]


def _step(most: float, unit: Unit) -> float:
    match unit:
        case Unit.DURATION:
            small = next((step for step in STEPS_OF_TIME if MOST_STEPS * step >= most), None)
            return small or DAY * _round_step(most / DAY)
        case Unit.SHARE:
            return _round_step(most * 100) / 100
        case Unit.BYTES:
            power = 1_000 ** max(0, math.floor(math.log(max(most, 1), 1_000)))
            return power * _round_step(most / power)
        case Unit.RATIO:
            return _round_step(most * 100) / 100
        case _:
            return _round_step(most)


def _round_step(most: float) -> int:
    """The smallest of 1, 2 and 5 with zeros behind them that takes at most MOST_STEPS steps to ``most``."""
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if MOST_STEPS * step >= most:
                return step
        power *= 10


def _time(seconds: float) -> str:
    if seconds < 0:
        return f"−{_time(-seconds)}"
    if seconds < MINUTE:
        return f"{math.floor(seconds)} s"
    if seconds < HOUR:
        return f"{math.floor(seconds / MINUTE)} min"
    if seconds < 2 * DAY:
        hours, minutes = divmod(math.floor(seconds / MINUTE), 60)
        return f"{hours} h {minutes} min" if minutes and hours < 10 else f"{hours} h"
    days, hours = divmod(math.floor(seconds / HOUR), 24)
    return f"{days:,} d {hours} h" if hours and days < 10 else f"{days:,} d"


def _bytes(number: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if number < 1_000:
            return f"{number:.3g} {unit}" if unit != "bytes" else f"{number:.0f} {unit}"
        number /= 1_000
    return f"{number:,.3g} TB"
