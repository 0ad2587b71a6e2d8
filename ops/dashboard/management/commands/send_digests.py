"""``manage.py send_digests``: send the weekly digests that are due; the worker does so every hour."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ops.console.numbers import counted
from ops.dashboard.digest import sending


class Command(BaseCommand):
    help = "Send the digest of the last week to subscribers who have not received it yet."

    def handle(self, **options: Any) -> None:
        sent = sending.send_due()
        if sent or options["verbosity"]:
            self.stdout.write(f"Sent {counted(sent, 'digest')}.")
