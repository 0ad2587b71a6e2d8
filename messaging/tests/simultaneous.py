"""Two people at once, on real connections: deterministic, without waiting for a fixed time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

Work = Callable[[], Any]

# Locks of single rows are PostgreSQL's; SQLite has one writer at a time, which these tests would wait for in vain.
needs_row_locks = [
    pytest.mark.postgresql,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time: no row locks"),
]


def _and_close(work: Work) -> Any:
    try:
        return work()
    finally:
        connection.close()


def _waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND datname = current_database())"
        )
        return cursor.fetchone()[0]


def one_after_the_other(first: Work, second: Work) -> Any:
    """Do ``first``, and before it is committed ``second`` on a connection of its own; returns what ``second`` returns.

    ``first`` commits when ``second`` waits for it (or is done). Raises what ``second`` raises.
    """
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            following: Future[Any] = pool.submit(_and_close, second)
            while not following.done() and not _waits_for_a_lock():
                wait([following], timeout=0.005)
        return following.result(timeout=30)


def at_once(*works: Work) -> list[BaseException | None]:
    """Start everything at the same moment, each on a connection of its own; what each raised, or None."""
    barrier = Barrier(len(works))

    def start(work: Work) -> Any:
        connection.ensure_connection()
        barrier.wait(timeout=30)
        return _and_close(work)

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.exception(timeout=60) for future in [pool.submit(start, work) for work in works]]
