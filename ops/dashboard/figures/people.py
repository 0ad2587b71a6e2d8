"""Names of accounts in figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth import get_user_model


def names_of(accounts: Iterable[int]) -> Mapping[int, str]:
    """The usernames of those of these accounts that are there."""
    people: Any = get_user_model()._default_manager.filter(pk__in=list(accounts))
    return {one.pk: one.get_username() for one in people}
