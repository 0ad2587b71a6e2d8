"""A Redis cache whose failure makes pages slower but does not break them."""

from __future__ import annotations

import logging
import re
import time
from pickle import PickleError
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

SOCKET_SECONDS = 0.3  # timeout of one call
# Raised for a pickled value whose class this version does not have, such as during an update.
UNREADABLE = (PickleError, ImportError, AttributeError)
DOWN_SECONDS = 5.0  # after a failure, no calls for this long, so that a page waits for only one timeout


class PrefixRedisCache(RedisCache):
    """Django's Redis cache, with deletion by prefix."""

    def delete_prefix(self, prefix: str, version: int | None = None) -> int:
        """Delete all keys that start with ``prefix`` (as passed to ``set``); return how many."""
        client = self._cache.get_client(write=True)
        # Escape the characters that are special in patterns.
        pattern = re.sub(r"([*?\[\]\\^-])", r"\\\1", self.make_key(prefix, version))
        keys = client.scan_iter(match=f"{pattern}*", count=1_000)
        return sum(client.delete(key) for key in keys)


class FaultTolerantRedisCache(PrefixRedisCache):
    """A Redis cache that acts as empty, and logs a warning, while Redis cannot be reached."""

    down_until = 0.0  # on the clock of time.monotonic(); shared by all threads of the process

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        options = {"socket_timeout": SOCKET_SECONDS, "retry": Retry(NoBackoff(), 0), **params.get("OPTIONS", {})}
        if not server.startswith("unix"):
            options.setdefault("socket_connect_timeout", SOCKET_SECONDS)
        super().__init__(server, {**params, "OPTIONS": options})

    def _call(self, fallback: Any, method: str, *args: Any) -> Any:
        if time.monotonic() < FaultTolerantRedisCache.down_until:
            return fallback
        try:
            return getattr(super(), method)(*args)
        except (RedisError, OSError) as error:
            FaultTolerantRedisCache.down_until = time.monotonic() + DOWN_SECONDS
            logger.warning("Redis cannot be reached (%s: %s); continuing without it.", method, type(error).__name__)
            return fallback
        except UNREADABLE as error:
            if not method.startswith("get"):
                raise
            logger.warning("A value of another version is not read (%s: %s).", method, type(error).__name__)
            return fallback

    def get(self, key, default=None, version=None):
        return self._call(default, "get", key, default, version)

    def get_many(self, keys, version=None):
        return self._call({}, "get_many", keys, version)

    def set(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        self._call(None, "set", key, value, timeout, version)

    def set_many(self, data, timeout=DEFAULT_TIMEOUT, version=None):
        return self._call(list(data), "set_many", data, timeout, version)

    def add(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        # True ("added"): a caller that uses add() as a lock must do its work, not wait for somebody else.
        return self._call(True, "add", key, value, timeout, version)

    def touch(self, key, timeout=DEFAULT_TIMEOUT, version=None):
        return self._call(False, "touch", key, timeout, version)

    def delete(self, key, version=None):
        return self._call(False, "delete", key, version)

    def delete_many(self, keys, version=None):
        self._call(None, "delete_many", keys, version)

    def delete_prefix(self, prefix: str, version: int | None = None) -> int | None:  # type: ignore[override]
        """Do as above, but return None while Redis cannot be reached, which differs from 0 keys."""
        return self._call(None, "delete_prefix", prefix, version)

    def has_key(self, key, version=None):
        return self._call(False, "has_key", key, version)

    def incr(self, key, delta=1, version=None):
        return self._call(delta, "incr", key, delta, version)

    def clear(self):
        return self._call(False, "clear")
