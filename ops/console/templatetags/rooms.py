"""Places in a page where other rooms show something of theirs."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from ops.console.rooms import rooms

register = template.Library()


@register.simple_tag(takes_context=True)
def slot(context: Any, name: str, **values: Any) -> SafeString:
    """The templates that rooms declare for the slot ``name`` (Room.slots), each with ``values`` in its context."""
    found = (room.slots[name] for room in rooms() if name in room.slots)
    with context.push(**values):
        shown = [context.template.engine.get_template(one).render(context) for one in found]
    return format_html_join("", "{}", ((part,) for part in shown))
