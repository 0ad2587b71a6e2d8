"""``manage.py send_notices``: e-mail unread notices to those who chose that; the worker runs it every minute."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ops.console.numbers import counted
from ops.notices.mailing import sending


class Command(BaseCommand):
    help = "E-mail unread notices to the people who chose that: each notice once, one e-mail per person."

    def handle(self, **options: Any) -> None:
        sent = sending.send_due(timezone.now())
        if sent or options["verbosity"]:
            self.stdout.write(f"Sent {counted(sent, 'e-mail')}.")
