"""The first queries of each request return what Django's would, with SQL that is compiled once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from messaging.tests.cast import make_user
from ops.accounts.signing_in.backend import AccountBackend
from ops.accounts.signing_in.sessions import Session, SessionStore

pytestmark = pytest.mark.django_db


def stored(**data: Any) -> str:
    session = SessionStore()
    session.update(data)
    session.save()
    return str(session.session_key)


def test_the_account_equals_that_of_django() -> None:
    alice, gone = make_user("alice"), make_user("gone", is_active=False)
    for key in (alice.pk, str(alice.pk), gone.pk, gone.pk + 1):
        assert AccountBackend().get_user(key) == ModelBackend().get_user(key)
    found = AccountBackend().get_user(alice.pk)
    assert {field.attname: getattr(found, field.attname) for field in alice._meta.concrete_fields} == {
        field.attname: getattr(ModelBackend().get_user(alice.pk), field.attname)
        for field in alice._meta.concrete_fields
    }


def test_the_session_equals_that_of_django() -> None:
    valid, over = stored(word="valid"), stored(word="over")
    Session.objects.filter(session_key=over).update(expire_date=timezone.now() - timedelta(seconds=1))
    for key in (valid, over, "nobodys-session"):
        ours, djangos = SessionStore(key), SessionStore(key)
        assert ours._get_session_from_db() == DatabaseSessions._get_session_from_db(djangos)  # type: ignore[attr-defined]
        assert ours.session_key == djangos.session_key
    assert SessionStore(valid).load() == {"word": "valid"}
    assert SessionStore(over).load() == {}


def test_no_sql_is_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    alice, session = make_user("alice"), stored(word="valid")

    def ask() -> None:
        account = AccountBackend().get_user(alice.pk)
        assert account.get_all_permissions() == set()
        assert SessionStore(session).load() == {"word": "valid"}

    ask()
    monkeypatch.setattr(SQLCompiler, "as_sql", None)
    ask()
