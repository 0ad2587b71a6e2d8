"""Roles: the permissions of each kind of work in the console. A role is a group of the same name."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.utils.translation import gettext, gettext_lazy

from ops.console.rooms import rooms

# The rooms declare the permissions of each role (Room.permissions). Groups and themes are for superusers only.
NAMES = ("Reviewer", "Lead", "Support", "Data operator", "Auditor")
# Names of Django's default permissions.
USUAL = {
    "add": gettext_lazy("Can add %(what)s"),
    "change": gettext_lazy("Can change %(what)s"),
    "delete": gettext_lazy("Can delete %(what)s"),
    "view": gettext_lazy("Can view %(what)s"),
}


def in_words(permission: Permission) -> str:
    """Return a permission's model and its translated name; the stored name is English."""
    model = permission.content_type.model_class()
    action = permission.codename.removesuffix(f"_{permission.content_type.model}")
    if model is not None and action in USUAL and action in model._meta.default_permissions:
        may = USUAL[action] % {"what": model._meta.verbose_name}
    else:
        may = gettext(permission.name)
    return f"{permission.content_type} | {may}"


def permissions_by_role() -> dict[str, tuple[str, ...]]:
    """Return the permissions ("app.codename") of each role, in the order of NAMES.

    Raises KeyError if a room names a role that is not in NAMES; ``manage.py check`` explains that.
    """
    table: dict[str, list[str]] = {name: [] for name in NAMES}
    for room in rooms():
        for permission, roles in room.permissions.items():
            for role in roles:
                table[role].append(permission)
    return {role: tuple(permissions) for role, permissions in table.items()}


class PermissionMissing(Exception):
    """A room declares a permission that does not exist; the message names it and the remedy."""


def set_up() -> list[str]:
    """Give the group of each role exactly the permissions that the rooms declare; return a sentence for each changed
    role.

    Other groups and the members of roles stay unchanged. Raises PermissionMissing before changing anything.
    """
    wanted = permissions_by_role()
    with transaction.atomic():
        known = _permissions({name for names in wanted.values() for name in names})
        changes = [_set_up_role(role, {name: known[name] for name in names}) for role, names in wanted.items()]
    return [change for change in changes if change]


def _permissions(names: set[str]) -> dict[str, Permission]:
    """Return the permissions by name ("app.codename"). Raises PermissionMissing if one does not exist."""
    labels = {name.partition(".")[0] for name in names}
    stored = Permission.objects.filter(content_type__app_label__in=labels).select_related("content_type")
    found = {_name(permission): permission for permission in stored}
    missing = sorted(names - found.keys())
    if missing:
        raise PermissionMissing(
            f"No role was changed: the roles name permissions that the database does not have: {', '.join(missing)}. "
            "Run manage.py migrate first, or correct the name in the apps.py of its room."
        )
    return {name: found[name] for name in names}


def _name(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def _set_up_role(role: str, wanted: dict[str, Permission]) -> str | None:
    group, made = Group.objects.get_or_create(name=role)
    held = {_name(permission): permission for permission in group.permissions.select_related("content_type")}
    added, removed = wanted.keys() - held.keys(), held.keys() - wanted.keys()
    group.permissions.add(*(wanted[name] for name in added))
    group.permissions.remove(*(held[name] for name in removed))
    if made:
        return f"Created the role {role} with {len(wanted)} permissions (see docs/roles.md)."
    parts = [f"{verb} {_listed(names)}" for verb, names in (("added", added), ("removed", removed)) if names]
    return f"Changed the role {role}: {'; '.join(parts)}." if parts else None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
