"""Temporary tables in which an import is checked as a whole; the other modules hold what differs between databases.

Temporary tables belong to this connection alone, so filling and checking them blocks nobody.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DatabaseError, connections, models

from messaging.models import Conversation, Message, MessageHistory, Notification
from ops.deletion.models import Hold
from ops.imports import own_ids
from ops.imports.models import Joined

FETCHED = 2_000  # rows taken from the database at a time
# Rows sent to the database at a time, and the number of characters after which a batch ends early.
BATCH_ROWS, BATCH_CHARACTERS = 10_000, 4_000_000
LONG = 1_000_000  # characters; a longer text is sent by itself, so that memory holds only its copies

# The columns of each temporary table. In a query ``{rows}`` stands for the table "rows", and so on.
TABLES = {
    # The rows of the file. ``content`` is NULL in faulty ones, ``sent_at`` is in UTC, ``seen``: the receiver read it,
    # ``edited_at``: when the text was written, if the file has it; ``hidden``: moderators had removed it; ``redacted``:
    # or a part of it.
    "rows": "number integer PRIMARY KEY, external_id text, parent_external_id text, sender text, receiver text, "
    "sent_at {moment}, edited boolean, seen boolean, hidden boolean, "
    "redacted boolean, edited_at {moment}, content text",
    # External ids that several rows have, and the row that is used.
    "repeated": "external_id text PRIMARY KEY, number integer",
    # Rows that are stored already, each with its message.
    "known": "number integer PRIMARY KEY, message_id bigint, conversation_id bigint",
    # Usernames without an account, and why they get none: NULL if they get one, "" if none is to be created.
    "people": "username text PRIMARY KEY, fault text",
    # Names in the file, and the username that each stands for.
    "meant": "name text PRIMARY KEY, username text",
    # Names without an account, and the spelling they share with names that differ only in capitals and blanks.
    "spellings": "spelling text, username text",
    # Rows whose parent is not in the file.
    "orphans": "number integer PRIMARY KEY",
    # Rows that answer a stored message.
    "joins": "number integer PRIMARY KEY, parent_id bigint, conversation_id bigint",
    # Stored messages that await a message of the import, and its id.
    "awaiting": "message_id bigint PRIMARY KEY, parent_id bigint",
    # Rows that change the text of a stored message.
    "changes": "number integer PRIMARY KEY, message_id bigint, was_edited boolean",
    # Rows in the order in which they are stored; ``parent`` is the row that each answers, or 0.
    "places": "place integer PRIMARY KEY, number integer, parent integer, root integer",
    # Rows that are not imported.
    "excluded": "number integer PRIMARY KEY",
    # The problems of the file. ``reported`` is false for those that only explain why a row is excluded.
    "problems": "number integer, serial integer, reported boolean, level text, cure text, column_name text, "
    "message text",
}

# The places with the ids of sender and receiver: ``{ready}`` in a query.
READY = """
SELECT places.place, places.number, places.parent, places.root, senders.id AS sender_id, receivers.id AS receiver_id
FROM {places} places CROSS JOIN {rows} rows CROSS JOIN {users} senders CROSS JOIN {users} receivers
WHERE rows.number = places.number AND senders.username = rows.sender AND receivers.username = rows.receiver
"""


class Staging:
    """The temporary tables of one import on one connection, dropped on leaving the context (``with``). ``tables`` are
    those that are needed.

    Use one at a time per connection. Outside of the caller's transactions it keeps none open between two calls, so the
    connection can be used for other things meanwhile.

    SQL is written as templates, filled with ``names`` and with the fragments of SQL that a call gives, which may
    contain names themselves. Values are always parameters.
    """

    # How many times as long a batch may take as on a database where it blocks every other writer.
    batch_time_factor = 1.0
    moment_type = "text"
    # ``sent_at`` and ``edited_at`` of the rows in the type of the messages' columns.
    sent_at = "rows.sent_at"
    edited_at = "rows.edited_at"
    # The schema of temporary tables, so that a table of the same name in the database is never used.
    temporary: str

    def __init__(self, using: str, tables: Collection[str] = TABLES) -> None:
        self.using = using
        self.tables = tables
        self.largest = 0  # bytes in memory of the largest LONG text
        self.one_by_one: list[int] = []  # rows with LONG texts, where those must be stored one by one
        self.connection: Any = connections[using]
        quote = self.connection.ops.quote_name
        own = own_ids.prefix(using)
        editor: Any = MessageHistory._meta.get_field("edited_by")
        self.names: dict[str, str] = {
            **{table: f"import_{table}" for table in TABLES},
            "messages": quote(Message._meta.db_table),
            "conversations": quote(Conversation._meta.db_table),
            "histories": quote(MessageHistory._meta.db_table),
            "notifications": quote(Notification._meta.db_table),
            "joined_rows": quote(Joined._meta.db_table),
            "users": quote(get_user_model()._meta.db_table),
            "user_id": editor.target_field.cast_db_type(self.connection),
            "sent_at": self.sent_at,
            "edited_at": self.edited_at,
            # Ids that exports generated: of any database (old files lack its name), and of this one.
            "any_prefix": own_ids.PREFIX,
            "own_prefix": own,
            "has_any_prefix": f"substr(rows.external_id, 1, {len(own_ids.PREFIX)}) = '{own_ids.PREFIX}'",
            "old_number": self._number_after(own_ids.PREFIX, "rows.external_id"),
            "own_number": self._number_after(own, "rows.external_id"),
            "own_parent": self._number_after(own, "rows.parent_external_id"),
            "on_hold": f"(SELECT user_id FROM {quote(Hold._meta.db_table)} WHERE lifted_at IS NULL)",
        }
        self.names["ready"] = self._ready()

    def __enter__(self) -> Staging:
        self._drop()
        columns = {table: TABLES[table].format(moment=self.moment_type) for table in self.tables}
        self.execute_all([f"CREATE TEMPORARY TABLE {{{table}}} ({columns[table]})" for table in columns])
        return self

    def __exit__(self, *_: object) -> None:
        # After an error the connection may be unusable; then the tables are gone with it.
        with suppress(DatabaseError):
            self._drop()

    def fill(self, table: str, rows: Iterable[tuple]) -> None:
        """Add rows to one of TABLES, a few at a time."""
        columns = TABLES[table].count(",") + 1
        for batch in _batches(rows):
            text = batch[0][-1]
            if isinstance(text, str) and len(text) > LONG:
                self.largest = max(self.largest, sys.getsizeof(text))
                self._add_long(table, columns, batch[0])
            else:
                self._add(table, columns, batch)
            del text  # while the next rows are read

    def index_ids(self) -> None:
        """Index the external ids of the rows, once all of them are there."""
        self.execute("CREATE INDEX import_rows_external_id ON {rows} (external_id)")
        self.analyze("rows")

    @property
    def these(self) -> str:
        """The condition (SQL) that ``rows`` are stored one by one."""
        return f"AND rows.number IN ({', '.join(map(str, self.one_by_one))})"

    @property
    def others(self) -> str:
        """The condition that they are not; "" if none is."""
        return self.these.replace(" IN ", " NOT IN ") if self.one_by_one else ""

    def execute(self, template: str, params: Sequence[Any] = (), **fragments: str) -> int:
        """Run one statement; return the number of rows it affected."""
        with self.connection.cursor() as cursor:
            cursor.execute(self.sql(template, **fragments), params)
            return cursor.rowcount

    def execute_all(self, templates: Sequence[str]) -> None:
        """Run statements without parameters."""
        for template in templates:
            self.execute(template)

    def value(self, template: str, params: Sequence[Any] = (), **fragments: str) -> Any:
        """Return the single value of a query."""
        with self.connection.cursor() as cursor:
            cursor.execute(self.sql(template, **fragments), params)
            return cursor.fetchone()[0]

    def count(self, template: str, params: Sequence[Any] = ()) -> int:
        """Return the number of rows of a query."""
        return int(self.value("SELECT COUNT(*) FROM ({query}) counted", params, query=template))

    def stream(self, template: str, params: Sequence[Any] = (), **fragments: str) -> Iterator[tuple]:
        """Yield the rows of a query, a few at a time, so that a million take no more memory than a thousand."""
        with closing(self.connection.chunked_cursor()) as cursor:
            cursor.execute(self.sql(template, **fragments), params)
            while found := cursor.fetchmany(FETCHED):
                yield from found

    def sql(self, template: str, **fragments: str) -> str:
        """Return the SQL of a template."""
        filled = {name: fragment.format(**self.names) for name, fragment in fragments.items()}
        return template.format(**self.names, **filled)

    def insert(self, model: type[models.Model], own: dict[str, Sequence[Any]], **shared: Any) -> int:
        """Insert rows of ``model``; return how many were stored. ``own`` holds the fields in which they differ, each
        with a value for every row.

        The other fields get the values in ``shared``, or their defaults. A row whose key or name is taken is skipped.
        Without an instance of the model per row this is several times faster than ``bulk_create``.
        """
        plain = model(**shared)
        fields = model._meta.local_concrete_fields
        differing = [field for field in fields if field.attname in own]
        same = [field for field in fields if field.attname not in own]
        lists = [
            [field.get_db_prep_save(value, self.connection) for value in own[field.attname]] for field in differing
        ]
        usual = [field.get_db_prep_save(field.pre_save(plain, add=True), self.connection) for field in same]
        quote = self.connection.ops.quote_name
        columns = ", ".join(quote(field.column) for field in [*differing, *same])
        types = [str(field.cast_db_type(self.connection)) for field in [*differing, *same]]
        return self._insert(f"{quote(model._meta.db_table)} ({columns})", types, lists, usual)

    def reserve_ids(self, model: type[models.Model], number: int) -> int:
        """Reserve ``number`` consecutive ids of ``model`` for good; return the id before the first of them."""
        raise NotImplementedError

    def last_id(self, model: type[models.Model]) -> int:
        """Return the highest id that ``model`` ever used or reserved; later ids are higher."""
        raise NotImplementedError

    def writing(self) -> AbstractContextManager[None]:
        """Return the context for all transactions that store rows, or remove stored ones."""
        return nullcontext()

    def prepare_ready(self) -> None:
        """Prepare ``{ready}`` for queries, once all places and the accounts of all their people exist."""

    def lock_people(self, first: int, end: int) -> None:
        """Within a transaction, keep the people of the rows in these places from being deleted until it ends."""

    def analyze(self, table: str) -> None:
        """Update the statistics of a temporary table, if the database does not do so by itself."""

    def _ready(self) -> str:
        """Return READY as a table expression."""
        raise NotImplementedError

    def _insert(self, place: str, types: list[str], lists: list[list[Any]], usual: list[Any]) -> int:
        """Insert into ``place`` the columns ``lists``, then ``usual``, the same in all rows; return how many rows."""
        raise NotImplementedError

    def _add(self, table: str, columns: int, rows: list[tuple]) -> None:
        raise NotImplementedError

    def _add_long(self, table: str, columns: int, row: tuple) -> None:
        """Add one row whose last value is a LONG text, with as few copies of the text as the driver allows."""
        raise NotImplementedError

    def _number_after(self, prefix: str, text: str) -> str:
        """Return SQL for the number in a text of ``prefix`` and a number, as we write numbers; NULL for other texts."""
        raise NotImplementedError

    def _tables(self) -> list[str]:
        return [self.names[table] for table in self.tables]

    def _drop(self) -> None:
        self.execute_all([f"DROP TABLE IF EXISTS {self.temporary}.{table}" for table in self._tables()])


def _batches(rows: Iterable[tuple]) -> Iterator[list[tuple]]:
    """Yield rows in short lists, shorter ones if the texts (the last values) are long.

    A row with a text of more than LONG characters gets a list of its own. Each list is emptied when the next one is
    requested.
    """
    batch: list[tuple] = []
    characters = 0
    for row in rows:
        size = len(row[-1]) if isinstance(row[-1], str) else 0
        if size > LONG and batch:
            yield batch
            batch.clear()
            characters = 0
        batch.append(row)
        characters += size
        if len(batch) >= BATCH_ROWS or characters >= BATCH_CHARACTERS or size > LONG:
            yield batch
            batch.clear()
            characters = 0
    if batch:
        yield batch
