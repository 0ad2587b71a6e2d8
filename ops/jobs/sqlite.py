"""SQLite's write-ahead log: a job checkpoints it between its batches, when others may write.

SQLite itself does so at the end of a commit that leaves a long log. That time would count as the batch's, as if it had
kept others waiting, so batches would get smaller than necessary, and write the same pages more often.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Literal

from django.db import Error, connection

CHECKPOINT_AFTER = 1.0  # seconds of writing between checkpoints: one after each batch would rewrite the same pages
LONGEST_LOG = 16_000  # pages (64 MB): a longer log is reset
READERS_TIMEOUT = 200  # milliseconds that resetting waits for readers, while writers wait too


class WriteAheadLog:
    """In its ``with`` block no commit of this connection checkpoints the log: only ``checkpoint`` and the end do.

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
        """Record how long a transaction wrote."""
        self._written += seconds

    def checkpoint(self) -> None:
        """Checkpoint the log, without blocking others, if enough was written. Do nothing in a transaction."""
        if self._autocheckpoint is None or self._written < CHECKPOINT_AFTER or connection.in_atomic_block:
            return
        self._written = 0.0
        _, pages, _ = _pragma("wal_checkpoint(PASSIVE)")
        if pages > LONGEST_LOG:
            reset_wal("RESTART")


def reset_wal(mode: Literal["RESTART", "TRUNCATE"]) -> bool:
    """Restart the log from its beginning, with TRUNCATE as an empty file; return False if a reader prevented it."""
    (usual,) = _pragma("busy_timeout")
    # A checkpoint that waits for readers blocks writers, so it may wait only briefly.
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
