"""Loading generated conversations into the database of this process, in sets.

``python -m bench.load MESSAGES`` fills a migrated, empty database; ``bench.databases`` calls it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import django
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management.color import no_style
from django.db import connection
from django.utils.module_loading import import_string

from bench import generate
from messaging.search import indexing
from ops.accounts.names.look_alikes import digests
from ops.accounts.names.sorting import sort_key

CHUNK = 10_000  # rows in one statement
REVIEWER = "reviewer"  # the user who opens the measured pages
# By name, because it can be imported only after Django is set up.
KEEP_FIGURES = "ops.dashboard.rollups.rounds.keep"


def chunks(rows: Iterable[tuple]) -> Iterator[list[tuple]]:
    """Yield the rows in lists of at most CHUNK."""
    left = iter(rows)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def ready(rows: Iterable[tuple]) -> list[tuple]:
    """Return the rows with values that the database's driver accepts."""
    adapt = connection.ops.adapt_datetimefield_value
    return [tuple(adapt(value) if isinstance(value, datetime) else value for value in row) for row in rows]


def insert(model: Any, fields: Sequence[str], rows: Sequence[tuple]) -> None:
    """Insert rows of ``fields``, prepared by ``ready``, with the database's fastest method."""
    quote = connection.ops.quote_name
    columns = ", ".join(quote(model._meta.get_field(field).column) for field in fields)
    table = quote(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            places = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)


def load(forest: generate.Forest) -> None:
    """Store a forest and the superuser REVIEWER in a migrated database that has no users or messages."""
    load_people(forest)
    load_conversations(forest)
    for name, row_type, rows in (
        ("Message", generate.GeneratedMessage, forest.messages()),
        ("MessageHistory", generate.GeneratedHistory, forest.histories()),
    ):
        for chunk in chunks(rows):
            insert(apps.get_model("messaging", name), row_type._fields, ready(chunk))
    continue_ids()
    get_user_model().objects.create_superuser(REVIEWER)


def load_people(forest: generate.Forest) -> None:
    """Store the forest's people as active users without a password."""
    fields = ("id", "username", "password", "email", "is_staff", "is_superuser", "is_active", "date_joined")
    from_name = ("skeleton", "skeleton_as_written", "name_key")
    common = ("!", "", False, False, True, generate.START)
    rows = ((*person, *common, *digests(person.username), sort_key(person.username)) for person in forest.people())
    for chunk in chunks(rows):
        insert(get_user_model(), (*fields, *from_name), ready(chunk))


def load_conversations(forest: generate.Forest) -> None:
    """Store the conversations with their counts."""
    for chunk in chunks(forest.conversations()):
        insert(apps.get_model("messaging", "Conversation"), generate.GeneratedConversation._fields, ready(chunk))


def continue_ids() -> None:
    """Reset the sequences, so that the next ids follow those of the generated rows."""
    models = [get_user_model(), *apps.get_app_config("messaging").get_models()]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def main(messages: int) -> None:
    """Fill the database of this process, then do what the worker and PostgreSQL's housekeeping would do."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            # Safe without syncing: the file is renamed only when it is complete, so a crash loses nothing.
            cursor.execute("PRAGMA synchronous=OFF")
            cursor.execute("PRAGMA cache_size=-1000000")
    load(generate.Forest(messages))
    tidy()
    # The worker would do this within minutes.
    for _ in indexing.catch_up():
        pass
    import_string(KEEP_FIGURES)()
    tidy()
    connection.close()


def tidy() -> None:
    """Do what PostgreSQL's autovacuum would do within minutes. Not on SQLite, where nobody runs ANALYZE."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]))
