"""``manage.py undo_import BATCH``: undo an import, as the screens do."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ops.imports import steps
from ops.imports.models import Import
from ops.jobs import starting
from ops.jobs.models import Job
from ops.jobs.run import JobFailed

WHY = {"held": "exchanged with somebody on hold", "edited": "edited since", "answered": "answered since"}


class Command(BaseCommand):
    help = (
        "Undo an import: remove the messages it added and restore the texts it changed. Messages that were edited or "
        "answered since, or exchanged with somebody on hold, are kept and listed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("batch", metavar="BATCH", type=UUID, help="the id that import_messages printed")

    def handle(self, *args: Any, **options: Any) -> None:
        import_ = Import.objects.filter(pk=options["batch"]).first()
        if import_ is None:
            raise CommandError(f"There is no import {options['batch']}: check the batch.")
        try:
            job = starting.run_now(steps.undo(import_, by=None, kick=False))
        except steps.NotNow as error:
            raise CommandError("This import cannot be undone: it is not stored, or it was undone already.") from error
        except KeyboardInterrupt as error:
            raise CommandError("Stopped: run this again to undo the rest.") from error
        except JobFailed as error:
            raise CommandError(f"{error} A worker continues once the database can be written to.") from error
        if job.state != Job.State.FINISHED:
            raise CommandError(f"The import was not undone completely. {job.error} Run this again.")
        import_.refresh_from_db()
        self._print(import_.outcome)

    def _print(self, outcome: dict[str, Any]) -> None:
        undone = outcome["undo"]
        self.stdout.write(
            f"Removed {undone['messages']:,} messages, {undone['conversations']:,} conversations and "
            f"{undone['users']:,} accounts; restored {undone['restored']:,} texts; kept {undone['kept']:,} messages."
        )
        for message_id, why in outcome["kept"]:
            self.stdout.write(f"  message {message_id}: {WHY[why]}")
