"""What moderators say to whoever reads a page."""

from __future__ import annotations

from typing import Any

from django import template

from messaging.participants.reporting import how_to_object
from messaging.participants.standing import Standing, standing_of

register = template.Library()


@register.inclusion_tag("messaging/standing.html", takes_context=True)
def moderators_say(context: Any) -> dict[str, Any]:
    """The notices of the moderators to the user: the view's ``standing``, or else asked for here."""
    user, found = context["user"], context.get("standing")
    if found is None:
        found = standing_of(user) if user.is_authenticated else Standing()
    return {"standing": found, "how_to_object": how_to_object(), "csrf_token": context.get("csrf_token")}
