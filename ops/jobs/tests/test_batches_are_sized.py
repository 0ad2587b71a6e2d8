"""Batches are as large as fits their time on this machine; these tests have a clock of their own."""

from __future__ import annotations

import pytest

from ops.jobs import pacing
from ops.jobs.pacing import BATCH_SECONDS, Pace


class Clock:
    """A clock that stands still until it is set forward."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def after_batch(pace: Pace, clock: Clock, seconds: float) -> int:
    """Run a batch that takes so long; return the size of the next one."""
    with pace.timed():
        clock.now += seconds
    return pace.size


def test_a_fast_machine_gets_batches_twice_as_large_each_time_up_to_the_limit() -> None:
    clock = Clock()
    pace = Pace(10, most=70, clock=clock)
    assert [pace.size, *(after_batch(pace, clock, 0.0) for _ in range(4))] == [10, 20, 40, 70, 70]


def test_a_batch_that_took_too_long_is_followed_by_one_that_fits() -> None:
    clock = Clock()
    pace = Pace(1_000, most=10_000, clock=clock)
    assert after_batch(pace, clock, 4 * BATCH_SECONDS) == 250


def test_a_batch_of_the_right_time_is_followed_by_one_as_large() -> None:
    clock = Clock()
    pace = Pace(1_024, most=10_000, clock=clock)
    clock.now = 0.0  # so that the subtraction loses no precision
    assert after_batch(pace, clock, BATCH_SECONDS) == 1_024


@pytest.mark.parametrize("least", [1, 100])
def test_no_batch_is_smaller_than_the_least(least: int) -> None:
    clock = Clock()
    pace = Pace(2_000, least=least, most=20_000, clock=clock)
    assert after_batch(pace, clock, 1_000_000.0) == least


def test_batches_may_be_allowed_more_time() -> None:
    clock = Clock()
    pace = Pace(1_000, most=10_000, times=4.0, clock=clock)
    assert after_batch(pace, clock, 8 * BATCH_SECONDS) == 500


def test_the_time_may_be_passed_in() -> None:
    pace = Pace(1_000, most=10_000)
    pace.took(2 * BATCH_SECONDS)
    assert pace.size == 500


def test_a_failed_batch_does_not_change_the_size() -> None:
    clock = Clock()
    pace = Pace(1_000, most=10_000, clock=clock)
    with pytest.raises(RuntimeError), pace.timed():
        clock.now += 100.0
        raise RuntimeError
    assert pace.size == 1_000


def test_the_target_time_is_read_at_each_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests that need many batches set it to 0."""
    clock = Clock()
    pace = Pace(8, clock=clock)
    monkeypatch.setattr(pacing, "BATCH_SECONDS", 0.0)
    assert after_batch(pace, clock, 0.0) == 1
