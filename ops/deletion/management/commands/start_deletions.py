"""``manage.py start_deletions``: start the deletions that are due. The worker runs it every minute."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ops.console.numbers import counted
from ops.deletion.erasing import running


class Command(BaseCommand):
    help = "Start the deletions whose grace period is over, whose hold was lifted, or whose job failed a while ago."

    def handle(self, **options: Any) -> None:
        started = running.start_due(timezone.now())
        if started:
            self.stdout.write(f"Started {counted(started, 'deletion')}.")
