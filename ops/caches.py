"""The Redis cache as we want it: a page that cannot reach it is a little slower, never broken."""

from __future__ import annotations

import logging
import re
import time
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

SOCKET_SECONDS = 0.3  # what one silent call may cost
REST_SECONDS = 5.0  # how long nobody asks again after a failure, so that a page pays only once


class SearchableRedisCache(RedisCache):
    """Redis in which a whole family of keys can be deleted."""

    def delete_beginning(self, beginning: str, version: int | None = None) -> int:
        """Delete every key that begins so (as keys are given to ``set``); returns how many."""
        client = self._cache.get_client(write=True)
        # What means something in a pattern of Redis means itself here.
        pattern = re.sub(r"([*?\[\]\\^-])", r"\\\1", self.make_key(beginning, version))
        keys = client.scan_iter(match=f"{pattern}*", count=1_000)
        return sum(client.delete(key) for key in keys)


class PatientRedisCache(SearchableRedisCache):
    """Redis that answers "miss" and logs where it cannot be reached, instead of raising."""

    rest_until = 0.0  # on the clock of time.monotonic(); shared by all threads of the process

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {"socket_timeout": SOCKET_SECONDS, "retry": Retry(NoBackoff(), 0), **params.get("OPTIONS", {})}
        if not server.startswith("unix"):
            options.setdefault("socket_connect_timeout", SOCKET_SECONDS)
        super().__init__(server, {**params, "OPTIONS": options})

    def _ask(self, otherwise: Any, method: str, *args: Any) -> Any:
        if time.monotonic() < PatientRedisCache.rest_until:
            return otherwise
        try:
            return getattr(super(), method)(*args)
        except (RedisError, OSError) as error:
            PatientRedisCache.rest_until = time.monotonic() + REST_SECONDS
            logger.warning("Redis cannot be reached (%s: %s); going on without it.", method, type(error).__name__)
            return otherwise

    def get(self, key, default=None, version=None):
        return self._ask(default, "get", key, default, version)

    def get_many(self, keys, version=None):
        return self._ask({}, "get_many", keys, version)

    def set(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        self._ask(None, "set", key, value, timeout, version)

    def set_many(self, data, timeout=DEFAULT_TIMEOUT, version=None):
        return self._ask(list(data), "set_many", data, timeout, version)

    def add(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        # "Added": whoever uses add() to be the only one to do something must go on and do it.
        return self._ask(True, "add", key, value, timeout, version)

    def touch(self, key, timeout=DEFAULT_TIMEOUT, version=None):
        return self._ask(False, "touch", key, timeout, version)

    def delete(self, key, version=None):
        return self._ask(False, "delete", key, version)

    def delete_many(self, keys, version=None):
        self._ask(None, "delete_many", keys, version)

    def delete_beginning(self, beginning: str, version: int | None = None) -> int | None:  # type: ignore[override]
        """As Redis does it; None where it cannot be reached, so that nobody takes that for "there were none"."""
        return self._ask(None, "delete_beginning", beginning, version)

    def has_key(self, key, version=None):
        return self._ask(False, "has_key", key, version)

    def incr(self, key, delta=1, version=None):
        return self._ask(delta, "incr", key, delta, version)

    def clear(self):
        return self._ask(False, "clear")
