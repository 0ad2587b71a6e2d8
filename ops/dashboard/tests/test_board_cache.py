"""Values of dashboards are cached for a minute, computed by one request at a time, and again after a change."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.cache.backends.dummy import DummyCache
from django.db import transaction
from django.utils import timezone

from ops.caches import FaultTolerantRedisCache
from ops.dashboard import board_cache

START = datetime(2026, 1, 30, 15, 0, tzinfo=UTC)


class Clock:
    """A clock that stands still until a test moves it, and counts computations."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.computed = START, 0
        monkeypatch.setattr(timezone, "now", lambda: self.now)

    def compute(self, now: datetime) -> int:
        self.computed += 1
        return self.computed

    def value(self, name: str = "a", topics: tuple[str, ...] = ("cases",)) -> Any:
        kept = board_cache.get(name, topics, self.compute)
        assert kept is not None
        return kept.value

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run commit hooks immediately, because there is no transaction."""
    monkeypatch.setattr(transaction, "on_commit", lambda act: act())


def test_a_value_is_computed_once_a_minute(clock: Clock) -> None:
    assert [clock.value(), clock.value()] == [1, 1]
    clock.wait(59)
    assert clock.value() == 1
    clock.wait(1)
    assert clock.value() == 2
    assert clock.value("b") == 3


def test_a_clock_that_went_back_keeps_nothing_for_long(clock: Clock) -> None:
    clock.value()
    clock.wait(-3600)
    assert clock.value() == 2


def test_a_change_shows_at_once_and_only_where_it_matters(clock: Clock, at_once: None) -> None:
    assert [clock.value("a", ("cases",)), clock.value("b", ("messages",))] == [1, 2]
    board_cache.mark_stale("cases")
    assert [clock.value("b", ("messages",)), clock.value("a", ("cases",))] == [2, 3]


def test_a_hundred_changes_a_second_cost_one_computing_a_minute(clock: Clock, at_once: None) -> None:
    clock.value()
    clock.wait(300)
    clock.value()
    before = clock.computed
    for _ in range(5 * 60):  # seconds
        for _ in range(100):
            clock.wait(0.01)
            board_cache.mark_stale("cases")
        clock.value()
    assert clock.computed - before <= 6  # one a minute, and one at the first change
    assert timezone.now() - board_cache.get("a", ["cases"], clock.compute).at < board_cache.FRESH  # type: ignore[union-attr]


def test_others_get_the_last_value_while_one_computes_but_no_old_one(clock: Clock) -> None:
    clock.value()
    cache.add(f"{board_cache.key_of('a')}:computing", "somebody else")
    clock.wait(70)
    assert clock.value() == 1
    clock.wait(60)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(board_cache, "WAIT_SECONDS", 0)
        assert board_cache.get("a", ["cases"], clock.compute) is None
    assert clock.computed == 1


def test_values_computed_before_an_erasure_are_not_served(clock: Clock, at_once: None) -> None:
    clock.value()
    cache.add(f"{board_cache.key_of('a')}:computing", "somebody else")
    board_cache.forget()
    assert cache.get(board_cache.key_of("a")) is None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(board_cache, "WAIT_SECONDS", 0)
        assert board_cache.get("a", ["cases"], clock.compute) is None
    cache.delete(f"{board_cache.key_of('a')}:computing")
    assert clock.value() == 2


def test_fifty_at_once_compute_once() -> None:
    """Nothing is cached yet: one request computes, the others wait for it."""
    computed, found = [], []
    everybody = threading.Barrier(50)

    def compute(now: datetime) -> str:
        computed.append(now)
        time.sleep(0.1)
        return "figures"

    def ask() -> None:
        everybody.wait()
        kept = board_cache.get("cold", ["cases"], compute)
        found.append(kept.value if kept else None)

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(computed), found) == (1, ["figures"] * 50)


def test_a_failed_computation_does_not_block_the_next_one(clock: Clock) -> None:
    def fail(now: datetime) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        board_cache.get("a", ["cases"], fail)
    assert clock.value() == 1


@pytest.mark.django_db
def test_only_committed_changes_make_a_value_stale(clock: Clock, django_capture_on_commit_callbacks: Any) -> None:
    clock.value()
    rolled_back = django_capture_on_commit_callbacks(execute=True)
    with rolled_back as done, pytest.raises(ZeroDivisionError), transaction.atomic():
        board_cache.mark_stale("cases")
        raise ZeroDivisionError
    assert (done, clock.value()) == ([], 1)
    with django_capture_on_commit_callbacks(execute=True):
        board_cache.mark_stale("cases")
        assert clock.value() == 1
    assert clock.value() == 2


def test_without_a_cache_it_is_live_and_takes_no_second_longer(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    away = FaultTolerantRedisCache("redis://127.0.0.1:9/0", {})
    for nothing in (DummyCache("", {}), away):
        monkeypatch.setattr(FaultTolerantRedisCache, "down_until", 0.0)
        monkeypatch.setattr(board_cache, "cache", nothing)
        began = time.monotonic()
        kept = board_cache.get("a", ["cases"], clock.compute)
        assert kept is not None and kept.live
        assert time.monotonic() - began < 1
    assert clock.computed == 2
