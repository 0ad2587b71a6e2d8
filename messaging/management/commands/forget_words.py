"""``manage.py forget_words``: remove deleted words from the files of the search index."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from messaging.search import indexing


class Command(BaseCommand):
    help = (
        "Remove the words of erased, removed and edited texts, which no search finds, from the files of the index too. "
        "SQLite merges its index; PostgreSQL rebuilds it while others read and write."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--database", default="default", help="which database (default)")

    def handle(self, *args: Any, database: str, **options: Any) -> None:
        for _ in indexing.catch_up(database):
            pass
        for _ in indexing.purge_deleted_words(database):
            pass
