"""The theme of the console, stored as a django-admin-interface theme, so that it can be changed in the console."""

from __future__ import annotations

from typing import Any

from admin_interface.models import Theme
from django.core.management import call_command
from django.db import connections

NAME = "Threadward"


def apply(using: str = "default") -> bool:
    """Store and activate the theme unless it exists, changed or not; return whether it was stored."""
    if Theme.objects.using(using).filter(name=NAME).exists():
        return False
    call_command("loaddata", "theme", app_label="ops", database=using, verbosity=0)
    return True


def apply_after_migrating(sender: Any, using: str, **_: Any) -> None:
    """Receive post_migrate, so that every database has the theme, including test databases."""
    # If only some apps were migrated, there may be no table of themes yet.
    if Theme._meta.db_table in connections[using].introspection.table_names():
        apply(using)
