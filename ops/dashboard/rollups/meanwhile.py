"""Statements that the database executes while Python continues.

SQLite executes them in another thread of this process, on the same connection, without holding Python's lock.
PostgreSQL receives them through a pipeline.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.db import connections

TURN = 0.0001  # seconds until Python lets the thread take the next row from SQLite; the default is 0.005

Rows = list[tuple[Any, ...]]
Ask = Callable[[str, Sequence[Any]], Callable[[], Rows]]


def meanwhile(using: str) -> AbstractContextManager[Ask]:
    """Return a context manager for a function that starts a statement with its parameters and returns one that waits
    for its rows. Statements run in order; whatever else is executed, and the end of the context, waits for them and
    raises their errors at the latest. Do not use it in a process that serves pages."""
    connection = connections[using]
    connection.ensure_connection()
    return _in_pipeline(connection) if connection.vendor == "postgresql" else _in_thread(connection)


def asking(using: str) -> Ask:
    """Return the same function for callers with nothing to do meanwhile: it waits. Pages that read figures use it: they
    share a process with other pages, and their statements are counted and limited in time."""

    def ask(statement: str, params: Sequence[Any]) -> Callable[[], Rows]:
        with connections[using].cursor() as cursor:
            cursor.execute(statement, params)
            rows: Rows = cursor.fetchall()
        return lambda: rows

    return ask


@contextmanager
def _in_pipeline(connection: Any) -> Iterator[Ask]:
    def ask(statement: str, params: Sequence[Any]) -> Callable[[], Rows]:
        cursor = connection.cursor()
        cursor.execute(statement, params)
        rows: Callable[[], Rows] = cursor.fetchall
        return rows

    with connection.wrap_database_errors, connection.connection.pipeline():
        yield ask


@contextmanager
def _in_thread(connection: Any) -> Iterator[Ask]:
    asked: list[Future[Rows]] = []

    def ask(statement: str, params: Sequence[Any]) -> Callable[[], Rows]:
        # Not connection.cursor(), which only the thread of the connection may use.
        answer = thread.submit(_rows, connection.create_cursor(), statement, params)
        asked.append(answer)
        return lambda: _answered(connection, answer)

    def wait() -> None:
        while asked:
            _answered(connection, asked.pop(0))

    def execute_after(execute: Callable[..., Any], *args: Any) -> Any:
        wait()
        return execute(*args)

    # It applies to all threads of the process, also to those that serve pages.
    turns = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        with ThreadPoolExecutor(1) as thread, connection.execute_wrapper(execute_after):
            yield ask
            wait()
    finally:
        sys.setswitchinterval(turns)


def _answered(connection: Any, answer: Future[Rows]) -> Rows:
    with connection.wrap_database_errors:
        return answer.result()


def _rows(cursor: Any, statement: str, params: Sequence[Any]) -> Rows:
    rows: Rows = cursor.execute(statement, params).fetchall()
    return rows
