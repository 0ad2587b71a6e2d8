"""Settle reports of messages that are gone."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ops.moderation import settling


class Command(BaseCommand):
    help = "Settle reports whose messages were erased. The worker does it every minute; doing it twice is harmless."

    def handle(self, *args: Any, **options: Any) -> None:
        settled = settling.settle_erased()
        if settled:
            self.stdout.write(f"Settled {settled:,} report{'' if settled == 1 else 's'} of erased messages.")
