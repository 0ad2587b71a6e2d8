"""``manage.py index_texts``: add new and changed texts to the search index."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from messaging.search import indexing

# In one run, which the worker does between other tasks: a usual batch or step takes some hundredths of a second.
MOST_BATCHES, MOST_STEPS = 20, 5
SECONDS = 2  # after which no other batch begins


class Command(BaseCommand):
    help = (
        "Add new and changed texts to the search index and remove deleted words from it, for about two seconds. Only "
        "SQLite needs it; the worker runs it repeatedly. Safe to repeat and to interrupt."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", default="default", help="which database (default)")

    def handle(self, *args: Any, database: str, **options: Any) -> None:
        taken = sum(_in_time(islice(indexing.catch_up(database), MOST_BATCHES)))
        if connections[database].vendor == "sqlite":
            for _ in islice(indexing.purge_deleted_words(database), MOST_STEPS):
                pass
        if taken and options["verbosity"]:
            self.stdout.write(f"Indexed: {taken:,}.")


def _in_time(numbers: Iterable[int]) -> Iterator[int]:
    """Yield numbers until SECONDS have passed."""
    until = time.monotonic() + SECONDS
    for number in numbers:
        yield number
        if time.monotonic() > until:
            return
