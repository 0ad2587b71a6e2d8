"""``manage.py keep_figures``: count what changed since the last round, for the figures of dashboards."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ops.dashboard.rollups import rounds


class Command(BaseCommand):
    help = "Count recent changes for the figures. The worker runs this every minute; repeating it is harmless."

    def handle(self, *args: Any, **options: Any) -> None:
        if not rounds.keep(seconds=rounds.EVERY * rounds.SHARE):
            self.stdout.write("There were too many changes for one round: the next rounds count the rest.")
