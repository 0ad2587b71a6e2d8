"""Filters for a person's coloured initial, which looks the same on every page."""

from __future__ import annotations

from zlib import crc32

from django import template

register = template.Library()
COLOURS = 8  # as many as there are classes avatar-0, avatar-1 … in participant.css


@register.filter
def avatar(username: str) -> str:
    """Return the CSS classes of a person's colour, which depends on nothing but the name."""
    return f"avatar avatar-{crc32(str(username).encode('utf-8', 'surrogatepass')) % COLOURS}"


@register.filter
def initial(username: str) -> str:
    """Return the first character of a name as a capital letter."""
    return str(username)[:1].upper()[:1]
