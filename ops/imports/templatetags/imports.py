"""What the pages of imports show: texts whose invisible characters have names."""

from __future__ import annotations

from django import template

from ops.files import invisible, uploads

register = template.Library()


@register.filter
def visible_parts(text: str) -> list[invisible.Part]:
    """The text in runs to show and invisible characters to name."""
    return invisible.parts(text)


@register.filter
def size_in_words(size: int) -> str:
    """So many bytes as people say it."""
    return uploads.size_in_words(size)


@register.filter
def as_utc(moment: str) -> str:
    """A moment of a preview (ISO 8601, UTC) without the signs that only machines need."""
    return f"{moment[:19].replace('T', ' ')} UTC"
