"""``manage.py count_new_hits``: count the new messages of each saved search since its user last looked."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ops.console.numbers import counted
from ops.searching.saved.looks import count_new


class Command(BaseCommand):
    help = "Count new hits of saved searches. The worker runs this every five minutes; repeating it is harmless."

    def handle(self, *args: Any, **options: Any) -> None:
        changed = count_new(timezone.now())
        if changed:
            self.stdout.write(f"Updated the counts of {counted(changed, 'saved search')}.")
