"""A tag that shows a time relative to now."""

from __future__ import annotations

from datetime import datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.dateformat import DateFormat
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince, timeuntil

register = template.Library()


# Not a template of its own: a list shows fifty times, and a template would look up the language for each part of each.
SHOWN = '<time datetime="{}" title="{}:{}">{}<span class="visually-hidden"> ({})</span></time>'


@register.simple_tag
def when(moment: datetime | None) -> SafeString | str:
    """Show how long ago ``moment`` was, in one unit, with the exact time on hover and for screen readers."""
    if moment is None:
        return ""
    local = timezone.template_localtime(moment)
    written = DateFormat(local)
    minute = written.format("j F Y, H:i")
    return format_html(SHOWN, local.isoformat(), minute, written.format("s T"), _ago(moment), minute)


def _ago(moment: datetime) -> str:
    now = timezone.now()
    if abs(now - moment) < timedelta(minutes=1):
        return "just now"
    if moment > now:
        return f"in {timeuntil(moment, now, depth=1)}"
    return f"{timesince(moment, now, depth=1)} ago"
