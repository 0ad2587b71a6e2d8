"""``manage.py keep_figures``: count what changed since the last round, for the figures of dashboards."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ops.dashboard.rollups import keeping


class Command(BaseCommand):
    help = "Count what changed for the figures. The worker does it every minute; doing it twice is harmless."

    def handle(self, *args: Any, **options: Any) -> None:
        if not keeping.keep(seconds=keeping.EVERY * keeping.SHARE):
            self.stdout.write("More changed than is counted in one round: the rest is counted in the next ones.")
