"""``manage.py import_flags FILE``: import reports of stored messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from ops.accounts.commands import acting_staff, add_by
from ops.console.numbers import counted
from ops.moderation.refusals import FlagRefused
from ops.moderation.report_imports import storing
from ops.moderation.report_imports.checking import Checked, check_file

SHOWN = 50  # problems, without --verbosity 2


class Command(BaseCommand):
    help = (
        "Import reports of stored messages: CSV, JSON or a workbook with the columns external_id, message (an external "
        "ID) and label (a slug), and optionally reporter, note, created_at, revision, outcome and settled_at. All or "
        "nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--check-only", action="store_true", help="report problems and store nothing")
        add_by(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        by = acting_staff(options, "moderation.import_flags")
        path = options["file"]
        try:
            found = check_file(path, now=timezone.now(), using=DEFAULT_DB_ALIAS)
        except FileNotFoundError as error:
            raise CommandError(f"There is no file {path}: check the name.") from error
        except OSError as error:
            raise CommandError(f"Cannot read {path}: {error.strerror}.") from error
        self._print_problems(found, most=None if options["verbosity"] > 1 else SHOWN)
        if found.errors:
            raise CommandError(
                f"Nothing was imported: {counted(found.errors, 'problem')}. Correct the file and import it again."
            )
        if options["check_only"]:
            new = counted(len(found.ready), "new report")
            self.stdout.write(f"{new}, {found.known:,} already stored. Nothing was imported.")
            return
        try:
            import_ = storing.store(found.ready, by=by, known=found.known)
        except FlagRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        counts = import_.counts
        self.stdout.write(
            f"Imported {counted(counts['flags'], 'report')}; {counted(counts['cases'], 'new case')}; "
            f"{counts['known']:,} already stored. Batch {import_.pk}: manage.py undo_flags {import_.pk} undoes it."
        )

    def _print_problems(self, found: Checked, *, most: int | None) -> None:
        for problem in found.problems[:most]:
            style = self.style.ERROR if problem.level == "error" else self.style.WARNING
            self.stderr.write(str(problem), style)
        if most is not None and len(found.problems) > most:
            self.stderr.write(f"… and {len(found.problems) - most:,} more, shown with --verbosity 2.")
