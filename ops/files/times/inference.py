"""The likely meaning of times that strict reading refused: counted while a file is read, suggested at its end.

Memory is flat: only a counter and the first rows of each kind are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.languages.wording import grouped
from ops.files.suggestions import MOST_SAMPLES, Sample, Suggestion
from ops.files.times import numbers
from ops.files.times.shapes import AS_WRITTEN, DAY_FIRST, MONTH_FIRST
from ops.files.timestamps import Moment, moments_in, written
from ops.files.wording import rows_in_words

NAMED_ROWS = 5  # that a message names
ENOUGH = 3  # changes from row to row in order, before that means anything
# What the numbers of some rows count: as one of several kinds, and as the only kind.
COUNTED_IN = {
    "seconds": gettext_lazy("seconds since 1970 in %(rows)s"),
    "milliseconds": gettext_lazy("milliseconds since 1970 in %(rows)s"),
    "microseconds": gettext_lazy("microseconds since 1970 in %(rows)s"),
    "nanoseconds": gettext_lazy("nanoseconds since 1970 in %(rows)s"),
    "excel": gettext_lazy("days, as spreadsheets count them in %(rows)s"),
}
ARE_NUMBERS = {
    "seconds": gettext_lazy("The times in %(rows)s are numbers. By their size they are seconds since 1970."),
    "milliseconds": gettext_lazy("The times in %(rows)s are numbers. By their size they are milliseconds since 1970."),
    "microseconds": gettext_lazy("The times in %(rows)s are numbers. By their size they are microseconds since 1970."),
    "nanoseconds": gettext_lazy("The times in %(rows)s are numbers. By their size they are nanoseconds since 1970."),
    "excel": gettext_lazy(
        "The times in %(rows)s are numbers. By their size they are days, as spreadsheets count them."
    ),
}
BUTTONS = {
    DAY_FIRST: gettext_lazy("Read the day first"),
    MONTH_FIRST: gettext_lazy("Read the month first"),
    AS_WRITTEN: gettext_lazy("Read these dates"),
    "seconds": gettext_lazy("Read seconds since 1970"),
    "milliseconds": gettext_lazy("Read milliseconds since 1970"),
    "microseconds": gettext_lazy("Read microseconds since 1970"),
    "nanoseconds": gettext_lazy("Read nanoseconds since 1970"),
    "excel": gettext_lazy("Read days from 1900 (Excel)"),
    "excel-1904": gettext_lazy("Read days from 1904 (Excel for Mac)"),
    numbers.BY_SIZE: gettext_lazy("Read each number by its size"),
}
LIKELY = {
    DAY_FIRST: gettext_lazy("With the day first the rows are in order of time, so that is likely."),
    MONTH_FIRST: gettext_lazy("With the month first the rows are in order of time, so that is likely."),
}


@dataclass
class Tally:
    """How many texts are of one kind, and the first of them with their rows."""

    count: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)

    def add(self, row: int, text: str) -> None:
        self.count += 1
        if len(self.first) < NAMED_ROWS:
            self.first.append((row, text))

    @property
    def rows(self) -> str:
        """The rows in words: "row 2", "rows 2, 5 and 8", "rows 2, 3, 4, 5, 6 and 12 more"."""
        return rows_in_words([grouped(row) for row, _text in self.first], more=self.count - len(self.first))


@dataclass
class Order:
    """How often times go back from one row to the next, if they are read in one order."""

    last: datetime = datetime.min
    steps: int = 0
    back: int = 0

    def add(self, at: datetime) -> None:
        self.steps += at != self.last
        self.back += at < self.last
        self.last = at


class UnreadTimes:
    """The times of a column that were not read, and those that exist twice."""

    def __init__(self, time_zone: str, repeated_times: str) -> None:
        self._readers = {dates: moments_in(time_zone, dates, repeated_times) for dates in BUTTONS}
        self._second = moments_in(time_zone, "", "second")
        self._is_first = repeated_times == "first"
        self._numbers = {unit: Tally() for unit in COUNTED_IN}
        # Texts with one meaning in any order, with the day first only, with the month first only, and with either.
        self._written, self._by_day, self._by_month, self._either = Tally(), Tally(), Tally(), Tally()
        self._day_order, self._month_order = Order(), Order()
        self._twice = Tally()

    def add(self, row: int, text: str) -> None:
        """Record a text that was not read."""
        unit = numbers.unit_of(text)
        if unit:
            self._numbers[unit].add(row, text)
            return
        by_day, by_month = self._read_as(DAY_FIRST, text), self._read_as(MONTH_FIRST, text)
        if by_day and by_day == by_month and self._read_as(AS_WRITTEN, text):
            self._written.add(row, text)
        elif by_day and by_month:
            self._either.add(row, text)
            self._day_order.add(by_day)
            self._month_order.add(by_month)
        elif by_day:
            self._by_day.add(row, text)
        elif by_month:
            self._by_month.add(row, text)

    def _read_as(self, dates: str, text: str) -> datetime | None:
        """Return the time as written, if ``dates`` reads it; None if the shape or the time itself is refused."""
        return written(text, dates) if self._readers[dates](text).utc else None

    def add_twice(self, row: int, text: str) -> None:
        """Record a time that exists twice in its zone."""
        self._twice.add(row, text)

    def suggestions(self) -> list[Suggestion]:
        """Return the choices that would read most of them, the likeliest first."""
        of_numbers, of_texts = self._of_numbers(), self._of_texts()
        counted = sum(tally.count for tally in self._numbers.values())
        written = sum(tally.count for tally in (self._written, self._by_day, self._by_month, self._either))
        both = [*of_numbers, *of_texts] if counted >= written else [*of_texts, *of_numbers]
        return [*both, *self._of_clocks()]

    def _of_numbers(self) -> list[Suggestion]:
        found = {unit: tally for unit, tally in self._numbers.items() if tally.count}
        if len(found) > 1:
            kinds = "; ".join(COUNTED_IN[unit] % {"rows": tally.rows} for unit, tally in found.items())
            mixed = _("The times are numbers that count different things: %(kinds)s. Each can be read by its size.")
            mixed %= {"kinds": kinds}
            return [self._suggestion(numbers.BY_SIZE, mixed, *found.values(), each=1, certain=False)]
        for unit, tally in found.items():
            said = ARE_NUMBERS[unit] % {"rows": tally.rows}
            if unit == "excel":
                old = f"{said} {_('Workbooks of old versions of Excel for Mac count from 1904.')}"
                return [self._suggestion("excel", said, tally), self._suggestion("excel-1904", old, tally)]
            return [self._suggestion(unit, said, tally)]
        return []

    def _of_texts(self) -> list[Suggestion]:
        day, month, either, written = self._by_day, self._by_month, self._either, self._written
        if day.count and month.count:
            said = _(
                "This column mixes two orders: only with the day first %(day)s can be read, only with the month first "
                "%(month)s. Rows in the other order stay problems: correct them in the file."
            ) % {"day": day.rows, "month": month.rows}
            orders = sorted(((day, DAY_FIRST), (month, MONTH_FIRST)), key=lambda one: -one[0].count)
            return [self._suggestion(order, said, tally, written) for tally, order in orders]
        if day.count:
            said = _("The day comes first: the dates in %(rows)s can be read in no other way.")
            return [self._suggestion(DAY_FIRST, said % {"rows": day.rows}, day, either, written)]
        if month.count:
            said = _("The month comes first: the dates in %(rows)s can be read in no other way.")
            return [self._suggestion(MONTH_FIRST, said % {"rows": month.rows}, month, either, written)]
        if either.count:
            return self._asked()
        if written.count:
            said = _("The times in %(rows)s are not written as ISO 8601, but have only one meaning.")
            return [self._suggestion(AS_WRITTEN, said % {"rows": written.rows}, written)]
        return []

    def _asked(self) -> list[Suggestion]:
        """Return both orders, for dates that can be read in both; first the one in which rows are in order of time."""
        said = _("Every date of this file can be read with the day first and with the month first: which is it?")
        orders = [DAY_FIRST, MONTH_FIRST]
        in_order = {DAY_FIRST: self._day_order, MONTH_FIRST: self._month_order}
        orders.sort(key=lambda order: in_order[order].back)
        likely, other = (in_order[order] for order in orders)
        if likely.steps >= ENOUGH and not likely.back and other.back:
            said = f"{said} {LIKELY[orders[0]]}"
        return [self._suggestion(order, said, self._either, self._written) for order in orders]

    def _of_clocks(self) -> list[Suggestion]:
        if not self._twice.count or not self._is_first:
            return []
        said = _(
            "The clocks were put back, so the times in %(rows)s exist twice. They are taken as the first (summer time)."
        ) % {"rows": self._twice.rows}
        samples = [Sample(row, text, _shown(self._second(text))) for row, text in self._twice.first]
        button = _("Take the second (standard time)")
        return [Suggestion("repeated_times", "second", said, button, samples, certain=False)]

    def _suggestion(
        self, dates: str, said: str, *tallies: Tally, each: int = MOST_SAMPLES, certain: bool = True
    ) -> Suggestion:
        read = self._readers[dates]
        rows = [one for tally in tallies for one in tally.first[:each]]
        samples = [Sample(row, text, _shown(read(text))) for row, text in sorted(rows[:MOST_SAMPLES])]
        return Suggestion("dates", dates, said, str(BUTTONS[dates]), samples, certain=certain)


def _shown(moment: Moment) -> str:
    """Return a moment, its month unmistakable; or its problem if there is none."""
    if moment.utc is None:
        return moment.problem
    at = datetime.fromisoformat(moment.utc)
    seconds = moment.utc[16:] if at.second or at.microsecond else ""
    day, clock = date_format(at, "DATE_FORMAT"), f"{at:%H:%M}{seconds}"
    return _("%(day)s, %(time)s UTC") % {"day": day, "time": clock}
