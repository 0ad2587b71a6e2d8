"""The time that the database takes by itself, without Python's processing of the results."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import connection
from django.db.backends.utils import CursorWrapper

T = TypeVar("T")


class Spent:
    """The sum of seconds from passing statements to the driver until their last rows are fetched."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed(self, work: Callable[..., T], *arguments: Any) -> T:
        started = time.perf_counter()
        try:
            return work(*arguments)
        finally:
            self.seconds += time.perf_counter() - started


@contextmanager
def database_time() -> Iterator[Spent]:
    """Time all statements of this process during the block."""
    spent = Spent()

    class TimedCursor(CursorWrapper):
        def execute(self, sql: Any, params: Any = None) -> Any:
            return spent.timed(super().execute, sql, params)

        def executemany(self, sql: Any, param_list: Any) -> Any:
            return spent.timed(super().executemany, sql, param_list)

        def fetchone(self) -> Any:
            return spent.timed(self.cursor.fetchone)

        def fetchmany(self, *size: int) -> Any:
            return spent.timed(self.cursor.fetchmany, *size)

        def fetchall(self) -> Any:
            return spent.timed(self.cursor.fetchall)

        def __iter__(self) -> Iterator[Any]:
            return iter(self.fetchall())

    made = {name: getattr(connection, name) for name in ("make_cursor", "make_debug_cursor")}
    for name in made:
        setattr(connection, name, lambda cursor: TimedCursor(cursor, connection))
    try:
        yield spent
    finally:
        for name, make in made.items():
            setattr(connection, name, make)
