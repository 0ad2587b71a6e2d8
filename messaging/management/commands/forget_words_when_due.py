"""``manage.py forget_words_when_due``: forget_words once a night, if texts were deleted or changed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from messaging.search.forgetting import purge_when_due


class Command(BaseCommand):
    help = (
        "Run forget_words on PostgreSQL once a night, if texts were deleted or changed. "
        "The worker runs this every ten minutes; repeating it is harmless. SQLite needs index_texts instead."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if purge_when_due(timezone.now()) and options["verbosity"]:
            self.stdout.write("Rebuilt the search indexes.")
