"""``manage.py setup_roles``: gives each role's group exactly the role's permissions; safe to repeat."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ops.accounts import roles


class Command(BaseCommand):
    help = (
        "Create the group of each role, or reset its permissions to those of the role; print what changed. Other "
        "groups and the members of roles stay as they are."
    )

    def handle(self, **options: Any) -> None:
        try:
            changes = roles.set_up()
        except roles.PermissionMissing as missing:
            raise CommandError(str(missing)) from missing
        for change in changes:
            self.stdout.write(change)
