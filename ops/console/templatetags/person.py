"""The address of the page of a person."""

from __future__ import annotations

from typing import Any

from django import template

from ops.console.person import tabs

register = template.Library()


@register.simple_tag(takes_context=True)
def person_address(context: Any, person: Any) -> str:
    """The page of ``person`` (or a primary key), as far as whoever reads this may open it; "" if they may not."""
    user = context.get("user")
    return tabs.address_of(getattr(person, "pk", person), user=user) if user is not None else ""
