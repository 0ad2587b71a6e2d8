"""Thin receivers: the dashboard is computed anew after messages, users or deletions change."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models.signals import post_delete, post_save

from ops.dashboard import figures
from ops.imports.recording import messages_imported

SIGNING_IN = {"last_login"}  # the one change of a user that the dashboard does not show


def forget_figures(sender: Any, update_fields: Any = None, **_: Any) -> None:
    if update_fields is None or set(update_fields) != SIGNING_IN:
        figures.make_stale()


def connect() -> None:
    """Connect the receiver to everything that changes a figure; doing it twice is harmless."""
    for signal in (post_save, post_delete):
        for model in ("messaging.Message", settings.AUTH_USER_MODEL, "deletion.AccountDeletion"):
            signal.connect(forget_figures, sender=model, dispatch_uid=f"dashboard.forget_figures.{model}")
    messages_imported.connect(forget_figures, dispatch_uid="dashboard.forget_figures.import")
