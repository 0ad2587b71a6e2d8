"""``manage.py load_labels``: add the starting set of labels and canned reasons; harmless to repeat."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ops.audit.recording import NotRecorded
from ops.console.numbers import counted
from ops.moderation.labels import starting
from ops.moderation.models import Label


class Command(BaseCommand):
    help = (
        "Add the labels and canned reasons of the starting set that are missing, and print what was added. Existing "
        "ones stay as they are, even if they were changed or switched off."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--if-none", action="store_true", help="only if there is no label at all, because a team has its own policy"
        )

    def handle(self, *, if_none: bool, **options: Any) -> None:
        if if_none and Label.objects.exists():
            return
        try:
            labels, reasons = starting.load()
        except NotRecorded as error:
            raise CommandError(str(error)) from error
        if labels or reasons:
            added = f"{counted(labels, 'label')} and {counted(reasons, 'canned reason')}"
            self.stdout.write(f"Added {added} of the starting set.")
