from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ops.console.rooms import Item, Page, Place, Room


class DashboardConfig(Room):
    name = "ops.dashboard"
    label = "dashboard"
    verbose_name = "Dashboard"

    menu = {
        "admin:dashboard": Item(Place.REVIEW, 50, name="Dashboard", permission="messaging.view_conversation"),
    }

    def ready(self) -> None:
        from ops.dashboard import signals

        signals.connect()

    def pages(self) -> Iterable[Page]:
        from ops.dashboard.page import DashboardView

        return [Page("dashboard/", DashboardView.as_view(), "dashboard")]

    def erasure_steps(self) -> Iterable[Any]:
        from ops.dashboard import erased

        return erased.STEPS
