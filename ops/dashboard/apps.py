from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from ops.console.rooms import NOTHING_PERSONAL, ON_DELETE, Audit, Item, Page, Room, Table

COUNTED = "numbers that triggers and the worker keep of what other tables say"


class DashboardConfig(Room):
    name = "ops.dashboard"
    label = "dashboard"
    verbose_name = gettext_lazy("Dashboard")

    permissions = {
        "dashboard.view_review": ("Reviewer", "Lead"),
        "dashboard.view_team": ("Lead",),
        "dashboard.view_accounts": ("Support", "Lead"),
        "dashboard.view_data": ("Data operator", "Lead"),
        "dashboard.view_oversight": ("Auditor",),
    }
    events = "ops.dashboard.events.DashboardEvent"
    tables = {
        "dashboard.noted": Table(Audit.EXEMPT, NOTHING_PERSONAL, COUNTED),
        "dashboard.daynumbers": Table(Audit.EXEMPT, "figures", COUNTED),
        "dashboard.beginning": Table(Audit.EXEMPT, NOTHING_PERSONAL, COUNTED),
        "dashboard.earlierpending": Table(Audit.EXEMPT, NOTHING_PERSONAL, COUNTED),
        "dashboard.digestreader": Table(Audit.FUNCTIONS, ON_DELETE),
        "dashboard.keeping": Table(Audit.EXEMPT, NOTHING_PERSONAL, COUNTED),
    }
    rounds = {"keep_figures": 60, "send_digests": 3600}

    @property
    def menu(self) -> Mapping[str, Item]:  # type: ignore[override]
        from ops.dashboard.boards.boards import BOARDS

        return {f"admin:{board.address}": board.item for board in BOARDS}

    def ready(self) -> None:
        from ops.dashboard import signals

        signals.connect()

    def pages(self) -> Iterable[Page]:
        from ops.dashboard import pages

        return pages.PAGES

    def list_filters(self, request: Any, model: str) -> Iterable[type]:
        from ops.dashboard import filters

        return filters.of_list(model)

    def home_sections(self) -> Iterable[Any]:
        from ops.dashboard.boards import home

        return home.SECTIONS

    def email_choices(self, user: Any) -> Iterable[Any]:
        from ops.dashboard.digest import choosing

        return choosing.weekly_digest(user)

    def erasure_steps(self) -> Iterable[Any]:
        from ops.dashboard import erased

        return erased.STEPS
