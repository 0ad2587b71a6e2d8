"""``manage.py rebuild_figures``: recount everything that the figures of dashboards are read from."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DEFAULT_DB_ALIAS
from tqdm import tqdm

from ops.dashboard.models import Noted
from ops.dashboard.rollups import rounds


class Command(BaseCommand):
    help = (
        "Recount everything for the figures while others read and write. If it is interrupted, the worker "
        "(keep_figures) finishes it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", default=DEFAULT_DB_ALIAS, help="which database (default)")

    def handle(self, *args: Any, database: str, **options: Any) -> None:
        rounds.rebuild(using=database)
        total = Noted.objects.using(database).values("family", "at").distinct().count()
        quiet = not options["verbosity"]
        with tqdm(total=total, unit=" quarters of an hour", disable=quiet, file=self.stderr) as bar:
            rounds.keep(using=database, advance=bar.update)
        self.stdout.write("Recounted the figures.")
