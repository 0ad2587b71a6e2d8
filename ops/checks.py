"""System checks for misconfiguration, each with its remedy."""

from __future__ import annotations

from typing import Any

import openpyxl
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register(Tags.caches, deploy=True)
def shared_cache(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Warn if several web processes have no shared cache: each process has its own local memory."""
    local = settings.CACHES["default"]["BACKEND"].endswith("LocMemCache")
    if not local or settings.WEB_CONCURRENCY == 1:
        return []
    return [
        Warning(
            f"{settings.WEB_CONCURRENCY} web processes with a cache in local memory: each shows old pages of its own.",
            hint="Set REDIS_URL, or WEB_CONCURRENCY=1.",
            id="ops.W001",
        )
    ]


@register()
def safe_workbooks(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Require defusedxml: without it, a small workbook that is opened with openpyxl can fill the memory."""
    if openpyxl.DEFUSEDXML:
        return []
    return [
        Error(
            "openpyxl does not use defusedxml: a workbook of a few kilobytes could fill the memory.",
            hint="Install defusedxml (requirements.txt has it), and unset OPENPYXL_DEFUSEDXML.",
            id="ops.E001",
        )
    ]
