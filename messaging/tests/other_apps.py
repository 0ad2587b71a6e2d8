"""Queries that other apps add to those of messaging, by their receivers and their references to its rows."""

from __future__ import annotations

from typing import Any

from django.db import connection, models

from messaging.texts.changes import texts_changed


def receivers_of_changed_texts() -> int:
    """Return how many apps react to each changed text, each with one query if the text does not concern them."""
    return len(texts_changed.receivers)


def looks_again() -> int:
    """Return how many more queries it takes to lock the conversations of messages where there are row locks.

    They are a savepoint, the conversations' ids again, and the savepoint's release.
    """
    return 3 if connection.features.has_select_for_update else 0


def references_to(model: Any) -> int:
    """Return how many columns elsewhere are set to NULL when rows of ``model`` are deleted, with one query each."""
    relations = model._meta.get_fields(include_hidden=True)
    return sum(isinstance(one, models.ForeignObjectRel) and one.on_delete is models.SET_NULL for one in relations)
