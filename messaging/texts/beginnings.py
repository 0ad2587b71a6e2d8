"""The beginnings of texts, for rows of lists: cut in the database, because a text may be long and a page has many."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Left

CUT = 400  # characters; a row shows fewer, and signs that belong to the one before are not counted


def with_beginning(rows: Any, field: str, *, shown: Any = None) -> Any:
    """Return the queryset with ``beginning`` of the text in ``field`` instead of the text, which is not loaded; where
    not all may be shown, ``shown`` is an expression of what may."""
    return rows.defer(field).annotate(beginning=Left(field if shown is None else shown, CUT))
