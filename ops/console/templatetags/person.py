"""A tag for the address of a person's page."""

from __future__ import annotations

from typing import Any

from django import template

from ops.console.person import tabs

register = template.Library()


@register.simple_tag(takes_context=True)
def person_address(context: Any, person: Any) -> str:
    """Return the address of the page of ``person`` (or a primary key) if the user may open any tab of it, or ""."""
    user = context.get("user")
    return tabs.address_of(getattr(person, "pk", person), user=user) if user is not None else ""
