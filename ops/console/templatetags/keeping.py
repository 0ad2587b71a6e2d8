"""Parts of pages that are rendered once for what they are made of."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.utils.translation import get_language

register = template.Library()

MOST_KEPT = 200  # of one part, in each process


class Kept(template.Node):
    """Renders its content once for a language and the ``values`` that it is made of, which are all that it may show.

    Values that are equal must look the same: 1 and True do not.
    """

    def __init__(self, content: NodeList, values: Sequence[FilterExpression]) -> None:
        self.content, self.values = content, values
        self.kept: dict[Hashable, str] = {}

    def render(self, context: Any) -> str:
        made_of = (get_language(), *(value.resolve(context) for value in self.values))
        # Read and written as a whole: another thread may render the same node.
        rendered = self.kept.get(made_of)
        if rendered is None:
            rendered = self.content.render(context)
            if len(self.kept) >= MOST_KEPT:
                self.kept.clear()
            self.kept[made_of] = rendered
        return rendered


@register.tag
def kept(parser: Parser, token: Token) -> Kept:
    """``{% kept one two %} … {% endkept %}``: what stands between depends on these values and the language alone."""
    _, *values = token.split_contents()
    content = parser.parse(("endkept",))
    parser.delete_first_token()
    return Kept(content, [parser.compile_filter(value) for value in values])
