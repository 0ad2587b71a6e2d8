"""What the pages of imports show: texts whose invisible characters have names, and sentences."""

from __future__ import annotations

from django import template

from ops.files import invisible, uploads

register = template.Library()

# With which the messages of checks begin, where they do not begin with something of the file.
FIRST_WORDS = frozenset(
    (
        *("a", "an", "cannot", "expected", "in", "it", "its", "message", "no", "nothing", "only", "parent", "replies"),
        *("row", "rows", "the", "there", "this", "times", "values"),
    )
)


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


@register.filter
def as_sentence(message: str) -> str:
    """A message with a capital letter; a value or the name of a column at its beginning stays as it is."""
    first = message.partition(" ")[0]
    return message[:1].upper() + message[1:] if first in FIRST_WORDS else message
