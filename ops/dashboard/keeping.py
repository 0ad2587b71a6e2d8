"""Keeping what is computed for the dashboards: at most a minute old, computed by one request while others wait or are
served what was there.

A kept thing has a name; what it is about (its ``topics``) is marked stale by receivers (changes.py). What is stale is
computed anew at the next request, so that what somebody did shows at once; but of a stream of changes no more than one
a minute is noticed, for computing costs the database something. With Redis, one process of all computes; each process
with a memory of its own computes for itself.

Whoever keeps something that only some may see gives it a name of its own, for each who may.
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

VERSION = "v2"  # another one where what is kept changes its shape
FRESH = timedelta(seconds=60)
LAST_SERVED = timedelta(seconds=120)  # how old the last one may be that is served while another request computes
KEEP_SECONDS = 180
TOPIC_SECONDS = 24 * 3_600
LOCK_SECONDS = 60  # after that, whoever was computing is taken for dead
WAIT_SECONDS = 10  # how long a request waits for another one that computes the very first
POLL_SECONDS = 0.05

# What this process kept, for caches in its memory, which cannot look for keys.
_keys: dict[str, float] = {}  # each with when the cache lets go of it, by time.monotonic()
_keys_lock = threading.Lock()

NAMES = "names"  # a topic of everything: once an account is erased, nothing older is served at all


@dataclass(frozen=True)
class Kept:
    """Something kept: when it was computed, from which state of its topics, and when the next one is due at the latest
    after a stream of changes. ``live`` where no cache kept it, so that every request computes it."""

    value: Any
    at: datetime
    state: tuple[str | None, ...]
    due: datetime
    live: bool = False


def get(name: str, topics: Collection[str], compute: Callable[[datetime], Any]) -> Kept | None:
    """What ``compute(now)`` returns, as kept under ``name``, or computed now.

    At most FRESH old and with every change, if no stream of them; up to LAST_SERVED while another request computes it.
    None where nothing is there and another request has been computing it for longer than WAIT_SECONDS.
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
                # Somebody else may have computed it between that look and this lock.
                held, state = _look(key, watched)
                return held if held is not None and not _is_due(held, state) else _keep(key, held, state, compute)
            finally:
                # Not somebody else's, who took over after LOCK_SECONDS.
                if cache.get(lock) == ours:
                    cache.delete(lock)
        if held is not None:
            return held
        if time.monotonic() > give_up_at:
            return None
        time.sleep(POLL_SECONDS)


def peek(name: str, topics: Collection[str]) -> tuple[Kept | None, bool]:
    """What is kept under ``name`` and may still be served, if anything, and whether it is to be computed (anew) now.

    It computes nothing itself.
    """
    held, state = _look(key_of(name), [_topic_key(topic) for topic in (NAMES, *topics)])
    return held, held is None or _is_due(held, state)


def fragment(name: str, of: Kept, make: Callable[[], SafeString]) -> SafeString:
    """What ``make()`` makes of ``of``, such as a part of a page, as kept or made now. ``name`` differs wherever
    something else would be made of the same."""
    key = key_of(f"{name}:{of.at.timestamp()}")
    found: SafeString | None = None if of.live else cache.get(key)
    if found is None:
        found = make()
        _set(key, found)
    return found


def mark_stale(*topics: str) -> None:
    """After a change (when its transaction is committed): what is about these topics is computed anew."""
    tokens = {_topic_key(topic): uuid4().hex for topic in topics}
    transaction.on_commit(lambda: cache.set_many(tokens, TOPIC_SECONDS))


def forget() -> None:
    """Let go of everything that was computed so far, at once and again after the transaction: it may name people. What
    is being computed meanwhile is not served."""
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
    """The key in the cache, for whoever reads the language in use: what is kept may hold words."""
    return f"dashboard:{VERSION}:{name}:{get_language()}"


def _topic_key(topic: str) -> str:
    return f"dashboard:{VERSION}:changed:{topic}"


def _look(key: str, watched: list[str]) -> tuple[Kept | None, tuple[str | None, ...]]:
    """What is kept and may still be served, if anything, and the state of its topics now."""
    found = cache.get_many([key, *watched])
    held, state = found.get(key), tuple(found.get(one) for one in watched)
    if held is not None:
        age = timezone.now() - held.at
        served = held.state[0] == state[0] and timedelta(0) <= age < LAST_SERVED
        return (held if served else None), state
    return None, state


def _is_due(held: Kept, state: tuple[str | None, ...]) -> bool:
    """Whether to compute anew: after FRESH; or after a change, where there were not just as many of them."""
    now = timezone.now()
    return now - held.at >= FRESH or (held.state != state and held.due - now <= FRESH)


def _keep(key: str, held: Kept | None, state: tuple[str | None, ...], compute: Callable[[datetime], Any]) -> Kept:
    now = timezone.now()
    # Each computing puts off the next one by a minute, counted from when this one was due.
    made = Kept(compute(now), now, state, max(now, held.due if held else now) + FRESH)
    _set(key, made)
    return made if cache.has_key(key) else replace(made, live=True)


def _set(key: str, value: Any) -> None:
    cache.set(key, value, KEEP_SECONDS)
    with _keys_lock:
        for old in [one for one, until in _keys.items() if until < time.monotonic()]:
            del _keys[old]
        _keys[key] = time.monotonic() + KEEP_SECONDS
