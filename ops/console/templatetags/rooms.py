"""Slots: places in a page where other rooms include templates."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from ops.console.rooms import rooms

register = template.Library()


@register.simple_tag(takes_context=True)
def slot(context: Any, name: str, **values: Any) -> SafeString:
    """Render the templates that rooms declare for the slot ``name`` (Room.slots), with ``values`` in their context."""
    templates = (room.slots[name] for room in rooms() if name in room.slots)
    with context.push(**values):
        rendered = [context.template.engine.get_template(path).render(context) for path in templates]
    return format_html_join("", "{}", ((html,) for html in rendered))
