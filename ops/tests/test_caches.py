"""An outage of Redis breaks nothing: every call returns a miss, and after a failure no call connects for a while."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache

from ops.caches import FaultTolerantRedisCache


@pytest.fixture(autouse=True)
def rested(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start and end each test without a remembered failure."""
    monkeypatch.setattr(FaultTolerantRedisCache, "down_until", 0.0)


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A socket that accepts connections and never responds."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


@pytest.fixture
def refused() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def cache_at(port: int) -> FaultTolerantRedisCache:
    """Return a cache with a shorter timeout than in production, to keep the tests fast."""
    return FaultTolerantRedisCache(f"redis://127.0.0.1:{port}/0", {"OPTIONS": {"socket_timeout": 0.05}})


def connections_to(listener: socket.socket) -> int:
    """Return the number of connections since the previous call."""
    number = 0
    while True:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return number
        connection.close()
        number += 1


QUESTIONS: list[tuple[str, tuple[Any, ...], Any]] = [
    ("get", ("figures",), None),
    ("get", ("figures", "default"), "default"),
    ("get_many", (["figures", "inbox"],), {}),
    ("set", ("figures", 1), None),
    ("set_many", ({"figures": 1, "inbox": 2},), ["figures", "inbox"]),
    ("add", ("figures", 1), True),
    ("touch", ("figures",), False),
    ("delete", ("figures",), False),
    ("delete_many", (["figures"],), None),
    ("delete_prefix", ("figures",), None),
    ("has_key", ("figures",), False),
    ("incr", ("version", 1), 1),
    ("get_or_set", ("figures", "computed"), "computed"),
    ("clear", (), False),
]


@pytest.mark.parametrize(("method", "arguments", "answer"), QUESTIONS)
def test_a_refused_connection_is_a_miss(refused: int, method: str, arguments: tuple[Any, ...], answer: Any) -> None:
    assert getattr(cache_at(refused), method)(*arguments) == answer


@pytest.mark.parametrize(("method", "arguments", "answer"), QUESTIONS)
def test_silence_is_a_miss(silent: socket.socket, method: str, arguments: tuple[Any, ...], answer: Any) -> None:
    assert getattr(cache_at(silent.getsockname()[1]), method)(*arguments) == answer


def test_a_page_waits_for_a_silent_redis_only_once(silent: socket.socket) -> None:
    """After one failure no further call connects, from any cache object of the process."""
    port = silent.getsockname()[1]
    cache_at(port).get("figures")
    assert connections_to(silent) == 1
    for method, arguments, answer in QUESTIONS:
        assert getattr(cache_at(port), method)(*arguments) == answer
    assert connections_to(silent) == 0


def test_after_a_rest_redis_is_asked_again(silent: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = cache_at(silent.getsockname()[1])
    patient.get("figures")
    assert connections_to(silent) == 1
    monkeypatch.setattr(FaultTolerantRedisCache, "down_until", 0.0)
    patient.get("figures")
    assert connections_to(silent) == 1


def test_a_failure_is_logged_once_without_keys_or_values(refused: int, caplog: pytest.LogCaptureFixture) -> None:
    patient = cache_at(refused)
    with caplog.at_level(logging.WARNING, logger="ops.caches"):
        patient.set("inbox:alice", "a private text")
        patient.get("inbox:alice")
    assert caplog.messages == ["Redis cannot be reached (set: ConnectionError); continuing without it."]


def test_programming_errors_are_not_hidden(refused: int) -> None:
    with pytest.raises(TypeError):
        cache_at(refused).set("figures", threading.Lock())  # no backend can store a lock


@pytest.mark.skipif(not settings.REDIS_URL, reason="needs Redis: set REDIS_URL")
def test_a_redis_that_answers_is_used() -> None:
    assert isinstance(cache._connections["default"], FaultTolerantRedisCache)  # type: ignore[attr-defined]
    cache.set("figures", {"unread": 3})
    assert cache.get("figures") == {"unread": 3}
    assert cache.add("figures", {}) is False
    assert cache.get_many(["figures", "inbox"]) == {"figures": {"unread": 3}}
    assert cache.delete("figures") is True
    assert cache.get("figures") is None


@pytest.mark.skipif(not settings.REDIS_URL, reason="needs Redis: set REDIS_URL")
@pytest.mark.parametrize("gone", [b"cops.no_such_module\nKept\n.", b"cops.caches\nKept\n."])
def test_a_value_of_a_class_that_is_gone_is_a_miss(gone: bytes, caplog: pytest.LogCaptureFixture) -> None:
    shared: Any = cache
    client = shared._cache.get_client(write=True)
    client.set(shared.make_key("figures"), gone)
    assert shared.get("figures", "computed") == "computed"
    assert shared.get_many(["figures"]) == {}
    assert "A value of another version is not read (get: " in caplog.text
    shared.delete("figures")


@pytest.mark.skipif(not settings.REDIS_URL, reason="needs Redis: set REDIS_URL")
def test_a_family_of_keys_is_deleted_and_no_other() -> None:
    shared: Any = cache
    for key in ("pages*1", "pages*2", "pages-1", "figures"):
        shared.set(key, "kept")
    assert shared.delete_prefix("pages*") == 2
    assert set(shared.get_many(["pages*1", "pages*2", "pages-1", "figures"])) == {"pages-1", "figures"}
    shared.delete_many(["pages-1", "figures"])
