"""The columns that a user last matched with the headers of their files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from ops.imports.models import SavedColumn

LONGEST_HEADER = 255  # characters of SavedColumn.header
KEPT_OF_LONGER = 190  # characters kept of a longer header; a digest keeps different ones apart


def save(columns: Mapping[str, str], *, by: Any) -> None:
    """Store which header holds each column, "" for none; replaces what ``by`` chose for these headers before."""
    chosen = {_key(header): column for column, header in columns.items() if header}
    with transaction.atomic():
        SavedColumn.objects.filter(user=by, header__in=chosen).delete()
        SavedColumn.objects.bulk_create(
            [SavedColumn(user=by, header=header, column=column) for header, column in chosen.items()],
            ignore_conflicts=True,
        )


def saved(headers: Sequence[str], *, by: Any) -> dict[str, str]:
    """Return for each column the one of these headers that ``by`` chose for it last time."""
    keys = {_key(header): header for header in headers}
    rows = SavedColumn.objects.filter(user=by, header__in=list(keys)).order_by("pk")
    return {column: keys[key] for key, column in rows.values_list("header", "column")}


def _key(header: str) -> str:
    """Return the stored form of a header: itself or, if it is too long or not storable, its beginning and a digest."""
    storable = header.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
    if storable == header and len(header) <= LONGEST_HEADER:
        return header
    digest = hashlib.sha256(header.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{storable[:KEPT_OF_LONGER]}#{digest}"
