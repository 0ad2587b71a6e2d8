"""The template filters of the pages of imports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from messaging.languages.wording import grouped
from ops.files import invisible, uploads

register = template.Library()


@register.filter
def visible_parts(text: str) -> list[invisible.Part]:
    """Split the text into runs to show and invisible characters to name."""
    return invisible.parts(text)


@register.filter
def size_in_words(size: int) -> str:
    """Format a number of bytes for people."""
    return uploads.size_in_words(size)


@register.filter
def as_utc(moment: str) -> str:
    """Format a time of a preview (ISO 8601, UTC) for people."""
    return f"{moment[:19].replace('T', ' ')} UTC"


@register.filter
def as_sentence(message: str) -> str:
    """Capitalise a message, unless it begins with a value or the name of a column."""
    first = message.partition(" ")[0]
    return message[:1].upper() + message[1:] if first in _first_words().split() else message


@register.filter
def where(problem: Mapping[str, Any]) -> str:
    """Return the row and the column of a problem, in words."""
    if not problem["row"]:
        return _("The whole file")
    row = grouped(problem["row"])
    if problem["column"]:
        return _("Row %(row)s, %(column)s") % {"row": row, "column": problem["column"]}
    return _("Row %(row)s") % {"row": row}


@register.filter
def set_apart(names: Iterable[str]) -> SafeString:
    """Join names from the file with commas, each isolated in its own writing direction."""
    return format_html_join(", ", "<bdi>{}</bdi>", ((name,) for name in names))


def _first_words() -> str:
    """Return the first words of checks' messages that do not begin with a value or column of the file."""
    return pgettext(
        "first words of messages about rows, which pages write with a capital letter",
        "a an cannot expected in it its message no nothing only parent replies row rows the there this times values",
    )
