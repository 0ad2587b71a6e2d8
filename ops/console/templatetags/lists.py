"""Tags for rows of lists, which cost little however many rows there are; words that were searched for are marked."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.text import Truncator

from ops.console import addresses
from ops.console.lists import excerpts

register = template.Library()
BEGINNING = 160  # characters of a text in a list


@register.inclusion_tag("console/_pieces.html")
def marked(text: str, words: str) -> dict[str, Any]:
    """Show a name with ``words`` marked."""
    return {"pieces": excerpts.marked(text, words)}


@register.inclusion_tag("console/_pieces.html")
def excerpt(text: str, words: str) -> dict[str, Any]:
    """Show the part of a text around ``words``, which are marked."""
    return {"pieces": excerpts.excerpt(text, words)}


@register.simple_tag
def page_of_row(label: str, key: int) -> str:
    """The address of the page of a row, by its model ("app.model") and its number."""
    return addresses.page_of_row(label, key)


@register.filter
def grouped(number: int) -> str:
    """A number as "1,234"."""
    return f"{number:,}"


@register.filter
def beginning(text: str) -> str:
    """The first characters of a text, as Django's ``truncatechars`` cuts it, which takes longer for most texts."""
    if text.isascii():
        return text if len(text) <= BEGINNING else f"{text[: BEGINNING - 1]}…"
    # Signs that belong to others are not counted; nobody uses more than this of them.
    return Truncator(text[:400]).chars(BEGINNING)
