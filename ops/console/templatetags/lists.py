"""Tags for rows of lists, which cost little however many rows there are; what was searched for is marked."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django import template
from django.template import loader
from django.utils.translation import get_language

from messaging.languages import wording
from ops.console import addresses
from ops.console.lists import excerpts, words
from ops.console.searching.asked import Help, Search

register = template.Library()


@register.inclusion_tag("console/_pieces.html")
def excerpt(text: str, search: Search) -> dict[str, Any]:
    """Show the part of a text around what was searched for, which is marked."""
    return {"pieces": excerpts.excerpt(text, search.places)}


@register.simple_tag
def how_to_search(search: Search) -> str:
    """The lines of “How to search”, which are the same for everybody of a role: made once for each."""
    return _how_to_search(tuple(search.help), get_language())


@lru_cache(maxsize=50)
def _how_to_search(lines: tuple[Help, ...], language: str | None) -> str:
    return loader.render_to_string("console/_how_to_search.html", {"lines": lines})


@register.simple_tag
def page_of_row(label: str, key: int) -> str:
    """The address of the page of a row, by its model ("app.model") and its number."""
    return addresses.page_of_row(label, key)


register.filter("grouped", wording.grouped)
register.filter("beginning", words.beginning)
