"""Which headers somebody matched with which columns last time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from ops.imports.models import RememberedColumn

LONGEST_HEADER = 255  # characters of RememberedColumn.header
KEPT_OF_LONGER = 190  # of them, where the rest is a digest: headers that differ stay different


def remember(columns: Mapping[str, str], *, by: Any) -> None:
    """Store which header holds each column, "" for none; replaces what ``by`` chose for these headers before."""
    chosen = {_key(header): column for column, header in columns.items() if header}
    with transaction.atomic():
        RememberedColumn.objects.filter(user=by, header__in=chosen).delete()
        RememberedColumn.objects.bulk_create(
            [RememberedColumn(user=by, header=header, column=column) for header, column in chosen.items()],
            ignore_conflicts=True,
        )


def remembered(headers: Sequence[str], *, by: Any) -> dict[str, str]:
    """For each column the one of these headers that ``by`` chose for it last time."""
    keys = {_key(header): header for header in headers}
    rows = RememberedColumn.objects.filter(user=by, header__in=list(keys)).order_by("pk")
    return {column: keys[key] for key, column in rows.values_list("header", "column")}


def _key(header: str) -> str:
    """What a header is stored as: itself, or where it is too long or cannot be stored, a beginning and its digest."""
    storable = header.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
    if storable == header and len(header) <= LONGEST_HEADER:
        return header
    digest = hashlib.sha256(header.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{storable[:KEPT_OF_LONGER]}#{digest}"
