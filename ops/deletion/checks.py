"""System checks: every table declares how an erasure removes a person's data from it."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, register
from django.db import models

from ops.console.rooms import NOTHING_PERSONAL, ON_DELETE, WITH_MESSAGES, rooms
from ops.deletion.leftovers import step_words

HINT = "Say in Room.tables of its app who removes a person's data from it; see ops/console/rooms.py."


def tables() -> list[type[models.Model]]:
    """Return every model that has a table, including those of many-to-many fields."""
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]


def people_in(model: type[models.Model]) -> list[Any]:
    """Return the fields of a model that refer to an account."""
    user = get_user_model()
    return [field for field in model._meta.local_fields if field.is_relation and field.related_model is user]


@register()
def every_table_is_known_to_erasure(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that each table is declared with a kind of erasure that exists and fits its fields."""
    declared = {name: table for room in rooms() for name, table in room.tables.items()}
    known = {*step_words(), NOTHING_PERSONAL, ON_DELETE, WITH_MESSAGES}
    found: list[CheckMessage] = []
    for model in tables():
        name, table = model._meta.label_lower, declared.get(model._meta.label_lower)
        people = people_in(model)
        if table is None:
            found.append(Error(f"No room says what an erasure does with {name}.", hint=HINT, id="deletion.E001"))
        elif table.erasure not in known:
            words = f"{name} is said to be erased by “{table.erasure}”, which is no step of an erasure."
            found.append(Error(words, hint=HINT, id="deletion.E002"))
        elif table.erasure == NOTHING_PERSONAL and people:
            names = ", ".join(field.name for field in people)
            words = f"{name} is said to hold nothing personal, but refers to accounts ({names})."
            found.append(Error(words, hint=HINT, id="deletion.E003"))
        elif table.erasure == ON_DELETE and any(
            field.remote_field.on_delete not in (models.CASCADE, models.SET_NULL) for field in people
        ):
            words = f"{name} relies on its foreign keys, but one of them does nothing when the account goes."
            found.append(Error(words, hint=HINT, id="deletion.E004"))
    existing = {model._meta.label_lower for model in tables()}
    found += [
        Error(f"A room declares the table {name}, which does not exist.", hint=HINT, id="deletion.E005")
        for name in sorted(declared.keys() - existing)
    ]
    return found
