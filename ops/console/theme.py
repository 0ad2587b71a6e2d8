"""Our look, stored where django-admin-interface keeps themes, so that a team may change it in the console."""

from __future__ import annotations

from typing import Any

from admin_interface.models import Theme
from django.core.management import call_command

NAME = "Threadward"


def apply(using: str = "default") -> bool:
    """Store and activate our theme where it is missing; True where that was so. A changed one is left as it is."""
    if Theme.objects.using(using).filter(name=NAME).exists():
        return False
    call_command("loaddata", "theme", app_label="ops", database=using, verbosity=0)
    return True


def apply_after_migrating(sender: Any, using: str, **_: Any) -> None:
    """A receiver of ``post_migrate``: every database has the theme from its first migration on, tests' ones too."""
    apply(using)
