"""Tags that show times: relative to now, or as a time of day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from django import template
from django.contrib.humanize.templatetags.humanize import NaturalTimeFormatter
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from messaging.languages import moments

register = template.Library()

# Not a template: a list shows fifty times, and a template would look up the language for each part of each time.
SHOWN = '<time datetime="{}" title="{}">{}<span class="visually-hidden"> ({})</span></time>'
# Units for sentences about the past or the future, for which some languages need another grammatical case.
PAST, FUTURE = NaturalTimeFormatter.past_substrings, NaturalTimeFormatter.future_substrings
KEPT = 4_096  # pairs of days whose words are cached, because lists show them again and again


@register.simple_tag
def when(moment: datetime | None) -> SafeString | str:
    """Show how long ago ``moment`` was, in one unit, with the exact time on hover and for screen readers."""
    if moment is None:
        return ""
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return format_html(SHOWN, local.isoformat(), moments.exact(local), _ago(moment), moments.day_and_time(local))


@register.simple_tag
def clock(moment: datetime) -> SafeString:
    """Show the time of day of ``moment``, with the day, the second and the time zone on hover."""
    local = timezone.localtime(moment)
    shown = local.isoformat(), moments.exact(local), moments.clock_time(local)
    return format_html('<time datetime="{}" title="{}">{}</time>', *shown)


@register.filter(expects_localtime=True)
def weekday_and_day(moment: date | None) -> str:
    """Return ``moment`` as "Friday, 7 September 2007"; "" for None."""
    return moments.weekday_and_day(moment) if moment else ""


@register.filter(expects_localtime=True)
def with_zone(moment: datetime | None) -> str:
    """Return ``moment`` as "7 September 2007, 06:58 CEST"; "" for None."""
    return moments.with_zone(moment) if moment else ""


@register.filter(expects_localtime=True)
def exact(moment: datetime | None) -> str:
    """Return ``moment`` as "7 September 2007, 06:58:07 CEST"; "" for None."""
    return moments.exact(moment) if moment else ""


def _ago(moment: datetime) -> str:
    now = timezone.now()
    if abs(now - moment) < timedelta(minutes=1):
        return _("just now")
    if moment > now:
        return _("in %(time)s") % {"time": timeuntil(moment, now, FUTURE, depth=1)}
    if moment.tzinfo is now.tzinfo and now - moment >= timedelta(days=1):
        ago = _days(moment.date(), now.date(), moment.time() > now.time(), get_language())
    else:
        ago = timesince(moment, now, time_strings=PAST, depth=1)
    return _("%(time)s ago") % {"time": ago}


@lru_cache(KEPT)
def _days(day: date, today: date, is_later: bool, language: str | None) -> str:
    """Return the largest unit between two times a day or more apart. Only their days matter, and whether the time of
    day of the first ``is_later``."""
    noon, before = time(12), time(11)
    first, second = (noon, before) if is_later else (before, noon)
    return timesince(datetime.combine(day, first), datetime.combine(today, second), time_strings=PAST, depth=1)
