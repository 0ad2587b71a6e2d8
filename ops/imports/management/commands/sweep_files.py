"""``manage.py sweep_files``: delete the uploads and exports that are a day old; settle imports that are stuck."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ops.imports import steps, uploads


class Command(BaseCommand):
    help = (
        "Delete uploads that nobody imported and exports, once they are a day old, and settle imports that wait for a "
        "job which ended. Harmless to repeat."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        removed = uploads.sweep()
        if removed and options["verbosity"]:
            files = "1 file that was" if removed == 1 else f"{removed:,} files that were"
            self.stdout.write(f"Deleted {files} a day old.")
        settled = steps.release_stuck()
        if settled and options["verbosity"]:
            self.stdout.write(f"Taken back soon: {settled:,} that waited for a job which had ended.")
