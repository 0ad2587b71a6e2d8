"""``manage.py prune_notices``: delete notices older than 90 days; the worker runs it every hour."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ops.console.numbers import counted
from ops.notices import pruning


class Command(BaseCommand):
    help = "Delete notices that are older than 90 days, read or not."

    def handle(self, **options: Any) -> None:
        removed = pruning.prune(timezone.now())
        if removed or options["verbosity"]:
            self.stdout.write(f"Deleted {counted(removed, 'notice')}.")
