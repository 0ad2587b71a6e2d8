"""Referring to accounts without constraints: their ids stay when the accounts are gone."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models


def person(**options: Any) -> Any:
    """A foreign key to an account that keeps the id when the account is gone; the related object is then None."""
    defaults = {"null": True, "db_constraint": False, "db_index": False, "related_name": "+"}
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, **{**defaults, **options})
