"""Statements on which the database works while Python goes on.

SQLite works in another thread of this process, on the same connection, and lets Python go on until it is done.
PostgreSQL is sent statements through a pipeline.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.db import connections

TURN = 0.0001  # seconds after which Python lets the thread take the next row from SQLite; by itself after 0.005

Rows = list[tuple[Any, ...]]
Ask = Callable[[str, Sequence[Any]], Callable[[], Rows]]


def meanwhile(using: str) -> AbstractContextManager[Ask]:
    """A context with a function that has the database work on a statement with its parameters, and at once returns
    another function, which waits for its rows, if it has any.

    The database works on one after the other. Whatever else is executed, or fetched, waits for all that were asked
    before it, and so does the end; an error of one shows at the latest there. Not in a process that serves pages: how
    often Python changes threads is said for all of them.
    """
    connection = connections[using]
    connection.ensure_connection()
    return _in_pipeline(connection) if connection.vendor == "postgresql" else _in_thread(connection)


def asking(using: str) -> Ask:
    """The same function where there is nothing to do meanwhile: it waits. A page that reads figures asks so: it is in a
    process with other pages, and its statements are counted and limited in time."""

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
        # Not a cursor of connection.cursor(), which only the thread of the connection may use.
        answer = thread.submit(_rows, connection.create_cursor(), statement, params)
        asked.append(answer)
        return lambda: _answered(connection, answer)

    def wait() -> None:
        while asked:
            _answered(connection, asked.pop(0))

    def execute_after(execute: Callable[..., Any], *args: Any) -> Any:
        wait()
        return execute(*args)

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
