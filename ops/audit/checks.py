"""System checks: every table declares how its changes are audited, and its admin conforms."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.checks import CheckMessage, Error, register
from django.db import models

from ops.audit import account_changes
from ops.audit.recorded_admin import RecordedChanges
from ops.console.readonly import ReadOnlyPermissions
from ops.console.rooms import Audit, Table, rooms

HINT = "Declare in Room.tables of its app how changes are recorded; see ops/console/rooms.py."


@register()
def every_table_is_audited_or_exempt(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that each table is declared, and that its admin records what it can change."""
    declared = {name: table for room in rooms() for name, table in room.tables.items()}
    found: list[CheckMessage] = []
    for model in apps.get_models(include_auto_created=True):
        if not model._meta.managed:
            continue
        table = declared.get(model._meta.label_lower)
        if table is None:
            message = f"No room declares how changes of {model._meta.label_lower} are audited."
            found.append(Error(message, hint=HINT, id="audit.E001"))
        else:
            found += _check_table(model, table)
    return found


def _check_table(model: type[models.Model], table: Table) -> list[CheckMessage]:
    """Return an error if a table's declaration and its admin contradict each other."""
    name = model._meta.label_lower
    model_admin = admin.site._registry.get(model)
    recorded = isinstance(model_admin, RecordedChanges)
    if table.audit is Audit.EXEMPT and not table.why:
        return [Error(f"{name} is exempt from the audit trail without a reason (why).", hint=HINT, id="audit.E002")]
    if table.audit is Audit.ADMIN and not recorded:
        message = f"{name} is declared as recorded by its admin, which is not a RecordedChanges."
        return [Error(message, hint=HINT, id="audit.E003")]
    if table.audit is Audit.SIGNALS and model not in account_changes.through_models():
        message = f"{name} is declared as recorded by signal receivers, but none is connected to it."
        return [Error(message, hint=HINT, id="audit.E007")]
    if model_admin is not None and not recorded and not isinstance(model_admin, ReadOnlyPermissions):
        message = f"The admin of {name} can change rows without an entry in the audit trail."
        hint = (
            "Make it a RecordedChanges (ops/audit/recorded_admin.py) or ReadOnlyPermissions (ops/console/readonly.py)."
        )
        return [Error(message, hint=hint, id="audit.E004")]
    return []
