"""Concurrent work on real database connections, deterministic and without fixed waiting times."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

Work = Callable[[], Any]

# Only PostgreSQL locks rows. SQLite has one writer at a time: the second would wait until the test times out.
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


def _is_waited_for() -> bool:
    """Return whether another connection waits for a lock that this one holds.

    Does not read ``pg_stat_activity``: its contents stay fixed from the transaction's first read, and the other
    connection may have been opened later.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        )
        return cursor.fetchone()[0]


def run_overlapping(first: Work, second: Work, *, then: Work | None = None) -> Any:
    """Run ``first``, and run ``second`` on its own connection before ``first`` commits.

    Once ``second`` waits for a lock or has ended, ``then`` runs and the transaction commits. Return the result of
    ``second``, or raise its exception.
    """
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            following: Future[Any] = pool.submit(_and_close, second)
            while not following.done() and not _is_waited_for():
                wait([following], timeout=0.005)
            if then is not None:
                then()
        return following.result(timeout=30)


def run_concurrently(*works: Work) -> list[BaseException | None]:
    """Start all ``works`` at the same moment, each on its own connection; return the exception of each, or None."""
    barrier = Barrier(len(works))

    def start(work: Work) -> Any:
        connection.ensure_connection()
        barrier.wait(timeout=30)
        return _and_close(work)

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.exception(timeout=60) for future in [pool.submit(start, work) for work in works]]
