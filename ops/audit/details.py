"""What the details of an entry may hold: keys and numbers.

Details are sealed for ever, so nothing that a person wrote may stand there: no name, no search, nothing of an address.
Such words go to an entry's label or reason, which can be scrubbed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Choices


class Key(str):
    """A word of the code, such as a field, a format or a filter's choice. Never make one of what somebody typed."""


def check_details(details: Any) -> None:
    """Raises TypeError where ``details`` hold a text that is neither a Key nor one of Django's choices."""
    if isinstance(details, dict):
        for key, value in details.items():
            if not (isinstance(key, Key | Choices) or (isinstance(key, str) and key.isidentifier())):
                raise TypeError(f"A key of an entry's details must be a name in the code: {type(key).__name__}.")
            check_details(value)
    elif isinstance(details, list | tuple):
        for value in details:
            check_details(value)
    elif not isinstance(details, Key | Choices | bool | int | float | Decimal | UUID | date | None):
        raise TypeError(f"The details of an entry hold keys and numbers, not {type(details).__name__}: see Key.")


def chosen(filters: Mapping[str, str]) -> dict[str, Key]:
    """The filters of a list as details hold them. They were understood: each value is one that its filter offers."""
    return {name: Key(value) for name, value in filters.items()}
