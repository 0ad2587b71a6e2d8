from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ops.console.rooms import Room


class DashboardConfig(Room):
    name = "ops.dashboard"
    label = "dashboard"
    verbose_name = "Dashboard"

    def ready(self) -> None:
        from ops.dashboard import signals

        signals.connect()

    def erasure_steps(self) -> Iterable[Any]:
        from ops.dashboard import erased

        return erased.STEPS
