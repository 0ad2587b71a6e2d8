"""Periods of whole days in the console's time zone, for which every figure is computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.database.moments import SafeZone
from messaging.languages.wording import numbered

LONGEST = 3_660  # days: ten years
EARLIEST_YEAR, LATEST_YEAR = 1900, 9998  # that users may choose


class NoPeriod(ValueError):
    """Raised for days that make no valid period; the message is a sentence for the user."""


def wrong_order() -> str:
    return _("The first day is after the last day: swap them.")


def too_long() -> str:
    words = ngettext(
        "That is more than %(number)s day: choose a shorter time.",
        "That is more than %(number)s days: choose a shorter time.",
        LONGEST,
    )
    return numbered(words, LONGEST)


def console_zone() -> tzinfo:
    """Return the zone in which the days of all figures begin, whatever the user's own zone: the TIME_ZONE setting."""
    return SafeZone(settings.TIME_ZONE)


def beginning_of(day: date, zone: tzinfo) -> datetime:
    """Return the first moment of a day in ``zone``, in UTC; a skipped day begins when the next one does."""
    # If clocks go forward at midnight, the day begins then; if midnight occurs twice, at the first.
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def day_of(moment: datetime, zone: tzinfo) -> date:
    """Return the day of a moment in ``zone``."""
    return moment.astimezone(zone).date()


@dataclass(frozen=True)
class Period:
    """The days from ``first`` to ``last``, inclusive, in ``zone``.

    Raises NoPeriod for days in the wrong order, and for more than LONGEST days.
    """

    first: date
    last: date
    zone: tzinfo = field(default_factory=console_zone)

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise NoPeriod(wrong_order())
        if self.days > LONGEST:
            raise NoPeriod(too_long())

    @classmethod
    def of_days(cls, number: int, today: date | None = None) -> Period:
        """Return the last ``number`` days in the console's zone, up to and including ``today``."""
        zone = console_zone()
        last = today or day_of(timezone.now(), zone)
        if number < 1:
            raise NoPeriod(wrong_order())
        if number > LONGEST:
            raise NoPeriod(too_long())
        return cls(last - timedelta(days=number - 1), last, zone)

    @classmethod
    def written(cls, first: str, last: str) -> Period:
        """Parse two days such as 2026-01-31 into a period in the console's zone. Raises NoPeriod."""
        if not (first.strip() and last.strip()):
            raise NoPeriod(_("Give the first and the last day, such as 2026-01-31."))
        try:
            days = date.fromisoformat(first.strip()), date.fromisoformat(last.strip())
        except ValueError:
            raise NoPeriod(_("Write days as 2026-01-31.")) from None
        if not all(EARLIEST_YEAR <= day.year <= LATEST_YEAR for day in days):
            # A period at an end of the calendar has no period before it, or no day after it.
            years = {"first": EARLIEST_YEAR, "last": LATEST_YEAR}
            raise NoPeriod(_("Choose days between the years %(first)s and %(last)s.") % years)
        return cls(*days)

    @property
    def days(self) -> int:
        """The number of days."""
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        """The first moment, in UTC."""
        return beginning_of(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The first moment after the period, in UTC."""
        return beginning_of(self.last + timedelta(days=1), self.zone)

    def before(self) -> Period:
        """Return the equally long period that ends on the day before this one begins."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.zone)

    def each_day(self) -> Iterator[date]:
        """Yield the days, earliest first."""
        return (self.first + timedelta(days=number) for number in range(self.days))

    def contains(self, moment: datetime) -> bool:
        """Whether a moment lies in the period."""
        return self.start <= moment < self.end
