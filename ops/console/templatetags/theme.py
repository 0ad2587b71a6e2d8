"""Tags for the parts of a page that depend on the theme."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from admin_interface.templatetags.admin_interface_tags import get_admin_interface_theme
from django import template
from django.template.base import NodeList, Parser, Token
from django.utils.translation import get_language

from ops.console.theme.look import Look, look_of
from ops.console.theme.palette import Pair, palette
from ops.console.theme.stylesheets import lean as lean_head

register = template.Library()


class KeptForTheme(template.Node):
    """Render the content once per theme and language, until a value of the theme changes.

    The styles of django-admin-interface are fifty values and thirty addresses, the same on every page: rendering them
    took a third of the time of an empty list.
    """

    def __init__(self, content: NodeList) -> None:
        self.content = content
        self.kept: dict[str | None, tuple[Hashable, str]] = {}  # by language

    def render(self, context: Any) -> str:
        theme = get_admin_interface_theme()
        now = tuple(field.value_from_object(theme) for field in theme._meta.concrete_fields)
        language = get_language()
        # Each read and write is atomic, because another thread may render the same node.
        kept, rendered = self.kept.get(language, (None, ""))
        if kept != now:
            rendered = self.content.render(context)
            self.kept[language] = (now, rendered)
        return rendered


@register.tag
def kept_for_theme(parser: Parser, token: Token) -> KeptForTheme:
    """``{% kept_for_theme %} … {% endkept_for_theme %}``: cache content that depends only on theme and language."""
    content = parser.parse(("endkept_for_theme",))
    parser.delete_first_token()
    return KeptForTheme(content)


@register.filter(is_safe=True)
def lean(head: str) -> str:
    """``{% filter lean %} … {% endfilter %}``: the head of django-admin-interface without its unused parts."""
    return lean_head(head)


@register.simple_tag
def console_look(name: str) -> Look:
    """``{% console_look site_header as look %}``: the title, logo and environment of the active theme."""
    return look_of(get_admin_interface_theme(), name)


@register.simple_tag
def console_palette() -> dict[str, Pair]:
    """``{% console_palette as palette %}``: the colours of the active theme, light and dark."""
    return palette(get_admin_interface_theme())
