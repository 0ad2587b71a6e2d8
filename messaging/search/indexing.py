"""Building and maintaining the search index of texts, and reporting its state."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, NamedTuple

from django.db import connections, transaction

from messaging.search import postgresql
from messaging.search.normalising import READ
from messaging.search.sqlite import MOST_NOTED, Tables

TEXTS = (Tables("messaging_message", "content"), Tables("messaging_messagehistory", "old_content"))
# SQLite indexes so much in one transaction, in about half a second; nobody else can write meanwhile.
BATCH_SIZE, BATCH_CHARACTERS = 5_000, 2_000_000  # rows; characters, unless a single row has more
MERGED_PAGES = 500  # pages that SQLite writes in one transaction while it merges its index
MOST_COUNTED = 100_000  # unindexed rows


def index_name(tables: Tables) -> str:
    """Return the name of the index on PostgreSQL."""
    return f"{tables.texts}_search"


def install(using: str) -> None:
    """Create the missing tables, triggers, functions and indexes of a search. ``catch_up`` then fills SQLite's index.

    PostgreSQL builds its indexes concurrently with writers, outside any transaction; the remains of interrupted builds
    are dropped.
    """
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _install_on_postgresql(connection, cursor)
            return
        for tables in TEXTS:
            with transaction.atomic(using=using):
                is_new = tables.noted not in connection.introspection.table_names(cursor)
                for statement in (*tables.creation, *tables.triggers.values()):
                    cursor.execute(statement)
                if is_new:
                    cursor.execute(f"INSERT INTO {tables.noted} (id) SELECT id FROM {tables.texts}")


def remove(using: str) -> None:
    """Drop everything that ``install`` creates."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for tables in TEXTS:
            if connection.vendor == "postgresql":
                cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index_name(tables)}")
                continue
            with transaction.atomic(using=using):
                for name in tables.triggers:
                    cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
                for name in (tables.words, tables.noted, tables.erased):
                    cursor.execute(f"DROP TABLE IF EXISTS {name}")
        if connection.vendor == "postgresql":
            for name in (postgresql.INDEXED, postgresql.WORDS):
                cursor.execute(f"DROP FUNCTION IF EXISTS {name}(text)")


def after_migrating(using: str, **_: Any) -> None:
    """Recreate missing triggers on ``post_migrate``: SQLite copies a table to alter it, and the copy has no triggers.

    Changes made without triggers were not noted, so all texts are compared with the index, which takes about as long
    as the copy did.
    """
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        known = connection.introspection.table_names(cursor)
        for tables in TEXTS:
            if tables.noted in known and not _is_built(cursor, tables):
                with transaction.atomic(using=using):
                    for statement in tables.triggers.values():
                        cursor.execute(statement)
                    _note_differences(cursor, tables)


def _note_differences(cursor: Any, tables: Tables) -> None:
    """Note the rows whose words differ from those in the index, and the indexed rows that no longer exist."""
    cursor.execute(
        f"INSERT OR IGNORE INTO {tables.noted} (id) SELECT {tables.texts}.id FROM {tables.texts}"
        f" LEFT JOIN {tables.words} ON {tables.words}.rowid = {tables.texts}.id"
        f" WHERE {tables.words}.words IS NOT messaging_search_words({tables.column})"
    )
    cursor.execute(
        f"INSERT OR IGNORE INTO {tables.noted} (id) SELECT rowid FROM {tables.words}"
        f" WHERE rowid NOT IN (SELECT id FROM {tables.texts})"
    )


def catch_up(using: str = "default") -> Iterator[int]:
    """Index the rows that SQLite's triggers noted, and yield the number of rows of each transaction.

    Does nothing on other databases.
    """
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    for tables in TEXTS:
        while taken := _take(tables, using):
            yield taken


def _take(tables: Tables, using: str) -> int:
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        # The newest first, because a search reads the newest unindexed texts itself.
        cursor.execute(
            f"SELECT id, COALESCE(LENGTH({tables.column}), 0) FROM {tables.noted} LEFT JOIN {tables.texts} USING (id)"
            " ORDER BY id DESC LIMIT %s",
            [BATCH_SIZE],
        )
        rows = cursor.fetchall()
        sums = list(accumulate(length for _, length in rows))
        ids = [pk for pk, _ in rows[: max(1, bisect_right(sums, BATCH_CHARACTERS))]]
        if ids:
            batch = f"(SELECT id FROM {tables.noted} WHERE id >= %s)"
            cursor.execute(f"DELETE FROM {tables.words} WHERE rowid IN {batch}", [ids[-1]])
            if cursor.rowcount:
                cursor.execute(f"INSERT OR IGNORE INTO {tables.erased} (id) VALUES ({_DUE})")
            cursor.execute(
                f"INSERT INTO {tables.words} (rowid, words)"
                f" SELECT id, messaging_search_words(SUBSTR({tables.column}, 1, {READ}))"
                f" FROM {tables.texts} WHERE id IN {batch} ORDER BY id",
                [ids[-1]],
            )
            cursor.execute(f"DELETE FROM {tables.noted} WHERE id >= %s", [ids[-1]])
    return len(ids)


def purge_deleted_words(using: str = "default") -> Iterator[None]:
    """Remove deleted words from the pages of the indexes too, in steps that do not block others for long.

    SQLite (FTS5) only marks words as deleted until it merges; there is no step if nothing was deleted. PostgreSQL never
    removes words without a text, so each index is rebuilt, concurrently with readers and writers.
    """
    connection = connections[using]
    for tables in TEXTS:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                _drop_broken(cursor, tables)
                cursor.execute(f"REINDEX INDEX CONCURRENTLY {index_name(tables)}")
            yield
            continue
        while _merge(tables, using):
            yield


