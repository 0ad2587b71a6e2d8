"""An entry recorded by the statement that does the act equals one recorded afterwards, and is sealed like it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from messaging.database.statements import Statement
from messaging.models import Conversation
from messaging.tests.cast import make_user
from ops.audit import context, recording
from ops.audit.events import Event
from ops.audit.models import ACTOR_COPIES, TARGET_COPIES, Entry, Unsealed, copies_digest
from ops.audit.sealing import chain, verification
from ops.audit.storing import in_statement

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite records after it")

ALSO = """
WITH taken AS (SELECT id FROM (VALUES (7), (8)) AS known (id) WHERE id = %s), recorded AS ({}) SELECT {} FROM taken {}
"""
OWN = {"id", "at", "actor_salt", "actor_digest", "target_salt", "target_digest"}


def recorded_along(actor: Any, key: int) -> Entry | None:
    """Record a change of a conversation with this key, if it is 7 or 8; return the entry or None."""
    part = in_statement.inserting("taken", "taken.id", "default")
    entry = in_statement.prepare(Event.RECORD_CHANGED, actor=actor, target=Conversation, using="default")
    sql = ALSO.format(part.sql, *in_statement.answered("recorded", "default"))
    rows = Statement(sql, (key, *part.params)).ask(using="default", **entry.given)
    return entry.stored(rows[0], key, using="default") if rows else None


@pytest.fixture
def person_with_roles(alice: Any) -> Any:
    for name in ("Reviewer 100 %", 'Lead "of" Zoë', "Auditor"):
        alice.groups.add(Group.objects.create(name=name))
    return alice


@pytest.mark.parametrize("is_superuser", [False, True])
def test_the_entry_equals_one_recorded_separately(person_with_roles: Any, is_superuser: bool) -> None:
    person_with_roles.is_superuser = is_superuser
    with context.one_action(context.Facts(request_id="r-1", ip="192.0.2.7", user_agent='Lynx "2" \\ é')):
        made = recorded_along(person_with_roles, 7)
        recording.record(Event.RECORD_CHANGED, actor=person_with_roles, target=Conversation(pk=7))
    assert made is not None
    second, first = Entry.objects.order_by("-pk")[:2]
    for field in {field.attname for field in Entry._meta.concrete_fields} - OWN:
        assert getattr(first, field) == getattr(second, field), field
        assert field == "actor_role" or getattr(made, field) == getattr(first, field), field
    assert made == first
    assert first.actor_digest == copies_digest(first, ACTOR_COPIES, first.actor_salt)
    assert first.target_digest == copies_digest(first, TARGET_COPIES, first.target_salt)


def test_the_entry_is_sealed_and_verified(alice: Any) -> None:
    made = [recorded_along(alice, key) for key in (7, 8)]
    assert chain.seal() == len(made)
    assert verification.verify().sealed == len(made)


@pytest.mark.django_db(transaction=True)
def test_the_entry_is_sealed_at_once_after_pending_entries(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    """Even if another act is sealed after the end of the chain has been read."""
    alice = make_user("alice")
    with monkeypatch.context() as patch:
        patch.setattr(chain, "seal", lambda **_: 0)
        recording.record(Event.RECORD_CHANGED, actor=alice)
    recorded_along(alice, 7)
    recorded_along(alice, 8)
    announce = recording.announce

    def announce_late(*args: Any) -> None:
        monkeypatch.setattr(recording, "announce", announce)
        recording.record(Event.RECORD_CHANGED, actor=alice)
        announce(*args)

    monkeypatch.setattr(recording, "announce", announce_late)
    recorded_along(alice, 7)
    assert verification.verify().sealed == Entry.objects.count() >= 5
    assert not Unsealed.objects.exists()
    assert not caplog.records


def test_long_roles_are_truncated_as_in_other_entries(alice: Any) -> None:
    for number in range(9):
        alice.groups.add(Group.objects.create(name=f"{number}{'é' * 149}"))
    recorded_along(alice, 7)
    recording.record(Event.RECORD_CHANGED, actor=alice)
    second, first = Entry.objects.order_by("-pk").values_list("actor_role", flat=True)[:2]
    assert first == second
    assert first.endswith("…")


def test_no_entry_is_recorded_without_an_affected_row(alice: Any) -> None:
    assert recorded_along(alice, 9) is None
    assert not Entry.objects.exists()
