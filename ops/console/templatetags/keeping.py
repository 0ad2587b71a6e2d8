"""A cache of rendered parts of pages, keyed by the values that they show."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.utils.translation import get_language

register = template.Library()

MOST_KEPT = 200  # copies of one part in each process


class Kept(template.Node):
    """Render the content once per language and ``values``, which must be all that it depends on.

    Equal values must render equally: 1 and True do not.
    """

    def __init__(self, content: NodeList, values: Sequence[FilterExpression]) -> None:
        self.content, self.values = content, values
        self.kept: dict[Hashable, str] = {}

    def render(self, context: Any) -> str:
        made_of = (get_language(), *(value.resolve(context) for value in self.values))
        # Each read and write is atomic, because another thread may render the same node.
        rendered = self.kept.get(made_of)
        if rendered is None:
            rendered = self.content.render(context)
            if len(self.kept) >= MOST_KEPT:
                self.kept.clear()
            self.kept[made_of] = rendered
        return rendered


@register.tag
def kept(parser: Parser, token: Token) -> Kept:
    """``{% kept one two %} … {% endkept %}``: cache content that depends only on these values and the language."""
    _, *values = token.split_contents()
    content = parser.parse(("endkept",))
    parser.delete_first_token()
    return Kept(content, [parser.compile_filter(value) for value in values])
