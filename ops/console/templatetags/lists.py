"""Tags for rows of lists: words that were searched for are marked."""

from __future__ import annotations

from typing import Any

from django import template

from ops.console.lists import excerpts

register = template.Library()


@register.inclusion_tag("console/_pieces.html")
def marked(text: str, words: str) -> dict[str, Any]:
    """Show a name with ``words`` marked."""
    return {"pieces": excerpts.marked(text, words)}


@register.inclusion_tag("console/_pieces.html")
def excerpt(text: str, words: str) -> dict[str, Any]:
    """Show the part of a text around ``words``, which are marked."""
    return {"pieces": excerpts.excerpt(text, words)}
