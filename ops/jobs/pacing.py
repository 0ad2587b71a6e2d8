"""Sizing batches on a machine of unknown speed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

BATCH_SECONDS = 0.7  # larger batches are faster overall, but keep others waiting


class Pace:
    """Sizes batches so that each takes about ``times * BATCH_SECONDS``.

    ``size`` is the size of the next batch, in rows or any other unit of the caller: ``first`` in the beginning, then
    the size with which the last batch would have taken that time; at most double, and from ``least`` to ``most``::

        pace = Pace(100, most=20_000)
        while rows := next_rows(pace.size):
            with pace.timed(), run.batch():
                store(rows)
    """

    def __init__(
        self,
        first: int = 1,
        *,
        least: int = 1,
        most: int = 64,
        times: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.size = first
        self.least, self.most, self.times = least, most, times
        self._clock = clock

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Time the batch in the ``with`` block, and size the next one by it. A batch that fails changes nothing."""
        started = self._clock()
        yield
        self.took(self._clock() - started)

    def took(self, seconds: float) -> None:
        """Size the next batch by how long one of ``size`` took, or kept others waiting (``Run.batch_seconds``)."""
        growth = min(BATCH_SECONDS * self.times / max(seconds, 0.001), 2.0)
        self.size = min(max(int(self.size * growth), self.least), self.most)
