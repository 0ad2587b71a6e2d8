"""The staging class of each database."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connections

from ops.imports.staging.base import TABLES, Staging
from ops.imports.staging.postgresql import PostgreSQLStaging
from ops.imports.staging.sqlite import SQLiteStaging


def staging_on(using: str, tables: Collection[str] = TABLES) -> Staging:
    """Return the staging for this database."""
    kinds = {"sqlite": SQLiteStaging, "postgresql": PostgreSQLStaging}
    return kinds[connections[using].vendor](using, tables)
