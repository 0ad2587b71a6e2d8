"""A wrong configuration is reported at start-up, with the remedy."""

from __future__ import annotations

from typing import Any

import openpyxl
import pytest
from django.core.checks import Error, Warning

from ops.checks import safe_workbooks, shared_cache

LOCAL = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SHARED = {"default": {"BACKEND": "ops.caches.FaultTolerantRedisCache", "LOCATION": "redis://cache"}}


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


def test_workbooks_are_read_with_defusedxml() -> None:
    assert safe_workbooks(None) == []


def test_without_defusedxml_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openpyxl, "DEFUSEDXML", False)
    assert safe_workbooks(None) == [
        Error(
            "openpyxl does not use defusedxml: a workbook of a few kilobytes could fill the memory.",
            hint="Install defusedxml (requirements.txt has it), and unset OPENPYXL_DEFUSEDXML.",
            id="ops.E001",
        )
    ]
