"""The beginnings of texts for list rows, truncated in the database, because texts may be long and a page has many."""

from __future__ import annotations

from typing import Any

from django.db.models.functions import Left

CUT = 400  # characters; more than a row shows, because a row does not count combining characters


def with_beginning(rows: Any, field: str, *, shown: Any = None) -> Any:
    """Annotate the ``beginning`` of the text in ``field``, or of ``shown``, the part to be shown; defer the text."""
    return rows.defer(field).annotate(beginning=Left(field if shown is None else shown, CUT))
