"""The names of accounts in figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth import get_user_model


def names_of(accounts: Iterable[int]) -> Mapping[int, str]:
    """Return the usernames of these accounts by primary key, without deleted accounts."""
    people: Any = get_user_model()._default_manager.filter(pk__in=list(accounts))
    return {one.pk: one.get_username() for one in people}
