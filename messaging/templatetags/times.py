"""Tags that show times: relative to now, or as a time of day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from django import template
from django.contrib.humanize.templatetags.humanize import NaturalTimeFormatter
from django.utils import timezone
from django.utils.dateformat import DateFormat
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import get_language
from django.utils.translation import gettext as _

register = template.Library()

# Not a template of its own: a list shows fifty times, and a template would look up the language for each part of each.
SHOWN = '<time datetime="{}" title="{}">{}<span class="visually-hidden"> ({})</span></time>'
# Units as they stand in a sentence about the past or the future: languages put them in another case there.
PAST, FUTURE = NaturalTimeFormatter.past_substrings, NaturalTimeFormatter.future_substrings
KEPT = 4_096  # days, and pairs of days, whose words are kept: those that lists show again and again


@register.simple_tag
def when(moment: datetime | None) -> SafeString | str:
    """Show how long ago ``moment`` was, in one unit, with the exact time on hover and for screen readers."""
    if moment is None:
        return ""
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    minute = f"{_day(local.date(), get_language())}, {local:%H:%M}"
    return format_html(SHOWN, local.isoformat(), _exact(local), _ago(moment), minute)


@register.simple_tag
def clock(moment: datetime) -> SafeString:
    """Show the time of day of ``moment``, with the day, the second and the time zone on hover."""
    local = timezone.localtime(moment)
    return format_html('<time datetime="{}" title="{}">{}</time>', local.isoformat(), _exact(local), f"{local:%H:%M}")


def _exact(local: datetime) -> str:
    return f"{_day(local.date(), get_language())}, {local:%H:%M:%S} {DateFormat(local).T()}"


@lru_cache(KEPT)
def _day(day: date, language: str | None) -> str:
    return DateFormat(day).format("j F Y")


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
    """The largest unit between two times a day or more apart. Only their days decide, and which time of day
    ``is_later``: that of the first one or not."""
    noon, before = time(12), time(11)
    first, second = (noon, before) if is_later else (before, noon)
    return timesince(datetime.combine(day, first), datetime.combine(today, second), time_strings=PAST, depth=1)
