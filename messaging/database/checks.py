"""Whether a database has all migrations that this version no longer holds; each ``migrate`` asks before it begins."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

HINT = (
    "A version before this one made it: migrate with the last version that still has them (docs/updating.md), "
    "or make the database anew."
)


@register(Tags.database)
def replaced_migrations_are_applied(databases: Collection[str] | None = None, **_: Any) -> list[CheckMessage]:
    """An error for each migration that replaces others of which a database has some, or whose name it only shares with
    an older one. Django would leave out the whole app without a word."""
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    found: list[CheckMessage] = []
    for using in databases or ():
        applied = set(MigrationRecorder(connections[using]).applied_migrations())
        for key, migration in sorted(loader.disk_migrations.items()):
            gone = set(migration.replaces) - set(loader.disk_migrations)
            has = gone & applied
            if has == gone or not (has or key in applied):
                continue
            words = f"The database {using} has {len(has)} of {len(gone)} migrations that {'.'.join(key)} replaces."
            found.append(Error(words, hint=HINT, id="messaging.E102"))
    return found
