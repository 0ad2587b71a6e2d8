"""``manage.py sweep_files``: delete old uploads and exports; roll back imports that are stuck."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ops.imports import steps, uploads


class Command(BaseCommand):
    help = (
        "Delete exports, and uploads that were not imported, once they are a day old. Roll back imports that wait for "
        "a job that has ended. Safe to repeat."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        removed = uploads.sweep()
        if removed and options["verbosity"]:
            files = "1 file that was" if removed == 1 else f"{removed:,} files that were"
            self.stdout.write(f"Deleted {files} a day old.")
        released = steps.release_stuck()
        if released and options["verbosity"]:
            self.stdout.write(f"Rolling back imports that waited for a job that has ended: {released:,}.")
