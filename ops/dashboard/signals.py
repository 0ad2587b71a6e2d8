"""Thin receivers: invalidate cached figures, install triggers, and remove erased users from the numbers."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate

from messaging.erasing.erasure import user_erased
from ops.dashboard import changes
from ops.dashboard.rollups import rounds, triggers
from ops.dashboard.rollups.numbers import erasing


def remove_triggers(sender: Any, using: str, plan: Any = (), **_: Any) -> None:
    """Remove them on SQLite only, and only if there are migrations to apply (rollups/triggers.py)."""
    if plan and connections[using].vendor == "sqlite":
        triggers.remove(using)


def install_triggers(sender: Any, using: str, plan: Any = (), **_: Any) -> None:
    triggers.install(using)
    if plan and connections[using].vendor == "sqlite":
        rounds.forget_progress(using)


def forget_person(sender: Any, user_id: Any, using: str, **_: Any) -> None:
    erasing.forget_person(user_id, using=using)


def connect() -> None:
    """Connect the receivers to everything that changes a figure; a second call changes nothing."""
    changes.connect()
    config = apps.get_app_config("dashboard")
    pre_migrate.connect(remove_triggers, sender=config, dispatch_uid="dashboard.remove_triggers")
    post_migrate.connect(install_triggers, sender=config, dispatch_uid="dashboard.install_triggers")
    user_erased.connect(forget_person, dispatch_uid="dashboard.forget_person")
