"""``manage.py count_new_hits``: count the new messages of each saved search since its user last looked."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ops.console.numbers import counted
from ops.searching.saved.looks import count_new


class Command(BaseCommand):
    help = "Count what is new in saved searches. The worker does it every five minutes; doing it twice is harmless."

    def handle(self, *args: Any, **options: Any) -> None:
        changed = count_new(timezone.now())
        if changed:
            self.stdout.write(f"Counted {counted(changed, 'saved search')} anew.")
