"""Staging on SQLite: temporary tables, new rows and their ids."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import DatabaseError, models, transaction

from ops.imports.staging.base import READY, Staging


class SQLiteStaging(Staging):
    """Temporary tables live in a file of their own, so filling them takes no lock on the database."""

    temporary = "temp"
    # KiB, which take about twice as much memory: more would be faster at a million rows. A large text and SQLite's
    # copies of it are deducted.
    cache_while_writing, least_cache = 20_000, 2_000

    def reserve_ids(self, model: type[models.Model], number: int) -> int:
        table = model._meta.db_table
        with transaction.atomic(using=self.using):
            last = self.last_id(model)
            if not self.execute("UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s", [number, table]):
                self.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, number])
        return last

    def last_id(self, model: type[models.Model]) -> int:
        known = "SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = %s"
        return int(self.value(known, [model._meta.db_table]))

    @contextmanager
    def writing(self) -> Iterator[None]:
        usual = self.value("PRAGMA main.cache_size")
        cache = max(self.cache_while_writing - 3 * self.largest // 1024, self.least_cache)
        try:
            self.execute(f"PRAGMA main.cache_size = {-cache}")
            yield
        finally:
            self.execute(f"PRAGMA main.cache_size = {usual}")

    def _ready(self) -> str:
        return f"({self.sql(READY)})"

    def _insert(self, place: str, types: list[str], lists: list[list[Any]], usual: list[Any]) -> int:
        marks = ", ".join(["%s"] * len(types))
        rows = ((*own, *usual) for own in zip(*lists, strict=True))
        with self.connection.cursor() as cursor:
            cursor.executemany(f"INSERT INTO {place} VALUES ({marks}) ON CONFLICT DO NOTHING", rows)
            return int(cursor.rowcount)

    def _add(self, table: str, columns: int, rows: list[tuple]) -> None:
        sql = f"INSERT INTO {self.names[table]} VALUES ({', '.join(['%s'] * columns)})"
        with self._one_transaction(), self.connection.cursor() as cursor:
            cursor.executemany(sql, rows)

    def _add_long(self, table: str, columns: int, row: tuple) -> None:
        if table == "rows":
            self.one_by_one.append(row[0])
        # SQLite keeps the parameters of a statement for as long as it is prepared: those of the second row, which is
        # not inserted, replace the text.
        sql = f"INSERT INTO {self.names[table]} SELECT {', '.join(['%s'] * columns)} WHERE %s"
        with self._one_transaction(), self.connection.cursor() as cursor:
            cursor.executemany(sql, [(*row, True), (*[None] * columns, False)])

    @contextmanager
    def _one_transaction(self) -> Iterator[None]:
        """Open a transaction, or every row would be one. Django's own would lock the database as it begins."""
        if self.connection.in_atomic_block:
            yield
            return
        self.execute("BEGIN DEFERRED")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            # If the disk is full, SQLite has rolled everything back by itself.
            with suppress(DatabaseError):
                self.execute("ROLLBACK")
            raise

    def _number_after(self, prefix: str, text: str) -> str:
        number = f"substr({text}, {len(prefix) + 1})"
        return f"""CASE WHEN {text} GLOB '{prefix}[1-9]*' AND {number} NOT GLOB '*[^0-9]*' AND length({number}) <= 18
            THEN CAST({number} AS integer) END"""
