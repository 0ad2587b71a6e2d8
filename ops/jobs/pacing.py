"""How much work to do in one batch, on a machine of unknown speed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

BATCH_SECONDS = 0.7  # larger batches are faster on the whole, but keep others waiting


class Pace:
    """Sizes batches so that each takes about ``times * BATCH_SECONDS``.

    ``size`` is how much the next batch is to do, in rows or whatever the caller counts: ``first`` in the beginning,
    then what would have fitted the time of the last batch, at most double, and from ``least`` to ``most``::

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
        """Around a batch: size the next one by how long this one took. One that fails changes nothing."""
        started = self._clock()
        yield
        self.took(self._clock() - started)

    def took(self, seconds: float) -> None:
        """Size the next batch by how long one of ``size`` took, or kept others waiting (``Run.batch_seconds``)."""
        growth = min(BATCH_SECONDS * self.times / max(seconds, 0.001), 2.0)
        self.size = min(max(int(self.size * growth), self.least), self.most)
