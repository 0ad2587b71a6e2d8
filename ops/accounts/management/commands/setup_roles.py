"""``manage.py setup_roles``: gives each role's group exactly the role's permissions; safe to repeat."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ops.accounts import roles


class Command(BaseCommand):
    help = (
        "Make the group of each role, or give it back just what the role may do; says what that changed, and nothing "
        "where all is right. Other groups, and who belongs to a role, stay as they are."
    )

    def handle(self, **options: Any) -> None:
        try:
            changes = roles.set_up()
        except roles.PermissionMissing as missing:
            raise CommandError(str(missing)) from missing
        for change in changes:
            self.stdout.write(change)
