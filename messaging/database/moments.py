"""The range of moments that may be stored, and a time zone in which pages can show any moment.

Within two days of Python's first and last moments, converting a time to a zone east or west of UTC may raise
OverflowError. Such times are refused; if one is stored all the same, pages still show it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy

MARGIN = timedelta(days=2)
EARLIEST = datetime.min.replace(tzinfo=UTC) + MARGIN
LATEST = datetime.max.replace(tzinfo=UTC) - MARGIN
OUT_OF_RANGE = gettext_lazy("The time must lie between 3 January of the year 1 and 29 December 9999.")


def validate_moment(moment: datetime) -> None:
    """Raise ValidationError for a moment outside the range. One without a zone counts as UTC."""
    if timezone.is_naive(moment):
        moment = moment.replace(tzinfo=UTC)
    if not EARLIEST <= moment <= LATEST:
        raise ValidationError(OUT_OF_RANGE, code="moment_out_of_range")


def moments_within_range(*fields: str, name: str) -> models.CheckConstraint:
    """Return the constraint that makes the database refuse what ``validate_moment`` refuses in these fields."""
    conditions = {
        f"{field}__{lookup}": limit for field in fields for lookup, limit in (("gte", EARLIEST), ("lte", LATEST))
    }
    return models.CheckConstraint(condition=Q(**conditions), name=name, violation_error_message=OUT_OF_RANGE)


class SafeZone(ZoneInfo):
    """A time zone that converts every moment: at the limits of Python's calendar, local time is UTC."""

    def fromutc(self, moment: datetime) -> datetime:
        try:
            return super().fromutc(moment)
        except OverflowError:
            return moment.replace(tzinfo=self)


class LocalTimeMiddleware:
    """Middleware that activates TIME_ZONE as a SafeZone, so that a page can show any stored time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with timezone.override(SafeZone(settings.TIME_ZONE)):
            return self.get_response(request)
