"""What the details of an entry may hold: keys and numbers.

Details are sealed for ever, so they hold nothing that a person wrote: no name, no search term, no part of an address.
Such text belongs in an entry's label or reason, which can be scrubbed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Choices


class Key(str):
    """A word of the code, such as a field, a format or a filter's choice. Never make one from text that users typed."""


def check_details(details: Any) -> None:
    """Raise TypeError if ``details`` hold a text that is neither a Key nor a member of Django's Choices."""
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
    """Return a list's filters for the details of an entry. Each value must be one that its filter offers."""
    return {name: Key(value) for name, value in filters.items()}
