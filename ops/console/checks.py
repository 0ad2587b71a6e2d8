"""System checks: lists of the console that accept undeclared lookups or are not in the menu exactly once; rooms that
declare what does not exist."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.checks import CheckMessage, Error, register
from django.core.management import get_commands
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from django.urls import NoReverseMatch, reverse

from ops.console.declared_lists import DeclaredListAdmin
from ops.console.rooms import Room, rooms


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


@register()
def every_declaration_exists(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that the models, URLs, commands and templates that rooms declare by name exist."""
    return [
        Error(
            f"The room {room.label} declares {name} in {where}, which does not exist.",
            hint="Correct the name in its apps.py (Room in ops/console/rooms.py).",
            obj=type(room),
            id="console.E005",
        )
        for room in rooms()
        for where, name in _missing(room)
    ]


def _missing(room: Room) -> Iterator[tuple[str, str]]:
    """Yield (attribute, name) of each declaration without what it names."""
    names = {"menu": room.menu, "finds": room.finds, "readings": room.readings}
    for where, declared in names.items():
        yield from ((where, name) for name in declared if not (_has_url(name) if ":" in name else _is_model(name)))
    yield from (("rounds", name) for name in room.rounds if name not in get_commands())
    yield from (("slots", name) for name in room.slots.values() if not _is_template(name))


def _is_model(name: str) -> bool:
    try:
        apps.get_model(name)
    except (LookupError, ValueError):
        return False
    return True


def _has_url(name: str) -> bool:
    try:
        reverse(name)
    except NoReverseMatch:
        return False
    return True


def _is_template(name: str) -> bool:
    try:
        get_template(name)
    except TemplateDoesNotExist:
        return False
    return True
