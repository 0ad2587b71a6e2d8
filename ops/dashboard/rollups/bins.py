"""Lengths of time in kinds (bins) of similar length, so that percentiles can be computed from numbers by day.

A kind spans an eighth of an octave: every percentile is accurate to 4.5 per cent. Adding up days loses nothing: the
result is the same as counting all of them together.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import partial

STEPS = 8  # kinds in which lengths double
LONGEST = 40  # doublings of a second: 35,000 years
BEGINNINGS = [2 ** (number / STEPS) for number in range(LONGEST * STEPS)]  # lower bounds of kinds 1, 2, …, in seconds


kind_of_seconds = partial(bisect_right, BEGINNINGS)


def bin_of(length: timedelta) -> int:
    """Return the kind of a length of time. Lengths below a second are of kind 0, including those that wrong clocks made
    negative."""
    return kind_of_seconds(length.total_seconds())


def by_kind(seconds: Iterable[float]) -> Counter[str]:
    """Return how many of these lengths in seconds are of each kind."""
    return Counter({str(kind): number for kind, number in Counter(map(kind_of_seconds, seconds)).items()})


def bin_length(kind: int) -> timedelta:
    """Return the length that represents a kind: its middle on the logarithmic scale; 0 for kind 0."""
    return timedelta(0) if kind == 0 else timedelta(seconds=2 ** ((kind - 0.5) / STEPS))


def percentile(numbers: Mapping[str, int], share: float) -> timedelta | None:
    """Return the percentile ``share`` (nearest rank) of numbers by kind; None if there are none."""
    total = sum(numbers.values())
    wanted = math.ceil(share * total)
    for kind in sorted(map(int, numbers)):
        wanted -= numbers[str(kind)]
        if wanted <= 0 and total:
            return bin_length(kind)
    return None
