"""How long something takes, how much memory its process ever held, and what must hold of the figures."""

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
    """Something could not be measured; the last line of the text says why."""


class Case(NamedTuple):
    """One thing to measure; ``rows`` where its figure is a speed in rows a second."""

    key: str
    label: str
    rows: int = 0


class Timing(NamedTuple):
    """Seconds. ``best`` is what the work costs by itself: all that disturbs a round makes it longer, never shorter.
    ``afterwards`` is what another process has to do because of it, where that is measured as well."""

    best: float
    median: float
    rounds: int
    result: Any
    afterwards: float = 0.0


class Figure(NamedTuple):
    """What a process of its own measured: the timing, its peak memory, and on which database (Django's name of the
    vendor); or in words why there is none."""

    best: float = 0.0
    median: float = 0.0
    rounds: int = 0
    result: Any = None
    afterwards: float = 0.0
    peak_mib: float = 0.0
    database: str = ""
    failure: str = ""


class Goal(NamedTuple):
    """What must hold, in few words, and whether it does."""

    words: str
    met: bool


SMALL_RUN = "BENCH_SMALL" in os.environ  # only shows that every scenario works
ROUNDS = 1 if SMALL_RUN else 21
SECONDS = 3.0  # how long one figure is measured


def repeat(
    work: Callable[[], Any],
    *,
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
    clock: Callable[[], float] = time.perf_counter,
) -> Timing:
    """Do ``work`` once to warm up, then ``rounds`` times, or as often as about ``seconds`` of ``clock`` allow (but
    once)."""
    result = work()
    times: list[float] = []
    while not times or (len(times) < rounds and sum(times) < seconds):
        start = clock()
        result = work()
        times.append(clock() - start)
    return Timing(min(times), statistics.median(times), len(times), result)


def once(work: Callable[[], Any]) -> Timing:
    """Do ``work`` once, cold; for what cannot be repeated."""
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    return Timing(seconds, seconds, 1, result)


def peak_mib() -> float:
    """The most memory that this process ever held, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def speed(figure: Figure) -> float:
    """Rows a second, where the result is a number of rows."""
    return figure.result / figure.best if figure.best else 0.0
