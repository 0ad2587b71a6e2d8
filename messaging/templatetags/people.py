"""How people look beside their messages: a coloured initial that stays the same everywhere."""

from __future__ import annotations

from zlib import crc32

from django import template

register = template.Library()
COLOURS = 8  # avatar-0 … avatar-7 in participant.css


@register.filter
def avatar(username: str) -> str:
    """The CSS class of a person's colour: the same for the same name, on every page and machine."""
    return f"avatar avatar-{crc32(str(username).encode('utf-8', 'surrogatepass')) % COLOURS}"


@register.filter
def initial(username: str) -> str:
    """The first character of a name, as a capital letter."""
    return str(username)[:1].upper()[:1]
