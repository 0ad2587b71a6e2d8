"""When the messages of a search were sent: a bar for each day, month or year, which links to the search within it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext

from messaging.languages.wording import grouped

HEIGHT = 40  # of the highest bar, in units of the drawing
MOST_DAYS, MOST_MONTHS, MOST_YEARS = 31, 36, 40  # bars; for more years nothing is shown


@dataclass(frozen=True)
class Unit:
    """Days, months or years: the name, and the formats in a search, in full, and below a bar."""

    words: str
    written: str
    full: str
    short: str


DAYS = Unit("day", "%Y-%m-%d", "DATE_FORMAT", "j")
MONTHS = Unit("month", "%Y-%m", "YEAR_MONTH_FORMAT", "M")
YEARS = Unit("year", "%Y", "Y", "Y")


@dataclass(frozen=True)
class Bar:
    """A day, month or year: its full and short name, the number of messages, their address ("" if none), and the height
    of the bar."""

    title: str
    short: str
    number: int
    address: str
    height: int

    @property
    def words(self) -> str:
        """The bar in words, for people who cannot see it; "" if there are no messages."""
        if not self.number:
            return ""
        words = ngettext("%(period)s: %(n)s message", "%(period)s: %(n)s messages", self.number)
        return words % {"period": self.title, "n": grouped(self.number)}

    @property
    def top(self) -> int:
        """The space above the bar."""
        return HEIGHT - self.height


@dataclass(frozen=True)
class When:
    """The bars from the first message to the last one, their unit, and the number of messages."""

    bars: list[Bar]
    unit: str
    number: int


def over_time(moments: Sequence[datetime], address: Callable[[str], str]) -> When | None:
    """Count messages by day, month or year in the current time zone, the finest with few enough bars.

    ``address`` returns the address for a period, written as in a search; "" if there is none. Return None if there
    would be a single bar, or more than MOST_YEARS.
    """
    days = Counter(timezone.localtime(moment).date() for moment in moments)
    if not days:
        return None
    unit, firsts = _units(min(days), max(days))
    if not 1 < len(firsts) <= MOST_YEARS:
        return None
    numbers: Counter[str] = Counter()
    for day, number in days.items():
        numbers[_written(day, unit)] += number
    most = max(numbers.values())
    bars = [_bar(first, unit, numbers[_written(first, unit)], most, address) for first in firsts]
    return When(bars, unit.words, len(moments))


def _units(first: date, last: date) -> tuple[Unit, list[date]]:
    if (last - first).days < MOST_DAYS:
        return DAYS, [date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1)]
    if _month(last) - _month(first) < MOST_MONTHS:
        return MONTHS, list(_months(first, last))
    return YEARS, [date(year, 1, 1) for year in range(first.year, last.year + 1)]


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _months(first: date, last: date) -> Iterator[date]:
    for month in range(_month(first), _month(last) + 1):
        yield date(month // 12, month % 12 + 1, 1)


def _written(day: date, unit: Unit) -> str:
    # Not "%Y", which writes years before 1000 with fewer digits on some systems.
    return unit.written.replace("%Y", f"{day.year:04}").replace("%m", f"{day.month:02}").replace("%d", f"{day.day:02}")


def _bar(first: date, unit: Unit, number: int, most: int, address: Callable[[str], str]) -> Bar:
    narrower = address(_written(first, unit)) if number else ""
    height = max(1, round(HEIGHT * number / most)) if number else 0
    return Bar(*_titles(first, unit, get_language()), number, narrower, height)


@lru_cache(maxsize=2_000)
def _titles(first: date, unit: Unit, language: str | None) -> tuple[str, str]:
    """Return the full and short name of a day, month or year; cached, because a list shows many."""
    return date_format(first, unit.full), date_format(first, unit.short)
