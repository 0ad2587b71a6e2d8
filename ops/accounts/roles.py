"""Roles: what each kind of work in the console may do. A role is a group of the same name."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db import transaction

READING = (
    "messaging.view_conversation",
    "messaging.view_message",
    "messaging.view_messagehistory",
    "messaging.view_notification",
)

# Who asks for deletions, who decides about them, and who only looks.
DELETIONS = (
    "accounts.view_accountdeletion",
    "accounts.view_deletionrequest",
    "accounts.view_receipt",
    "accounts.view_hold",
)
DECIDING = ("accounts.approve_deletionrequest", "accounts.hold_account")

# The one source of what roles may do. Groups and themes are nobody's: only superusers look after them.
ROLES: dict[str, tuple[str, ...]] = {
    "Reviewer": READING,
    "Lead": (*READING, "messaging.change_message", *DELETIONS, *DECIDING),
    "Support": (
        "accounts.view_user",
        "accounts.change_user",
        "accounts.delete_user",
        *DELETIONS,
        *DECIDING,
    ),
    # What is exported is chosen in the lists: whoever may take messages out may see which ones.
    "Data operator": (*READING[:2], "transfers.import_messages", "transfers.export_messages"),
    "Auditor": ("audit.view_entry", "audit.export_entry", *DELETIONS),
}


class PermissionMissing(Exception):
    """ROLES names a permission that does not exist; the text says which, and what to do."""


def set_up() -> list[str]:
    """Make the groups of all roles hold just what ROLES says; returns a sentence for each role that this changed.

    Other groups, and who belongs to a role, stay as they are. Raises PermissionMissing, having changed nothing.
    """
    with transaction.atomic():
        known = _permissions({name for names in ROLES.values() for name in names})
        changes = [_set_up_role(role, {name: known[name] for name in names}) for role, names in ROLES.items()]
    return [change for change in changes if change]


def _permissions(names: set[str]) -> dict[str, Permission]:
    """The permissions by name ("app.codename"); raises PermissionMissing where one does not exist."""
    labels = {name.partition(".")[0] for name in names}
    stored = Permission.objects.filter(content_type__app_label__in=labels).select_related("content_type")
    found = {_name(permission): permission for permission in stored}
    missing = sorted(names - found.keys())
    if missing:
        raise PermissionMissing(
            f"No role was changed: the roles name what the database does not know: {', '.join(missing)}. "
            "Run manage.py migrate first, or correct the name in ops/accounts/roles.py."
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
        return f"Made the role {role}: {_listed(wanted)}."
    parts = [f"{verb} {_listed(names)}" for verb, names in (("added", added), ("removed", removed)) if names]
    return f"Changed the role {role}: {'; '.join(parts)}." if parts else None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
