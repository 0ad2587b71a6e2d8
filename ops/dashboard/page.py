"""The dashboard: today's figures with their chart."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.views.generic import TemplateView

from ops.accounts.actions import ConsolePage
from ops.dashboard import charts, figures


class DashboardView(ConsolePage, TemplateView):
    """The figures, with links to the lists that this person may open."""

    permission = "messaging.view_conversation"
    template_name = "dashboard/page.html"
    title = "Dashboard"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        numbers = figures.current()
        chart = charts.columns_per_day(numbers.per_day) if numbers else ""
        shown = {"figures": numbers, "days": figures.DAYS, "zone": settings.TIME_ZONE, "chart": chart}
        return super().get_context_data(**shown, **kwargs)
