"""Additions of rooms to the lists of others: filters, and marks on rows (``Room.list_filters``, ``marks_on_rows``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest

from ops.console.rooms import rooms


def filters_of(request: HttpRequest, model: str) -> list[type]:
    """Return the filters that rooms add to the list of ``model`` ("app.model") for this user."""
    return [one for room in rooms() for one in room.list_filters(request, model)]


def mark(request: HttpRequest, model: str, rows: Sequence[Any]) -> None:
    """Set ``marks`` on the rows of a page: the marks of all rooms (ops.console.rooms.Mark)."""
    found = [room.marks_on_rows(request, model, [row.pk for row in rows]) for room in rooms()] if rows else []
    for row in rows:
        row.marks = [marks[row.pk] for marks in found if row.pk in marks]
