"""Puts the overview on the console's first page."""

from __future__ import annotations

from typing import Any

from django import template

from ops.dashboard import charts, figures

register = template.Library()

LED_TO = ("messaging.view_conversation", "messaging.view_message")  # what the figures count, and link to


@register.inclusion_tag("dashboard/summary.html", takes_context=True)
def dashboard_summary(context: Any) -> dict[str, Any]:
    """The figures with their chart for those who may open what they lead to; for others, where to begin."""
    user = context["request"].user
    if not user.has_perms(LED_TO):
        return {"allowed": False, "sections": context["sections"]}
    numbers = figures.current()
    return {
        "allowed": True,
        "figures": numbers,
        "days": figures.DAYS,
        "chart": charts.columns_per_day(numbers.per_day) if numbers else "",
        "may_see_deletions": user.has_perm("deletion.view_accountdeletion"),
    }
