"""Filters for a person's coloured initial, the same on every page, and for a list of names."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from messaging.languages.wording import grouped

register = template.Library()
COLOURS = 8  # the number of classes avatar-0, avatar-1 … in participant.css
MOST_NAMES = 4  # people of a conversation who are named; the others are counted


@register.filter
def avatar(username: str) -> str:
    """Return the CSS classes of a person's colour, which depends only on the name."""
    return f"avatar avatar-{crc32(str(username).encode('utf-8', 'surrogatepass')) % COLOURS}"


@register.filter
def initial(username: str) -> str:
    """Return the first character of a name as a capital letter."""
    return str(username)[:1].upper()[:1]


@register.filter
def named(people: Sequence[str]) -> SafeString:
    """Return up to MOST_NAMES of a non-empty list of names, and how many more there are."""
    names = format_html_join(", ", "<bdi>{}</bdi>", ((name,) for name in people[:MOST_NAMES]))
    more = len(people) - MOST_NAMES
    if more <= 0:
        return names
    return format_html(
        ngettext("{names} and {number} more", "{names} and {number} more", more), names=names, number=grouped(more)
    )
