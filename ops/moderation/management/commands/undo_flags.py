"""``manage.py undo_flags BATCH``: undo an import of reports."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ops.accounts.commands import acting_staff, add_by
from ops.console.numbers import counted
from ops.moderation.refusals import FlagRefused
from ops.moderation.report_imports import storing


class Command(BaseCommand):
    help = "Undo an import of reports: remove reports that nobody has decided since, and cases without any others."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("batch", metavar="BATCH", type=UUID, help="the id that import_flags printed")
        add_by(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        by = acting_staff(options, "moderation.import_flags")
        try:
            counts = storing.undo(options["batch"], by=by)
        except FlagRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"Removed {counted(counts['flags'], 'report')} and {counted(counts['cases'], 'case')}; kept "
            f"{counted(counts['kept'], 'report')} decided since."
        )
