"""System checks: every permission is declared by a room, and declarations name existing permissions and roles."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth import get_permission_codename
from django.core.checks import CheckMessage, Error, register

from ops.accounts.roles import NAMES
from ops.console.rooms import rooms

ALL_OTHERS = ".*"  # as in "auth.*": all other permissions of that app are for superusers only


def existing_permissions() -> set[str]:
    """Return every permission of the installed models, as "app.codename"."""
    return {
        f"{model._meta.app_label}.{codename}"
        for model in apps.get_models()
        for codename in (
            *(get_permission_codename(action, model._meta) for action in model._meta.default_permissions),
            *(codename for codename, _ in model._meta.permissions),
        )
    }


@register()
def every_permission_is_decided_on(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that a room gives each permission to roles or to superusers only, and that declared names exist."""
    declared = {name: roles for room in rooms() for name, roles in room.permissions.items()}
    existing = existing_permissions()
    undecided = [
        name for name in sorted(existing - declared.keys()) if f"{name.partition('.')[0]}{ALL_OTHERS}" not in declared
    ]
    unknown = [name for name in sorted(declared.keys() - existing) if not name.endswith(ALL_OTHERS)]
    strangers = sorted({role for roles in declared.values() for role in roles} - set(NAMES))
    return [
        *(
            Error(
                f"No room says which roles have the permission {name}.",
                hint="Name it in Room.permissions of its app; an empty tuple means superusers only.",
                id="accounts.E001",
            )
            for name in undecided
        ),
        *(
            Error(
                f"A room declares the permission {name}, which no model has.",
                hint="Correct the name in the apps.py of the room.",
                id="accounts.E002",
            )
            for name in unknown
        ),
        *(
            Error(
                f"A room gives a permission to “{role}”, which is no role.",
                hint=f"The roles are {', '.join(NAMES)} (ops/accounts/roles.py).",
                id="accounts.E003",
            )
            for role in strangers
        ),
    ]
