"""``manage.py settle_cases``: settle reports of erased messages; remove previews and report files that nobody
confirmed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ops.console.numbers import counted
from ops.moderation import settling
from ops.moderation.groups.preparing import remove_old_previews
from ops.moderation.report_imports import uploading


class Command(BaseCommand):
    help = "Settle reports whose messages were erased. The worker runs this every minute; repeating it is harmless."

    def handle(self, *args: Any, **options: Any) -> None:
        remove_old_previews()
        uploading.sweep()
        settled = settling.settle_erased()
        if settled:
            self.stdout.write(f"Settled {counted(settled, 'report')} of erased messages.")
