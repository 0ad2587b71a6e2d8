"""Staging on PostgreSQL: temporary tables filled by COPY, new rows and their ids, locks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DatabaseError, models, transaction

from ops.imports.staging.base import READY, Staging

PIECE = 1 << 16  # characters of a long text sent at a time
ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})

LOCK_PEOPLE = """
SELECT COUNT(*) FROM (
    SELECT id FROM {users} WHERE id IN (
        SELECT unnest(ARRAY[sender_id, receiver_id]) FROM {ready} ready WHERE place >= %s AND place < %s
    ) ORDER BY id FOR KEY SHARE
) locked
"""


class PostgreSQLStaging(Staging):
    """Staging on PostgreSQL, which fills temporary tables by COPY."""

    temporary = "pg_temp"
    # The temporary table that holds READY.
    ready = "import_ready"
    # A batch blocks only those who delete one of its people, or write to a conversation that its rows join.
    batch_time_factor = 1.4
    # Names and parents are matched over all rows in one query, which would sort on disk with the default of 4 MB.
    memory = "32MB"

    # Each batch adds or removes a few rows of many. The planner would read all of them each time for a hash table,
    # above all without statistics of the rows stored just now; and compiling a statement takes longer than running it.
    # Commits need not wait for the disk: a crash loses a batch together with its cursor, and the last commit waits for
    # all before it.
    while_writing = ("enable_hashjoin", "enable_mergejoin", "jit", "synchronous_commit")
    moment_type = "timestamp"
    sent_at = "(rows.sent_at AT TIME ZONE 'UTC')"
    edited_at = "(rows.edited_at AT TIME ZONE 'UTC')"

    def __enter__(self) -> Staging:
        self.execute(f"SET work_mem = '{self.memory}'")
        return super().__enter__()

    def __exit__(self, *what: object) -> None:
        super().__exit__(*what)
        with suppress(DatabaseError):
            self.execute("RESET work_mem")

    def execute_all(self, templates: Sequence[str]) -> None:
        # In one round trip and one commit: by itself, each statement outside of a transaction would wait for the disk.
        if templates:
            self.execute("; ".join(templates))

    def reserve_ids(self, model: type[models.Model], number: int) -> int:
        table = self.connection.ops.quote_name(model._meta.db_table)
        sequence = "pg_get_serial_sequence(%s, 'id')"
        with transaction.atomic(using=self.using):
            # Nobody else may take a value between nextval and setval.
            self.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
            after = self.value(f"SELECT setval({sequence}, nextval({sequence}) + %s)", [table, table, number])
        return after - number - 1

    def last_id(self, model: type[models.Model]) -> int:
        last = "SELECT COALESCE(pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass), 0)"
        return int(self.value(last, [self.connection.ops.quote_name(model._meta.db_table)]))

    def prepare_ready(self) -> None:
        # One statement for all rows, with a hash table: looking names up batch by batch takes three times as long.
        self.execute("SET enable_hashjoin = on")
        self.execute("CREATE TEMPORARY TABLE {ready} AS {select} ORDER BY places.place", select=READY)
        self.execute("SET enable_hashjoin = off")
        self.execute("CREATE INDEX import_ready_place ON {ready} (place)")
        self.analyze("ready")

    def lock_people(self, first: int, end: int) -> None:
        # The lock that the foreign keys take at the end, taken early and in order, as every writer of messages does.
        self.execute(LOCK_PEOPLE, [first, end])

    @contextmanager
    def writing(self) -> Iterator[None]:
        self.execute_all([f"SET {setting} = off" for setting in self.while_writing])
        try:
            yield
        finally:
            # After an error in the caller's transaction, its rollback resets the settings.
            with suppress(DatabaseError):
                self.execute_all([f"RESET {setting}" for setting in self.while_writing])

    def analyze(self, table: str) -> None:
        # A sample of 3,000 rows is enough to choose indexes; the usual 30,000 take longer than they save.
        target = "default_statistics_target"
        self.execute_all([f"SET {target} = 10", f"ANALYZE {self.names[table]}", f"RESET {target}"])

    def _ready(self) -> str:
        return self.ready

    def _insert(self, place: str, types: list[str], lists: list[list[Any]], usual: list[Any]) -> int:
        # One statement with a list for each column, instead of one statement for each row.
        given = ", ".join(f"%s::{kind}[]" for kind in types[: len(lists)])
        values = ", ".join(["own.*", *(f"%s::{kind}" for kind in types[len(lists) :])])
        with self.connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {place} SELECT {values} FROM unnest({given}) own ON CONFLICT DO NOTHING",
                [*usual, *lists],
            )
            return int(cursor.rowcount)

    def _add(self, table: str, columns: int, rows: list[tuple]) -> None:
        with self._copying(table) as copy:
            if table == "places":  # nothing but numbers, which need no escaping
                copy.write("".join([f"{place}\t{number}\t{parent}\t{root}\n" for place, number, parent, root in rows]))
                return
            for row in rows:
                copy.write_row(row)

    def _add_long(self, table: str, columns: int, row: tuple) -> None:
        *others, text = row
        with self._copying(table) as copy:
            for value in others:
                copy.write(r"\N" if value is None else _escaped(str(value)))
                copy.write("\t")
            for start in range(0, len(text), PIECE):
                copy.write(_escaped(text[start : start + PIECE]))
            copy.write("\n")

    @contextmanager
    def _copying(self, table: str) -> Iterator[Any]:
        # Django does not wrap the driver's errors in COPY, and jobs handle only Django's.
        errors, copying = self.connection.wrap_database_errors, f"COPY {self.names[table]} FROM STDIN"
        with errors, self.connection.cursor() as cursor, cursor.copy(copying) as copy:
            yield copy

    def _number_after(self, prefix: str, text: str) -> str:
        number = f"substr({text}, {len(prefix) + 1})::bigint"
        return f"CASE WHEN {text} ~ '^{prefix}[1-9][0-9]{{0,17}}$' THEN {number} END"

    def _tables(self) -> list[str]:
        return [*super()._tables(), self.ready] if self.tables else []


def _escaped(text: str) -> str:
    """Escape a text for COPY."""
    return text.translate(ESCAPES)
