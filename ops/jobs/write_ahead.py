"""SQLite's write-ahead log while a job works: the job writes it back between its batches, when others may write.

By itself SQLite does so at the end of a commit that leaves the log long. Then it looks as if the batch had kept others
waiting for all that time, so that batches are made smaller than they need be, and write the same pages more often.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db import Error, connection

WORTH_IT = 0.1  # seconds of writing, after which the log is written back
LONGEST = 16_000  # pages (64 MB): a log that is longer is begun anew
PATIENCE = 200  # milliseconds that it waits for others, who wait meanwhile


class WriteAheadLog:
    """Within its block (``with``) no commit of this connection writes the log back: ``write_back`` does, and the end.

    On PostgreSQL it does nothing.
    """

    def __init__(self) -> None:
        self._usual: int | None = None
        self._written = 0.0  # seconds of writing since it was last written back

    def __enter__(self) -> WriteAheadLog:
        if connection.vendor == "sqlite":
            (self._usual,) = _asked("PRAGMA wal_autocheckpoint")
            _asked("PRAGMA wal_autocheckpoint = 0")
        return self

    def __exit__(self, *_: object) -> None:
        if self._usual is not None:
            with suppress(Error):
                _asked(f"PRAGMA wal_autocheckpoint = {self._usual}")
                self.write_back()

    def grew(self, seconds: float) -> None:
        """A transaction wrote for so long."""
        self._written += seconds

    def write_back(self) -> None:
        """Outside of a transaction: where it is worth it, write the log into the database. Others go on meanwhile."""
        if self._usual is None or self._written < WORTH_IT or connection.in_atomic_block:
            return
        self._written = 0.0
        _, pages, _ = _asked("PRAGMA wal_checkpoint(PASSIVE)")
        if pages > LONGEST:
            begun_anew("RESTART")


def begun_anew(way: str) -> bool:
    """Begin the log anew (RESTART), or cut it off as well (TRUNCATE); False where somebody goes on reading it."""
    (usual,) = _asked("PRAGMA busy_timeout")
    # Waiting for readers, a checkpoint keeps writers out: it may do so only shortly.
    _asked(f"PRAGMA busy_timeout = {PATIENCE}")
    try:
        return not _asked(f"PRAGMA wal_checkpoint({way})")[0]
    except Error:
        return False
    finally:
        _asked(f"PRAGMA busy_timeout = {usual}")


def _asked(pragma: str) -> Any:
    with connection.cursor() as cursor:
        return cursor.execute(pragma).fetchone()
