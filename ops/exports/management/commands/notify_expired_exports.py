"""``manage.py notify_expired_exports``: notify requesters whose files expired. The worker runs it every 5 minutes."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ops.exports.notices import notices


class Command(BaseCommand):
    help = "Notify the requester of each export whose file has expired, once. Safe to repeat."

    def handle(self, **options: Any) -> None:
        notices.notify_expired(timezone.now())
