"""Filters by a range of days, each in the time zone of whoever looks."""

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
    """Rows whose moment ``field`` lies on one side of a day, which a date field takes."""

    input_type = "date"
    field = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        self.day = _day(self.value())
        return [] if self.day is None else [(self.day.isoformat(), moments.day(self.day))]

    def has_output(self) -> bool:
        return True  # its field is there before a day is chosen

    @property
    def field_value(self) -> str:
        """What stands in the field."""
        return self.value() or ""


class FromDay(DayFilter):
    """From the beginning of a day on."""

    parameter_name = "from"

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset if self.day is None else queryset.filter(**{f"{self.field}__gte": _begins(self.day)})


class ToDay(DayFilter):
    """Up to the end of a day."""

    parameter_name = "to"

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        return queryset if self.day is None else queryset.filter(**{f"{self.field}__lt": _begins(self.day + DAY)})


def days(field: str, from_day: StrOrPromise, to_day: StrOrPromise) -> tuple[type[FromDay], type[ToDay]]:
    """The two filters by the day of a moment, with their titles."""
    return (
        type("FromDay", (FromDay,), {"field": field, "title": from_day}),
        type("ToDay", (ToDay,), {"field": field, "title": to_day}),
    )


def _day(text: str | None) -> date | None:
    """The day that a date field sends; None for anything else, and for days without a local time everywhere."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if day.isoformat() == text and EARLIEST.date() <= day < LATEST.date() else None


def _begins(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


class Within(admin.SimpleListFilter):
    """Rows whose moment ``field`` lies in a period of whole days, such as "2026-01-01..2026-01-31". Links choose one:
    without them there is nothing to choose."""

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
        """Those from a moment up to another one."""
        return rows.filter(**{f"{self.field}__gte": first, f"{self.field}__lt": after})
