"""Figures: how long something takes, the peak memory of its process, and the goals that figures must meet."""

from __future__ import annotations

import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

NOT_MEASURED = "—"  # the failure of a way that a case does not have


class Failed(Exception):
    """Something could not be measured; the last line of the message gives the reason."""


class Case(NamedTuple):
    """One thing to measure; with ``rows``, its figure is a speed in rows a second."""

    key: str
    label: str
    rows: int = 0


class Timing(NamedTuple):
    """Times in seconds. ``best`` is the cost of the work itself, since disturbances only ever make a round longer.

    ``afterwards`` is the time of work that follows in another process, if it is measured.
    """

    best: float
    median: float
    rounds: int
    result: Any
    afterwards: float = 0.0


class Figure(NamedTuple):
    """The result of a measuring process: the timing, its peak memory and the database (Django's vendor name).

    ``failure`` is the reason in words if there is no timing.
    """

    best: float = 0.0
    median: float = 0.0
    rounds: int = 0
    result: Any = None
    afterwards: float = 0.0
    peak_mib: float = 0.0
    database: str = ""
    failure: str = ""


class Goal(NamedTuple):
    """A goal in few words, and whether it is met."""

    words: str
    met: bool


SMALL_RUN = "BENCH_SMALL" in os.environ  # a run that only shows that every scenario works
ROUNDS = 1 if SMALL_RUN else 21
SECONDS = 3.0  # how long one figure is measured


def repeat(
    work: Callable[[], Any],
    *,
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.perf_counter,
) -> Timing:
    """Do ``work`` once to warm up, then ``rounds`` times or until ``seconds`` of ``clock`` are over, at least once.

    The result is that of the last round.
    """
    result = work()
    times: list[float] = []
    while not times or (len(times) < rounds and sum(times) < seconds):
        start = clock()
        result = work()
        times.append(clock() - start)
    return Timing(min(times), statistics.median(times), len(times), result)


def once(work: Callable[[], Any]) -> Timing:
    """Do ``work`` once, without warming up, because it cannot be repeated."""
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    return Timing(seconds, seconds, 1, result)


def peak_mib() -> float:
    """Return the peak memory of this process, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def speed(figure: Figure) -> float:
    """Return the rows a second of a figure whose result is a number of rows."""
    return figure.result / figure.best if figure.best else 0.0
