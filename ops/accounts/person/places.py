"""Keyset pages of rows ordered by a time, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import QueryDict

from ops.console.addresses import whole_number
from ops.console.keyset import rows_after

SIZE = 50
Key = tuple[datetime, int]  # the moment and the primary key of a row


@dataclass(frozen=True)
class Place:
    """A page of rows by their primary keys. ``newer`` and ``older`` are the values for ``before`` and ``after`` in the
    query string, or "" without further rows."""

    keys: list[int]
    newer: str = ""
    older: str = ""


def place(rows: Sequence[QuerySet], query: QueryDict, *, moment: str) -> Place:
    """Return the page that ``after`` or ``before`` in a query string selects, by default the first.

    ``rows`` are querysets with an index each; the list is their union, and a row may be in several. ``moment`` is the
    field that orders them. Runs one query per queryset.
    """
    before = _read(query.get("before", ""), rows[0], moment)
    after = _read(query.get("after", ""), rows[0], moment) if before is None else None
    start = before or after
    found: set[Key] = set()
    order = "" if before else "-"
    for one in rows:
        beyond = one.filter(rows_after((moment, "pk"), start, descending=not before)) if start else one
        keys = beyond.order_by(f"{order}{moment}", f"{order}pk").values_list(moment, "pk")
        found |= set(keys[: SIZE + 1])
    keys_in_order = sorted(found, reverse=not before)
    page, has_more = keys_in_order[:SIZE], len(keys_in_order) > SIZE
    has_newer, has_older = (has_more, True) if before else (start is not None, has_more)
    page.sort(reverse=True)
    return Place(
        keys=[pk for _, pk in page],
        newer=_written(page[0]) if page and has_newer else "",
        older=_written(page[-1]) if page and has_older else "",
    )


def _written(key: Key) -> str:
    at, pk = key
    return f"{at.isoformat()}~{pk}"


def _read(text: str, rows: QuerySet, moment: str) -> Key | None:
    """Return the key in a query string, or None if it is invalid."""
    written, _, number = text.rpartition("~")
    pk = whole_number(number)
    field: Any = rows.model._meta.get_field(moment)
    try:
        at = field.to_python(written) if written else None
        if pk is None or at is None or at.tzinfo is None:
            return None
        field.run_validators(at)
        return at.astimezone(UTC), pk
    except (ValidationError, ValueError, OverflowError):
        return None
