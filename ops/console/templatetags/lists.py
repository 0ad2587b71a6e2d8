"""Tags for rows of lists, fast enough for many rows; they mark the words that were searched for."""

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
    """Return the part of a text around the words found, marked. No template renders it: a list has fifty of them."""
    pieces = excerpts.excerpt(text, search.places)
    return SafeString("".join(format_html(FOUND, one.text) if one.kind else escape(one.text) for one in pieces))


@register.simple_tag
def links(choices: Iterable[dict[str, Any]]) -> SafeString:
    """Return the choices of a filter as links. No template renders them: a list has twenty, which change with the
    search."""
    current = SafeString(' aria-current="true"')
    shown = ((one["query_string"], current if one["selected"] else "", one["display"]) for one in choices)
    return format_html_join("\n", '<li><a href="{}"{}>{}</a></li>', shown)


@register.simple_tag
def options(choices: Iterable[tuple[str, str]], value: str) -> SafeString:
    """Return the choices of a filter as <option> elements, with ``value`` selected."""
    shown = ((one, SafeString(" selected") if one == value else "", label) for one, label in choices)
    return format_html_join("", '<option value="{}"{}>{}</option>', shown)


@register.simple_tag
def how_to_search(search: Search) -> str:
    """Return the lines of “How to search”, cached, because they are the same for all users of a role."""
    return _how_to_search(tuple(search.help), get_language())


@lru_cache(maxsize=50)
def _how_to_search(lines: tuple[Help, ...], language: str | None) -> str:
    return loader.render_to_string("console/_how_to_search.html", {"lines": lines})


@register.simple_tag
def page_of_row(label: str, key: int) -> str:
    """Return the address of the page of a row, by its model ("app.model") and its primary key."""
    return addresses.page_of_row(label, key)


register.filter("grouped", wording.grouped)
register.filter("beginning", words.beginning)
