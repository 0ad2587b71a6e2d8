"""``manage.py rebuild_search``: rebuild the search index."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connections, transaction
from tqdm import tqdm

from messaging.models import Message, MessageHistory
from messaging.search import indexing


class Command(BaseCommand):
    help = (
        "Rebuild the search index while others read and write. On SQLite, searches find only the newest texts until it "
        "is done; if it is interrupted, the worker (index_texts) finishes it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", default="default", help="which database (default)")
        parser.add_argument("--state", action="store_true", help="only show the state of the index")

    def handle(self, *args: Any, database: str, state: bool, **options: Any) -> None:
        if not state:
            self._rebuild(database, quiet=not options["verbosity"])
        for one in indexing.states(database):
            self.stdout.write(one.sentence)

    def _rebuild(self, database: str, *, quiet: bool) -> None:
        if connections[database].vendor == "postgresql":
            # Build missing indexes, then rebuild all; each new index replaces the old one once it is ready.
            indexing.install(database)
            for _ in indexing.purge_deleted_words(database):
                pass
            return
        # In one transaction, so that no search and no writer finds the tables missing.
        with transaction.atomic(using=database):
            indexing.remove(database)
            indexing.install(database)
        total = sum(model._base_manager.using(database).count() for model in (Message, MessageHistory))
        with tqdm(total=total, unit=" texts", disable=quiet, file=self.stderr) as bar:
            for taken in indexing.catch_up(database):
                bar.update(taken)
