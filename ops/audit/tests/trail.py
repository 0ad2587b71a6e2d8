"""For tests of the audit trail's screens: making auditors and entries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.contrib.auth.models import Permission
from django.db import DatabaseError, connection
from django.urls import reverse

from messaging.tests.cast import make_user
from ops.audit.models import Entry
from ops.audit.recording import new_entry

LIST = reverse("admin:audit_entry_changelist")
EXPORT = reverse("admin:audit_entry_export")
BROWSER = "Browser of the cast"


def make_auditor(username: str, *codenames: str) -> Any:
    """Return a staff user who may read the audit trail and has these further permissions."""
    auditor = make_user(username, is_staff=True)
    auditor.user_permissions.set(Permission.objects.filter(codename__in=("view_entry", *codenames)))
    return auditor


def happened(event: str, actor: Any = None, target: Any = None, at: datetime | None = None, **given: Any) -> Entry:
    """Store and return an entry, at that time or now. Its fields (``request_id``) are given by name, like arguments of
    record().

    Its browser distinguishes it from the entries about creating and signing in the cast.
    """
    own = ("actor_id", "actor_name", "request_id", "action", "ip")
    fields = {name: given.pop(name) for name in own if name in given}
    entry = new_entry(event, actor=actor, target=target, **given)
    entry.user_agent = BROWSER
    for name, value in fields.items():
        setattr(entry, name, value)
    if at is not None:
        entry.at = at
    entry.save()
    return entry


@contextmanager
def recording_fails() -> Iterator[None]:
    """Have the database refuse entries within the block."""

    def refuse(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if sql.startswith(f'INSERT INTO "{Entry._meta.db_table}"'):
            raise DatabaseError("disk full")
        return execute(sql, *args)

    with connection.execute_wrapper(refuse):
        yield
