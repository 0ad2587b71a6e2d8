"""The schedule by which PostgreSQL's indexes are rebuilt, so that their pages do not keep words of deleted texts.

A rebuild takes minutes for millions of texts, concurrently with readers and writers. It runs once a night, and only
after rows were deleted or changed. The index's comment stores the time of the last rebuild and the count of such rows.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connections

from messaging.search import indexing

NIGHT = range(1, 5)  # hours in TIME_ZONE
OFTEN, AT_LAST = timedelta(hours=20), timedelta(hours=48)  # minimum interval at night; interval at any hour
NOTE = re.compile(r"words: ([0-9]+) at (.+)")
_LOCK = "messaging.search.forgetting"


def purge_when_due(now: datetime, using: str = "default") -> bool:
    """Rebuild PostgreSQL's indexes if it is time, and return whether they were. SQLite needs ``index_texts`` instead.

    An advisory lock lets only one of several workers do it.
    """
    connection = connections[using]
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [_LOCK])
        if cursor.fetchone() != (True,):
            return False
        try:
            number = _changed(cursor)
            noted, at = _noted(cursor)
            if at is None:  # built by a migration: start counting now
                _note(cursor, number, now)
            elif number != noted and _is_time(now, since=now - at):
                for _ in indexing.purge_deleted_words(using):
                    pass
                _note(cursor, number, now)
                return True
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [_LOCK])
    return False


def _is_time(now: datetime, *, since: timedelta) -> bool:
    is_night = now.astimezone(ZoneInfo(settings.TIME_ZONE)).hour in NIGHT
    return since >= (OFTEN if is_night else AT_LAST)


def _changed(cursor: Any) -> int:
    """Return how many rows with texts were deleted or changed since the database's statistics were reset."""
    names = [tables.texts for tables in indexing.TEXTS]
    cursor.execute(
        "SELECT COALESCE(SUM(n_tup_del + n_tup_upd), 0)::bigint FROM pg_stat_user_tables"
        " WHERE relid = ANY (SELECT to_regclass(unnest(%s::text[])))",
        [names],
    )
    return int(cursor.fetchone()[0])


def _noted(cursor: Any) -> tuple[int, datetime | None]:
    cursor.execute("SELECT obj_description(to_regclass(%s), 'pg_class')", [indexing.index_name(indexing.TEXTS[0])])
    note = NOTE.fullmatch(cursor.fetchone()[0] or "")
    return (int(note[1]), datetime.fromisoformat(note[2])) if note else (0, None)


def _note(cursor: Any, number: int, now: datetime) -> None:
    name = indexing.index_name(indexing.TEXTS[0])
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
    if cursor.fetchone() == (True,):
        cursor.execute(f"COMMENT ON INDEX {name} IS 'words: {number} at {now.isoformat()}'")
