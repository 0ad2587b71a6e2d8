"""Temporary tables in which an import is checked as a whole; what differs between the databases is in vendors.py.

Temporary tables are this connection's own, so filling and checking them keeps nobody waiting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DatabaseError, connections, models

from messaging.models import Conversation, Message, MessageHistory, Notification
from ops.deletion.models import Hold
from ops.imports import own_ids

FETCHED = 2_000  # rows taken from the database at a time
# Rows handed to the database at a time, and the characters after which fewer will do.
BATCH_ROWS, BATCH_CHARACTERS = 10_000, 4_000_000

# ``content`` is NULL in faulty rows. ``sent_at`` is in UTC. ``seen`` says that the receiver has read it.
ROWS = "import_rows"
# External ids that several rows have, and the row that counts.
REPEATED = "import_repeated"
# Rows that are stored already, and the message that each is.
KNOWN = "import_known"
# Usernames without an account, and why there can be none under that name.
PEOPLE = "import_people"
# Rows with a parent that is not in the file.
ORPHANS = "import_orphans"
# Rows that answer a stored message.
JOINS = "import_joins"
# Rows that change the text of a stored message.
CHANGES = "import_changes"
# Rows in the order in which they are stored; ``parent`` is the row that each answers, or 0.
PLACES = "import_places"
# Rows that are left out.
LEFT_OUT = "import_left_out"
# What was found wrong. ``told`` is false where it only says why a row is left out.
PROBLEMS = "import_problems"

TABLES = {
    ROWS: "number integer PRIMARY KEY, external_id text, parent_external_id text, sender text, receiver text, "
    "sent_at {moment}, edited boolean, seen boolean, content text",
    REPEATED: "external_id text PRIMARY KEY, number integer",
    KNOWN: "number integer PRIMARY KEY, message_id bigint, conversation_id bigint",
    PEOPLE: "username text PRIMARY KEY, fault text",
    ORPHANS: "number integer PRIMARY KEY",
    JOINS: "number integer PRIMARY KEY, parent_id bigint, conversation_id bigint",
    CHANGES: "number integer PRIMARY KEY, message_id bigint, was_edited boolean",
    PLACES: "place integer PRIMARY KEY, number integer, parent integer, root integer",
    LEFT_OUT: "number integer PRIMARY KEY",
    PROBLEMS: "number integer, serial integer, told boolean, level text, cure text, place text, message text",
}

# The places with the ids of the people; called ``{ready}`` in a query.
READY = f"""
SELECT places.place, places.number, places.parent, places.root, senders.id AS sender_id, receivers.id AS receiver_id
FROM {PLACES} places CROSS JOIN {ROWS} rows CROSS JOIN {{users}} senders CROSS JOIN {{users}} receivers
WHERE rows.number = places.number AND senders.username = rows.sender AND receivers.username = rows.receiver
"""


class Staging:
    """The temporary tables of one import on one connection; leave it (``with``) and they are gone.

    One at a time per connection. Outside of a transaction nothing holds one open between two calls, so that the
    connection can be used for other things in between.
    """

    tables = tuple(TABLES)
    # How many times as long a batch of storing may take as where every other writer waits for its end.
    batch_time_factor = 1.0
    moment_type = "text"
    # ``sent_at`` of import_rows (called ``rows`` in a query) in the type that the messages' column has.
    sent_at = "rows.sent_at"

    def __init__(self, using: str) -> None:
        self.using = using
        self.connection: Any = connections[using]
        quote = self.connection.ops.quote_name
        own = own_ids.beginning(using)
        self.names = {
            "messages": quote(Message._meta.db_table),
            "conversations": quote(Conversation._meta.db_table),
            "histories": quote(MessageHistory._meta.db_table),
            "notifications": quote(Notification._meta.db_table),
            "users": quote(get_user_model()._meta.db_table),
            "user_id": MessageHistory._meta.get_field("edited_by").target_field.cast_db_type(self.connection),
            "sent_at": self.sent_at,
            "old_number": self._number_after(own_ids.BEGINNING, "rows.external_id"),
            "own_number": self._number_after(own, "rows.external_id"),
            "own_parent": self._number_after(own, "rows.parent_external_id"),
            "own": own,
            "on_hold": f"(SELECT user_id FROM {quote(Hold._meta.db_table)} WHERE lifted_at IS NULL)",
        }
        self.names["ready"] = self._ready()

    def __enter__(self) -> Staging:
        self._drop()
        for table, columns in TABLES.items():
            self.execute(f"CREATE TEMPORARY TABLE {table} ({columns.format(moment=self.moment_type)})")
        return self

    def __exit__(self, *_: object) -> None:
        # After an error the connection may be unusable; then the tables go with it.
        with suppress(DatabaseError):
            self._drop()

    def fill(self, table: str, rows: Iterable[tuple]) -> None:
        """Add rows to one of TABLES, a few at a time."""
        columns = TABLES[table].count(",") + 1
        for batch in _batches(rows):
            self._add(table, columns, batch)

    def index_ids(self) -> None:
        """Once all rows are there: index their external ids."""
        self.execute(f"CREATE INDEX import_rows_external_id ON {ROWS} (external_id)")
        self.analyze(ROWS)

    def execute(self, sql: str, params: Sequence[Any] = (), **names: str) -> int:
        """Run one statement; ``{messages}`` and the other names are filled in. Returns the number of rows touched."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql.format(**self.names, **names), params)
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

    def insert(self, model: type[models.Model], own: dict[str, Sequence[Any]], **shared: Any) -> None:
        """Store new rows of ``model``: ``own`` are the fields in which they differ, with a value for each row.

        The other fields hold what is ``shared``, or their defaults. A row whose key or name is taken is left out.
        Without an object of the model for each this is several times faster than ``bulk_create``.
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
        self._insert(f"{quote(model._meta.db_table)} ({columns})", types, lists, usual)

    def _insert(self, place: str, types: list[str], lists: list[list[Any]], usual: list[Any]) -> None:
        """Store rows of ready values, each column as a list, followed by those that are the same in all rows.

        ``place`` names the table and its columns; they have these ``types``.
        """
        raise NotImplementedError

    def reserve_ids(self, model: type[models.Model], number: int) -> int:
        """Set ``number`` ids in a row aside for new rows of ``model``; returns the one before the first of them.

        Nobody else gets them, even where the import is given up.
        """
        raise NotImplementedError

    def last_id(self, model: type[models.Model]) -> int:
        """The highest id that a row of ``model`` ever had or was to have; later ones are higher."""
        raise NotImplementedError

    def writing(self) -> AbstractContextManager[None]:
        """Around all transactions that store."""
        return nullcontext()

    def find_people(self) -> None:
        """Once all places are there, and accounts for all their people: ``{ready}`` can be asked for."""

    def lock_people(self, first: int, end: int) -> None:
        """Within a transaction: nobody can delete the people of the rows in these places until it ends."""

    def analyze(self, table: str) -> None:
        """Let the database know how large a temporary table has become, where it does not find out by itself."""

    def _ready(self) -> str:
        """READY, as a table of a query."""
        raise NotImplementedError

    def _add(self, table: str, columns: int, rows: list[tuple]) -> None:
        raise NotImplementedError

    def _number_after(self, beginning: str, text: str) -> str:
        """The SQL of the number in a text that is ``beginning`` and a number, as we write numbers; else NULL."""
        raise NotImplementedError

    def _drop(self) -> None:
        for table in self.tables:
            self.execute(f"DROP TABLE IF EXISTS {self._temporary(table)}")

    def _temporary(self, table: str) -> str:
        raise NotImplementedError


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
