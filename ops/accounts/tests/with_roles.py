"""Roles for tests that need a user with one: as ``setup_roles`` creates them, but without audit entries."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission

from ops.accounts import roles
from ops.accounts.models import User


def make_roles() -> None:
    """Create the missing groups of the roles, with their permissions, in four statements.

    Creating them as ``setup_roles`` does would take longer than the rest of most tests.
    """
    wanted = roles.permissions_by_role()
    known = Group.objects.filter(name__in=wanted).values_list("name", flat=True)
    groups = Group.objects.bulk_create(Group(name=name) for name in wanted.keys() - set(known))
    if groups:
        stored = Permission.objects.order_by().values_list("content_type__app_label", "codename", "pk")
        keys = {f"{app}.{codename}": key for app, codename, key in stored}
        held = Group.permissions.through
        held._default_manager.bulk_create(
            held(group_id=group.pk, permission_id=keys[name]) for group in groups for name in wanted[group.name]
        )


def give_role(person: Any, name: str) -> None:
    """Give a person a role, creating it if missing, without an audit entry or a notice."""
    make_roles()
    held = User.groups.through
    held._default_manager.bulk_create([held(user_id=person.pk, group_id=Group.objects.get(name=name).pk)])
