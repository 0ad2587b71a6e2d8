"""The moments that may be stored, and showing any moment in the local time of the pages.

Within two days of the first and the last moment that Python knows, a time has no local time everywhere: converting it
raises OverflowError east or west of UTC. Such times are refused, and where one is stored all the same, pages show it.
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
    """Raise ValidationError for a moment that cannot be shown everywhere. One without a zone counts as UTC."""
    if timezone.is_naive(moment):
        moment = moment.replace(tzinfo=UTC)
    if not EARLIEST <= moment <= LATEST:
        raise ValidationError(OUT_OF_RANGE, code="moment_out_of_range")


def moments_within_range(*fields: str, name: str) -> models.CheckConstraint:
    """The constraint by which a database refuses, in these fields, what ``validate_moment`` refuses."""
    conditions = {
        f"{field}__{lookup}": limit for field in fields for lookup, limit in (("gte", EARLIEST), ("lte", LATEST))
    }
    return models.CheckConstraint(condition=Q(**conditions), name=name, violation_error_message=OUT_OF_RANGE)


class StandingZone(ZoneInfo):
    """A time zone in which every moment has a local time: at the limits of Python's calendar it is that of UTC."""

    def fromutc(self, moment: datetime) -> datetime:
        try:
            return super().fromutc(moment)
        except OverflowError:
            return moment.replace(tzinfo=self)


class LocalTimeMiddleware:
    """Times are shown in TIME_ZONE, whatever is stored. Everything that shows a time asks Django for the zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with timezone.override(StandingZone(settings.TIME_ZONE)):
            return self.get_response(request)
