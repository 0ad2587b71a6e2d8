"""Tags for rows of lists, which cost little however many rows there are; what was searched for is marked."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django import template
from django.template import loader
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from messaging.languages import wording
from ops.console import addresses
from ops.console.lists import excerpts, words
from ops.console.searching.asked import Help, Search

register = template.Library()

FOUND = "<mark>{}</mark>"


@register.simple_tag
def excerpt(text: str, search: Search) -> SafeString:
    """Show the part of a text around what was searched for, which is marked. Not by a template: a list has fifty."""
    pieces = excerpts.excerpt(text, search.places)
    return SafeString("".join(format_html(FOUND, one.text) if one.kind else escape(one.text) for one in pieces))


@register.simple_tag
def links(choices: Iterable[dict[str, Any]]) -> SafeString:
    """Show choices of a filter as links. Not by a template: a list has twenty, and a search changes each address."""
    current = SafeString(' aria-current="true"')
    shown = ((one["query_string"], current if one["selected"] else "", one["display"]) for one in choices)
    return format_html_join("\n", '<li><a href="{}"{}>{}</a></li>', shown)


@register.simple_tag
def options(choices: Iterable[tuple[str, str]], value: str) -> SafeString:
    """Show choices of a filter as those of a field, in which ``value`` is chosen."""
    shown = ((one, SafeString(" selected") if one == value else "", label) for one, label in choices)
    return format_html_join("", '<option value="{}"{}>{}</option>', shown)


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
