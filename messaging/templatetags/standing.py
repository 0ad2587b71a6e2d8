"""A tag that shows the moderators' warnings and limits to the user."""

from __future__ import annotations

from typing import Any

from django import template

from messaging.participants.reporting import how_to_object
from messaging.participants.standing import Standing, standing_of

register = template.Library()


@register.inclusion_tag("messaging/standing.html", takes_context=True)
def moderators_say(context: Any) -> dict[str, Any]:
    """Show the user's warnings and limits: from the view's ``standing``, or else looked up here."""
    user, found = context["user"], context.get("standing")
    if found is None:
        found = standing_of(user) if user.is_authenticated else Standing()
    return {"standing": found, "how_to_object": how_to_object(), "csrf_token": context.get("csrf_token")}
