"""System checks: lists of the console that accept undeclared lookups, or that are not in the menu exactly once."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.checks import CheckMessage, Error, register

from ops.console.declared_lists import DeclaredListAdmin
from ops.console.rooms import rooms


@register()
def every_list_is_declared(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that each admin is a DeclaredListAdmin, so that no lookup from a query string reaches the database."""
    return [
        Error(
            f"The list of {model._meta.label} would run any lookup that stands in an address.",
            hint="Derive its admin from KeysetAdmin, or from DeclaredListAdmin (ops/console/declared_lists.py).",
            obj=type(model_admin),
            id="console.E002",
        )
        for model, model_admin in admin.site._registry.items()
        if not isinstance(model_admin, DeclaredListAdmin)
    ]


@register()
def every_list_has_its_place(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that exactly one room declares the place of each list in the menu."""
    declared = [key for room in rooms() for key in room.menu]
    return [
        Error(
            f"The list of {model._meta.label} stands in {declared.count(model._meta.label)} places of the menu.",
            hint="Declare it once, in the menu of its room (Room.menu in ops/console/rooms.py).",
            obj=type(model_admin),
            id="console.E003",
        )
        for model, model_admin in admin.site._registry.items()
        if declared.count(model._meta.label) != 1
    ]
