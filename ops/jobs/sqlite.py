"""SQLite's write-ahead log: a job writes it back between its batches, when others may write.

By itself SQLite does so at the end of a commit that leaves the log long. Then it looks as if the batch had kept others
waiting for all that time, so that batches are made smaller than they need be, and write the same pages more often.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Literal

from django.db import Error, connection

CHECKPOINT_AFTER = 1.0  # seconds of writing, after which the log is written back: pages change in batch after batch
LONGEST_LOG = 16_000  # pages (64 MB): a longer log is reset
READERS_TIMEOUT = 200  # milliseconds that resetting waits for readers, while writers wait too


class WriteAheadLog:
    """Within its block (``with``) no commit of this connection writes the log back: ``checkpoint`` does, and the end.

    On PostgreSQL it does nothing.
    """

    def __init__(self) -> None:
        self._autocheckpoint: int | None = None  # as it was before the block; None on PostgreSQL
        self._written = 0.0  # seconds of writing since the last checkpoint

    def __enter__(self) -> WriteAheadLog:
        if connection.vendor == "sqlite":
            (self._autocheckpoint,) = _pragma("wal_autocheckpoint")
            _pragma("wal_autocheckpoint = 0")
        return self

    def __exit__(self, *_: object) -> None:
        if self._autocheckpoint is not None:
            with suppress(Error):
                _pragma(f"wal_autocheckpoint = {self._autocheckpoint}")
                self.checkpoint()

    def add_write(self, seconds: float) -> None:
        """Note that a transaction wrote for so long."""
        self._written += seconds

    def checkpoint(self) -> None:
        """Write the log into the database while others go on, where it is long enough. Nothing in a transaction."""
        if self._autocheckpoint is None or self._written < CHECKPOINT_AFTER or connection.in_atomic_block:
            return
        self._written = 0.0
        _, pages, _ = _pragma("wal_checkpoint(PASSIVE)")
        if pages > LONGEST_LOG:
            reset_wal("RESTART")


def reset_wal(mode: Literal["RESTART", "TRUNCATE"]) -> bool:
    """Start the log from its beginning, with TRUNCATE as an empty file; False where a reader prevented it."""
    (usual,) = _pragma("busy_timeout")
    # Waiting for readers, a checkpoint keeps writers out: it may do so only shortly.
    _pragma(f"busy_timeout = {READERS_TIMEOUT}")
    try:
        return not _pragma(f"wal_checkpoint({mode})")[0]
    except Error:
        return False
    finally:
        _pragma(f"busy_timeout = {usual}")


def _pragma(statement: str) -> Any:
    with connection.cursor() as cursor:
        return cursor.execute(f"PRAGMA {statement}").fetchone()
