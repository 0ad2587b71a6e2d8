"""The queue of jobs is in the database unless JOBS_QUEUE chooses Redis; a queue that cannot work stops the start."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from ops import environment

REDIS = "redis://cache.example.org:6379/0"


def queue(monkeypatch: Any, value: str, redis_url: str = REDIS) -> str:
    monkeypatch.setenv("JOBS_QUEUE", value)
    return environment.queue("JOBS_QUEUE", redis_url=redis_url)


@pytest.mark.parametrize(("value", "chosen"), [("", "database"), ("database", "database"), ("Redis", "redis")])
def test_there_are_two_queues(monkeypatch: Any, value: str, chosen: str) -> None:
    monkeypatch.setattr(environment, "find_spec", lambda name: object())
    assert queue(monkeypatch, value) == chosen


def test_another_queue_is_refused(monkeypatch: Any) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        queue(monkeypatch, "rabbit")
    assert str(refusal.value) == ("The environment variable JOBS_QUEUE is 'rabbit'; it should be database or redis.")


def test_a_queue_on_redis_needs_a_redis(monkeypatch: Any) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        queue(monkeypatch, "redis", redis_url="")
    assert str(refusal.value) == "JOBS_QUEUE=redis needs the environment variable REDIS_URL: the Redis to use."


def test_a_queue_on_redis_needs_its_library(monkeypatch: Any) -> None:
    monkeypatch.setattr(environment, "find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured) as refusal:
        queue(monkeypatch, "redis")
    assert str(refusal.value) == ("JOBS_QUEUE=redis needs what is not installed: pip install django-tasks-rq==0.12.0.")


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        (REDIS, f"{REDIS}?socket_timeout=0.3&socket_connect_timeout=0.3"),
        ("unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1&socket_timeout=0.3"),
    ],
)
def test_a_silent_redis_is_not_waited_for(address: str, asked: str) -> None:
    assert environment.with_timeouts(address) == asked
