"""Found at start-up: tables of which no room says how changes reach the audit trail, and admins that do not fit."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.checks import CheckMessage, Error, register
from django.db import models

from ops.audit.recorded_admin import RecordedChanges
from ops.console.readonly import ReadOnlyPermissions
from ops.console.rooms import Audit, Table, rooms

HINT = "Say in Room.tables of its app how changes are recorded; see ops/console/rooms.py."


@register()
def every_table_is_audited_or_exempt(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Each table is declared, and its admin in the console records what it can change."""
    declared = {name: table for room in rooms() for name, table in room.tables.items()}
    found: list[CheckMessage] = []
    for model in apps.get_models(include_auto_created=True):
        if not model._meta.managed:
            continue
        table = declared.get(model._meta.label_lower)
        if table is None:
            words = f"No room says how changes of {model._meta.label_lower} reach the audit trail."
            found.append(Error(words, hint=HINT, id="audit.E001"))
        else:
            found += _faults(model, table)
    return found


def _faults(model: type[models.Model], table: Table) -> list[CheckMessage]:
    """What does not fit between the declaration of a table and its admin."""
    name = model._meta.label_lower
    own = admin.site._registry.get(model)
    recorded = isinstance(own, RecordedChanges)
    if table.audit is Audit.EXEMPT and not table.why:
        return [Error(f"{name} is exempt from the audit trail, but nothing says why.", hint=HINT, id="audit.E002")]
    if table.audit is Audit.ADMIN and not recorded:
        words = f"{name} is said to be recorded by its admin, which is no RecordedChanges."
        return [Error(words, hint=HINT, id="audit.E003")]
    if own is not None and not recorded and not isinstance(own, ReadOnlyPermissions):
        words = f"The admin of {name} can change rows without an entry in the audit trail."
        hint = (
            "Make it a RecordedChanges (ops/audit/recorded_admin.py) or ReadOnlyPermissions (ops/console/readonly.py)."
        )
        return [Error(words, hint=hint, id="audit.E004")]
    return []
