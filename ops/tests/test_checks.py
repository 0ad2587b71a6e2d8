"""Several web processes with a cache of their own each are warned of, with the remedy."""

from __future__ import annotations

from typing import Any

from django.core.checks import Warning

from ops.checks import shared_cache

LOCAL = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SHARED = {"default": {"BACKEND": "ops.caches.PatientRedisCache", "LOCATION": "redis://cache"}}


def test_one_process_may_keep_its_cache_to_itself(settings: Any) -> None:
    settings.CACHES, settings.WEB_CONCURRENCY = LOCAL, 1
    assert shared_cache(None) == []


def test_several_processes_may_share_redis(settings: Any) -> None:
    settings.CACHES, settings.WEB_CONCURRENCY = SHARED, 3
    assert shared_cache(None) == []


def test_several_processes_with_a_cache_each_are_warned_of(settings: Any) -> None:
    settings.CACHES, settings.WEB_CONCURRENCY = LOCAL, 3
    assert shared_cache(None) == [
        Warning(
            "3 web processes with a cache in local memory: each shows old pages of its own.",
            hint="Set REDIS_URL, or WEB_CONCURRENCY=1.",
            id="ops.W001",
        )
    ]
