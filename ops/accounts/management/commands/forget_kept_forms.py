"""``manage.py forget_kept_forms``: deletes forms kept for an hour, expired sessions, and failed sign-ins that no longer
count."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ops.accounts.kept import storing
from ops.accounts.signing_in import throttling
from ops.accounts.signing_in.sessions import SessionStore


class Command(BaseCommand):
    help = "Delete expired sessions, and forms that were sent too late and kept for an hour. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        storing.forget_old()
        SessionStore.clear_expired()
        throttling.forget_old()
