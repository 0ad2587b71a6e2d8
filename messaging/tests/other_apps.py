"""What other apps of the project add to the queries of messaging: their receivers, and what refers to its rows."""

from __future__ import annotations

from typing import Any

from django.db import connection, models

from messaging.texts.changes import texts_changed


def receivers_of_changed_texts() -> int:
    """How many apps look at each changed text, with one query where it concerns nothing of theirs."""
    return len(texts_changed.receivers)


def looks_again() -> int:
    """How many queries more it takes to lock the conversations of messages where there are row locks.

    A savepoint, their ids once more, and its end.
    """
    return 3 if connection.features.has_select_for_update else 0


def references_to(model: Any) -> int:
    """How many columns elsewhere are emptied when rows of ``model`` are deleted: one query each."""
    relations = model._meta.get_fields(include_hidden=True)
    return sum(isinstance(one, models.ForeignObjectRel) and one.on_delete is models.SET_NULL for one in relations)