# The ids in the table ``erased``: words were deleted and wait for a merge; a merge is in progress.
_DUE, _MERGING = 1, 2


def _merge(tables: Tables, using: str) -> bool:
    """Run one step of the merge to a single segment, which has no deletion marks; return whether there was one to run.

    Continue a merge in progress; words deleted meanwhile need another one.
    """
    connection = connections[using]
    merge = f"INSERT INTO {tables.words} ({tables.words}, rank) VALUES ('merge', %s)"
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute(f"SELECT MAX(id) FROM {tables.erased}")
        (state,) = cursor.fetchone()
        if state is None:
            return False
        if state == _DUE:
            cursor.execute(f"UPDATE {tables.erased} SET id = {_MERGING}")
        before = connection.connection.total_changes
        # A negative number starts a merge of all segments.
        cursor.execute(merge, [MERGED_PAGES if state == _MERGING else -MERGED_PAGES])
        # The sign that a merge is complete, by the documentation of FTS5.
        if connection.connection.total_changes - before < 2:
            cursor.execute(f"DELETE FROM {tables.erased} WHERE id = {_MERGING}")
    return True


class State(NamedTuple):
    """The state of the index of one table of texts."""

    texts: str  # their name in sentences
    is_built: bool
    waiting: int  # texts that are not indexed yet, up to MOST_COUNTED + 1
    looked_at: int  # how many of these a search reads itself

    @property
    def is_complete(self) -> bool:
        """Whether a search finds every text, and fast."""
        return self.is_built and self.waiting <= self.looked_at

    @property
    def sentence(self) -> str:
        if not self.is_built:
            return f"The index of {self.texts} is missing or half built: run manage.py rebuild_search."
        if self.waiting == 0:
            return f"The index of {self.texts} is complete."
        number = f"more than {MOST_COUNTED:,}" if self.waiting > MOST_COUNTED else f"{self.waiting:,}"
        if self.is_complete:
            return f"The index of {self.texts} is complete but for {number}, which searches read themselves."
        return f"The index of {self.texts} is being built: {number} are not in it yet."


def states(using: str = "default") -> list[State]:
    """Return the states of the indexes, within milliseconds."""
    connection = connections[using]
    found = []
    with connection.cursor() as cursor:
        for tables, texts in zip(TEXTS, ("messages", "earlier texts"), strict=True):
            if connection.vendor == "postgresql":
                cursor.execute(
                    "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [index_name(tables)]
                )
                found.append(State(texts, cursor.fetchone() == (True,), 0, 0))
                continue
            if not _is_built(cursor, tables):
                found.append(State(texts, False, 0, 0))
                continue
            cursor.execute(f"SELECT COUNT(*) FROM (SELECT 1 FROM {tables.noted} LIMIT {MOST_COUNTED + 1})")
            found.append(State(texts, True, cursor.fetchone()[0], MOST_NOTED))
    return found


def are_complete(number: int, using: str = "default") -> bool:
    """Return whether searches find every text of the first ``number`` of TEXTS: like ``states``, without counting."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for tables in TEXTS[:number]:
            if connection.vendor == "postgresql":
                cursor.execute(
                    "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [index_name(tables)]
                )
                if cursor.fetchone() != (True,):
                    return False
                continue
            if not _is_built(cursor, tables):
                return False
            cursor.execute(f"SELECT 1 FROM {tables.noted} LIMIT 1 OFFSET {MOST_NOTED}")
            if cursor.fetchone() is not None:
                return False
    return True


def _is_built(cursor: Any, tables: Tables) -> bool:
    """Return whether SQLite has all tables and triggers that searching needs."""
    names = [tables.words, tables.noted, *tables.triggers]
    cursor.execute(f"SELECT COUNT(*) FROM sqlite_master WHERE name IN ({', '.join(['%s'] * len(names))})", names)
    return bool(cursor.fetchone()[0] == len(names))


def _install_on_postgresql(connection: Any, cursor: Any) -> None:
    cursor.execute("SELECT quote_ident(current_schema())")
    cursor.execute(postgresql.functions(cursor, cursor.fetchone()[0]))
    for tables in TEXTS:
        name = index_name(tables)
        _drop_broken(cursor, tables)
        if _exists(cursor, name):
            continue
        cursor.execute(
            f"CREATE INDEX CONCURRENTLY {name} ON {tables.texts} USING gin ({postgresql.INDEXED}({tables.column}))"
        )
        # The planner's statistics of words: which are common, and how common.
        cursor.execute(f"ALTER INDEX {name} ALTER COLUMN 1 SET STATISTICS 1000")
        cursor.execute(f"ANALYZE {tables.texts}")


def _exists(cursor: Any, name: str) -> bool:
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
    return bool(cursor.fetchone()[0])


def _drop_broken(cursor: Any, tables: Tables) -> None:
    """Drop the invalid indexes that interrupted builds and rebuilds left."""
    cursor.execute(
        "SELECT quote_ident(relname) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
        " WHERE indrelid = to_regclass(%s) AND NOT indisvalid AND starts_with(relname, %s)",
        [tables.texts, index_name(tables)],
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f"DROP INDEX CONCURRENTLY {name}")
