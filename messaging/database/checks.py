"""The check that a database has all migrations that later ones replaced; ``migrate`` runs it before it starts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

HINT = (
    "Nothing was changed. “Databases of older versions” in docs/updating.md says how to bring it up to date. "
    "If you need nothing of what is in it, make a new one."
)


@register(Tags.database)
def replaced_migrations_are_applied(databases: Collection[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Report each database that has only some of the replaced migrations. Django would silently skip these apps."""
    found: list[CheckMessage] = []
    for using in databases or ():
        if some := half_applied(using):
            apps = ", ".join(f"{app} {has} of {total}" for app, (has, total) in some.items())
            words = f"The database {using} was made by an older version, which did not migrate it completely ({apps})."
            found.append(Error(words, hint=HINT, id="messaging.E102"))
    return found


def half_applied(using: str) -> dict[str, tuple[int, int]]:
    """Return, for each app with only part of its replaced migrations applied, how many a database has, and of how many.

    If a replacing migration is recorded without the ones it replaces, an older version had one with the same name.
    """
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    applied = set(MigrationRecorder(connections[using]).applied_migrations())
    some = {}
    for key, migration in sorted(loader.disk_migrations.items()):
        gone = set(migration.replaces) - set(loader.disk_migrations)
        has = gone & applied
        if has != gone and (has or key in applied):
            some[key[0]] = len(has), len(gone)
    return some
