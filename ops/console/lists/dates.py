"""Filters by a range of days in the user's time zone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from messaging.database.moments import EARLIEST, LATEST
from messaging.languages import moments

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

DAY = timedelta(days=1)


class DayFilter(admin.SimpleListFilter):
    """Rows whose time ``field`` lies on one side of a day, entered in a date field."""

    input_type = "date"
    field = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        self.day = _day(self.value())
        return [] if self.day is None else [(self.day.isoformat(), moments.day(self.day))]

    def has_output(self) -> bool:
        return True  # its field is shown before a day is chosen

    @property
    def field_value(self) -> str:
        """The value of the form field."""
        return self.value() or ""


class FromDay(DayFilter):
    """Rows from the beginning of a day on."""

    parameter_name = "from"

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset if self.day is None else queryset.filter(**{f"{self.field}__gte": _begins(self.day)})


class ToDay(DayFilter):
    """Rows up to the end of a day."""

    parameter_name = "to"

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset if self.day is None else queryset.filter(**{f"{self.field}__lt": _begins(self.day + DAY)})


def days(field: str, from_day: StrOrPromise, to_day: StrOrPromise) -> tuple[type[FromDay], type[ToDay]]:
    """Return the two filters by the day of the time ``field``, with their titles."""
    return (
        type("FromDay", (FromDay,), {"field": field, "title": from_day}),
        type("ToDay", (ToDay,), {"field": field, "title": to_day}),
    )


def _day(text: str | None) -> date | None:
    """Parse the value of a date field; None for anything else, and for days that some time zone cannot represent."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if day.isoformat() == text and EARLIEST.date() <= day < LATEST.date() else None


def _begins(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


class Within(admin.SimpleListFilter):
    """Rows whose time ``field`` lies in a period of whole days, such as "2026-01-01..2026-01-31". The period comes from
    a link; the list itself offers no choice."""

    field = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        first, last = map(_day, (self.value() or "").partition("..")[::2])
        self.days = None if first is None or last is None or last < first else (first, last)
        if self.days is None:
            return []
        named = {name: moments.day(day) for name, day in zip(("first", "last"), self.days, strict=True)}
        return [(self.value() or "", _("%(first)s to %(last)s") % named)]

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        if self.days is None:
            return queryset
        return self.narrowed(queryset, _begins(self.days[0]), _begins(self.days[1] + DAY))

    def narrowed(self, rows: Any, first: datetime, after: datetime) -> QuerySet:
        """Return the rows from ``first`` up to, not including, ``after``."""
        return rows.filter(**{f"{self.field}__gte": first, f"{self.field}__lt": after})
