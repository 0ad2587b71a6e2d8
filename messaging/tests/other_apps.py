"""What other apps of the project add to the queries of messaging: their receivers, and what refers to its rows."""

from __future__ import annotations

from typing import Any

from django.db import models

from messaging.texts.changes import texts_changed


def receivers_of_changed_texts() -> int:
    """How many apps look at each changed text, with one query where it concerns nothing of theirs."""
    return len(texts_changed.receivers)


def references_to(model: Any) -> int:
    """How many columns elsewhere are emptied when rows of ``model`` are deleted: one query each."""
    relations = model._meta.get_fields(include_hidden=True)
    return sum(isinstance(one, models.ForeignObjectRel) and one.on_delete is models.SET_NULL for one in relations)
