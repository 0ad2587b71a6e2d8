"""Database sessions that store their account, so that all sessions of a person can be ended."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import DEFAULT_DB_ALIAS, connection, models
from django.utils import timezone

from messaging.database.statements import CompiledQuerySet, slot

# A key in the session of a signed-out browser: (the account whose session reached a limit there, when).
ENDED = "ended"
KEPT_SECONDS = 3600  # how long a form sent after the end of a session is kept


class Session(AbstractBaseSession):
    """A session. ``account_id`` is its account, or the one whose session ended in that browser lately, or None."""

    account_id = models.BigIntegerField(null=True, db_index=True)

    class Meta(AbstractBaseSession.Meta):
        default_permissions = ()

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        return SessionStore


@cache
def _valid(using: str) -> CompiledQuerySet:
    """Return the query for the unexpired session with a key."""
    return CompiledQuerySet(Session.objects.filter(session_key=slot("key"), expire_date__gt=slot("now")), using=using)


class SessionStore(DatabaseSessions):
    """Django's database sessions, each stored with its account."""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Any:
        """Load the row as Django does, but with a cached statement, because every request runs it."""
        now = Session._meta.get_field("expire_date").get_db_prep_value(timezone.now(), connection)
        found = _valid(DEFAULT_DB_ALIAS).ask(key=self.session_key, now=now)
        if not found:
            self._session_key = None
        return found[0] if found else None

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        session: Any = super().create_model_instance(data)
        key = data.get(SESSION_KEY) or data.get(ENDED, (None,))[0]
        session.account_id = None if key is None else get_user_model()._meta.pk.to_python(key)
        return session


def end_all(user_id: Any) -> int:
    """End all sessions of an account; return how many."""
    return Session.objects.filter(account_id=user_id).delete()[0]
