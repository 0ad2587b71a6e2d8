"""The roles, for tests that need somebody who has one: as ``setup_roles`` makes them, without an entry for each act."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission

from ops.accounts import roles
from ops.accounts.models import User


def make_roles() -> None:
    """Store the groups of the roles that are not there yet, each with its permissions, in three statements.

    Making them as people do takes most tests longer than all that they are about.
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
    """Have a person hold a role, which is made where it is not there yet, without an entry and a notice of it."""
    make_roles()
    held = User.groups.through
    held._default_manager.bulk_create([held(user_id=person.pk, group_id=Group.objects.get(name=name).pk)])
