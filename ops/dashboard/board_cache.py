"""The cache of the dashboards: at most a minute old, computed by one request while others wait or get the last value.

A cached value has a name and ``topics``, which receivers mark stale (changes.py). A stale value is computed again at
the next request, so that an action shows immediately; in a stream of changes it is computed at most once a minute,
because that loads the database. With Redis, one process computes for all; with a cache in memory, each process computes
for itself.

A value that only some users may see needs a separate name for each such group of users.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

VERSION = "v3"  # change it when the shape of cached values changes, or the module or name of their class
FRESH = timedelta(seconds=60)
LAST_SERVED = timedelta(seconds=120)  # maximum age of a value that is served while another request computes
KEEP_SECONDS = 180
TOPIC_SECONDS = 24 * 3_600
LOCK_SECONDS = 60  # after that, the request that was computing is presumed dead
WAIT_SECONDS = 10  # how long a request waits for another one to compute the first value
POLL_SECONDS = 0.05

# The keys that this process set, because a cache in memory cannot search its keys.
_keys: dict[str, float] = {}  # key: when it expires, by time.monotonic()
_keys_lock = threading.Lock()

NAMES = "names"  # a topic of every value: once an account is erased, no older value is served


@dataclass(frozen=True)
class Cached:
    """A cached value: when it was computed, for which state of its topics, and when the next one is due at the latest
    in a stream of changes. ``live`` if the cache did not store it, so that every request computes it."""

    value: Any
    at: datetime
    state: tuple[str | None, ...]
    due: datetime
    live: bool = False


def get(name: str, topics: Collection[str], compute: Callable[[datetime], Any]) -> Cached | None:
    """Return the value of ``compute(now)``, cached under ``name`` or computed now.

    It is at most FRESH old and includes every change, except in a stream of changes; while another request computes it,
    it may be up to LAST_SERVED old. None if nothing is cached and another request has been computing it for longer than
    WAIT_SECONDS.
    """
    key, lock = key_of(name), f"{key_of(name)}:computing"
    watched = [_topic_key(topic) for topic in (NAMES, *topics)]
    give_up_at = time.monotonic() + WAIT_SECONDS
    while True:
        held, state = _look(key, watched)
        if held is not None and not _is_due(held, state):
            return held
        ours = uuid4().hex
        if cache.add(lock, ours, LOCK_SECONDS):
            try:
                # Another request may have computed it before this one got the lock.
                held, state = _look(key, watched)
                return held if held is not None and not _is_due(held, state) else _keep(key, held, state, compute)
            finally:
                # Not the lock of a request that took over after LOCK_SECONDS.
                if cache.get(lock) == ours:
                    cache.delete(lock)
        if held is not None:
            return held
        if time.monotonic() > give_up_at:
            return None
        time.sleep(POLL_SECONDS)


def peek(name: str, topics: Collection[str]) -> tuple[Cached | None, bool]:
    """Look up ``name`` and compute nothing: return its value if it may still be served, and whether it is due."""
    held, state = _look(key_of(name), [_topic_key(topic) for topic in (NAMES, *topics)])
    return held, held is None or _is_due(held, state)


def fragment(name: str, of: Cached, make: Callable[[], SafeString]) -> SafeString:
    """Return what ``make()`` renders from ``of``, such as a part of a page, cached or made now. ``name`` must differ
    wherever the result for the same ``of`` would differ."""
    key = key_of(f"{name}:{of.at.timestamp()}")
    found: SafeString | None = None if of.live else cache.get(key)
    if found is None:
        found = make()
        _set(key, found)
    return found


def mark_stale(*topics: str) -> None:
    """Mark these topics stale when the transaction commits, so that their values are computed again."""
    tokens = {_topic_key(topic): uuid4().hex for topic in topics}
    transaction.on_commit(lambda: cache.set_many(tokens, TOPIC_SECONDS))


def forget() -> None:
    """Drop every cached value, now and again after the transaction: values may name people. A value that is being
    computed meanwhile is not served."""
    _forget_now()
    transaction.on_commit(_forget_now)


def _forget_now() -> None:
    if hasattr(cache, "delete_prefix"):
        cache.delete_prefix(f"dashboard:{VERSION}:board:")
    cache.set(_topic_key(NAMES), uuid4().hex, TOPIC_SECONDS)
    with _keys_lock:
        cache.delete_many(list(_keys))
        _keys.clear()


def key_of(name: str) -> str:
    """Return the cache key for the active language: cached values may hold words."""
    return f"dashboard:{VERSION}:{name}:{get_language()}"


def _topic_key(topic: str) -> str:
    return f"dashboard:{VERSION}:changed:{topic}"


def _look(key: str, watched: list[str]) -> tuple[Cached | None, tuple[str | None, ...]]:
    """Return the cached value if it may still be served, and the current state of its topics."""
    found = cache.get_many([key, *watched])
    held, state = found.get(key), tuple(found.get(one) for one in watched)
    if held is not None:
        age = timezone.now() - held.at
        served = held.state[0] == state[0] and timedelta(0) <= age < LAST_SERVED
        return (held if served else None), state
    return None, state


def _is_due(held: Cached, state: tuple[str | None, ...]) -> bool:
    """Whether to compute it again: after FRESH; or after a change, unless that is already done once a minute."""
    now = timezone.now()
    return now - held.at >= FRESH or (held.state != state and held.due - now <= FRESH)


def _keep(key: str, held: Cached | None, state: tuple[str | None, ...], compute: Callable[[datetime], Any]) -> Cached:
    now = timezone.now()
    # Each computation postpones the next one by a minute, counted from when this one was due.
    made = Cached(compute(now), now, state, max(now, held.due if held else now) + FRESH)
    _set(key, made)
    return made if cache.has_key(key) else replace(made, live=True)


def _set(key: str, value: Any) -> None:
    cache.set(key, value, KEEP_SECONDS)
    with _keys_lock:
        for old in [one for one, until in _keys.items() if until < time.monotonic()]:
            del _keys[old]
        _keys[key] = time.monotonic() + KEEP_SECONDS
