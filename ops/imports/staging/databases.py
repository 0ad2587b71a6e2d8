"""The staging for each database."""

from __future__ import annotations

from django.db import connections

from ops.imports.staging.base import Staging
from ops.imports.staging.postgresql import PostgreSQLStaging
from ops.imports.staging.sqlite import SQLiteStaging


def staging_on(using: str) -> Staging:
    """The staging that fits the database."""
    kinds = {"sqlite": SQLiteStaging, "postgresql": PostgreSQLStaging}
    return kinds[connections[using].vendor](using)
