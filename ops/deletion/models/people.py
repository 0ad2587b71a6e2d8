"""Foreign keys to accounts without constraints, which keep the id of an account when it is gone."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models


def person(**options: Any) -> Any:
    """Return a foreign key that keeps the id of an account when the account is gone; its object is then None."""
    defaults = {"null": True, "db_constraint": False, "db_index": False, "related_name": "+"}
    return models.ForeignKey(settings.AUTH_USER_MODEL, models.DO_NOTHING, **{**defaults, **options})
