"""Temporary tables in which an import is checked as a whole; what differs between the databases is in here.

Temporary tables are this connection's own, so filling and checking them keeps nobody waiting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DatabaseError, connections, models, transaction

from messaging.models import Conversation, Message, Notification
from ops.transfers.rows import StagedRow

FETCHED = 2_000  # rows taken from the database at a time
# Rows handed to SQLite at a time, and the characters after which fewer will do.
BATCH_ROWS, BATCH_CHARACTERS = 2_000, 4_000_000

# ``content`` is NULL in faulty rows. ``sent_at`` is in UTC.
ROWS = "import_rows"
# Rows that answer another row of the file, with the row that their conversation begins with.
REPLIES = "import_replies"
# Rows that answer a stored message.
JOINS = "import_joins"
# Usernames to create.
PEOPLE = "import_people"


class Staging:
    """The temporary tables of one import on one connection; leave it (``with``) and they are gone.

    One at a time per connection.
    """

    moment_type = "text"
    # ``sent_at`` of import_rows (called ``rows`` in a query) in the type that the messages' column has.
    sent_at = "rows.sent_at"

    def __init__(self, using: str) -> None:
        self.using = using
        self.connection: Any = connections[using]
        quote = self.connection.ops.quote_name
        self.names = {
            "messages": quote(Message._meta.db_table),
            "conversations": quote(Conversation._meta.db_table),
            "notifications": quote(Notification._meta.db_table),
            "users": quote(get_user_model()._meta.db_table),
            "sent_at": self.sent_at,
        }

    def __enter__(self) -> Staging:
        self._drop()
        self.execute(
            f"CREATE TEMPORARY TABLE {ROWS} (number integer PRIMARY KEY, external_id text, parent_external_id text, "
            f"sender text, receiver text, sent_at {self.moment_type}, content text)"
        )
        self.execute(f"CREATE TEMPORARY TABLE {REPLIES} (number integer PRIMARY KEY, parent integer, root integer)")
        self.execute(
            f"CREATE TEMPORARY TABLE {JOINS} (number integer PRIMARY KEY, parent_id bigint, conversation_id bigint)"
        )
        self.execute(f"CREATE TEMPORARY TABLE {PEOPLE} (username text PRIMARY KEY)")
        return self

    def __exit__(self, *_: object) -> None:
        # After an error the connection may be unusable; then the tables go with it.
        with suppress(DatabaseError):
            self._drop()

    def fill(self, rows: Iterable[StagedRow]) -> None:
        """Take all rows of the file, then index their external ids."""
        self._fill(ROWS, 7, rows)
        self.execute(f"CREATE INDEX import_rows_external_id ON {ROWS} (external_id)")
        self._plan(ROWS)

    def fill_replies(self, replies: Iterable[tuple[int, int, int]]) -> None:
        """Take (row, the row it answers, the row its conversation begins with)."""
        self._fill(REPLIES, 3, replies)
        self._plan(REPLIES)

    def execute(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Run one statement; ``{messages}`` and the other names are filled in. Returns the number of rows touched."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql.format(**self.names), params)
            return cursor.rowcount

    def value(self, sql: str, params: Sequence[Any] = ()) -> Any:
        """The one value that a query gives."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql.format(**self.names), params)
            return cursor.fetchone()[0]

    def stream(self, sql: str, params: Sequence[Any] = ()) -> Iterator[tuple]:
        """The rows of a query, a few at a time, so that a million take no more memory than a thousand."""
        with closing(self.connection.chunked_cursor()) as cursor:
            cursor.execute(sql.format(**self.names), params)
            while found := cursor.fetchmany(FETCHED):
                yield from found

    def reserve_ids(self, model: type[models.Model], number: int) -> int:
        """Set ``number`` ids in a row aside for new rows of ``model``; returns the one before the first of them.

        Nobody else gets them, even where the import is given up.
        """
        raise NotImplementedError

    def writing(self) -> AbstractContextManager[None]:
        """Around the final transaction."""
        return nullcontext()

    def _fill(self, table: str, columns: int, rows: Iterable[tuple]) -> None:
        raise NotImplementedError

    def _plan(self, table: str) -> None:
        """Let the database know how large a temporary table has become, where it does not find out by itself."""

    def _drop(self) -> None:
        for table in (ROWS, REPLIES, JOINS, PEOPLE):
            self.execute(f"DROP TABLE IF EXISTS {self._temporary(table)}")

    def _temporary(self, table: str) -> str:
        raise NotImplementedError


class SQLiteStaging(Staging):
    """Temporary tables live in a file of their own: no lock on the database is taken while they are filled."""

    page_cache = -24_000  # KiB, which take about twice as much: more would be faster at a million rows, and larger

    def reserve_ids(self, model: type[models.Model], number: int) -> int:
        table = model._meta.db_table
        with transaction.atomic(using=self.using):
            known = "SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = %s"
            last = self.value(known, [table])
            if not self.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s", [number, table]):
                self.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, number])
        return last

    @contextmanager
    def writing(self) -> Iterator[None]:
        usual = self.value("PRAGMA main.cache_size")
        self.execute(f"PRAGMA main.cache_size = {self.page_cache}")
        try:
            yield
        finally:
            self.execute(f"PRAGMA main.cache_size = {usual}")

    def _fill(self, table: str, columns: int, rows: Iterable[tuple]) -> None:
        sql = f"INSERT INTO {table} VALUES ({', '.join(['%s'] * columns)})"
        with self._one_transaction(), self.connection.cursor() as cursor:
            for batch in _batches(rows):
                cursor.executemany(sql, batch)

    @contextmanager
    def _one_transaction(self) -> Iterator[None]:
        """Without one every row would be a transaction. Django's own would lock the database at its beginning."""
        if self.connection.in_atomic_block:
            yield
            return
        self.execute("BEGIN DEFERRED")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            # Where the disk is full SQLite has taken everything back by itself.
            with suppress(DatabaseError):
                self.execute("ROLLBACK")
            raise

    def _temporary(self, table: str) -> str:
        return f"temp.{table}"


class PostgreSQLStaging(Staging):
    """Temporary tables are filled by COPY."""

    moment_type = "timestamp"
    sent_at = "(rows.sent_at AT TIME ZONE 'UTC')"

    def reserve_ids(self, model: type[models.Model], number: int) -> int:
        table = self.connection.ops.quote_name(model._meta.db_table)
        sequence = "pg_get_serial_sequence(%s, 'id')"
        with transaction.atomic(using=self.using):
            # Between taking the next value and setting the last one nobody else may take one.
            self.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
            after = self.value(f"SELECT setval({sequence}, nextval({sequence}) + %s)", [table, table, number])
        return after - number - 1

    def _fill(self, table: str, columns: int, rows: Iterable[tuple]) -> None:
        with self.connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def _plan(self, table: str) -> None:
        self.execute(f"ANALYZE {table}")

    def _temporary(self, table: str) -> str:
        return f"pg_temp.{table}"


def staging_on(using: str) -> Staging:
    """The staging that fits the database."""
    kinds = {"sqlite": SQLiteStaging, "postgresql": PostgreSQLStaging}
    return kinds[connections[using].vendor](using)


def _batches(rows: Iterable[tuple]) -> Iterator[list[tuple]]:
    """Rows in lists that are short, and shorter where the texts (the last value) are long."""
    batch: list[tuple] = []
    characters = 0
    for row in rows:
        batch.append(row)
        if isinstance(row[-1], str):
            characters += len(row[-1])
        if len(batch) >= BATCH_ROWS or characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
