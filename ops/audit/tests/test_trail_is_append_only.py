"""Entries and seals are added and read, never changed or deleted: neither through our models nor with SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader

from ops.audit import recording
from ops.audit.events import Event
from ops.audit.models import AppendOnly, Entry, Seal
from ops.audit.sealing import chain, triggers

SENTENCE = "The audit trail is append-only: its entries and seals are never changed or deleted."


@pytest.fixture
def entry(rita: Any) -> Entry:
    entry = recording.record(Event.SIGNED_IN, actor=rita, target=rita)
    chain.seal()
    return entry


def save_again(entry: Entry) -> None:
    entry.event = Event.SIGNED_OUT
    entry.save()


def update_in_bulk(entry: Entry) -> None:
    Entry.objects.bulk_update([entry], ["event"])


def upsert(entry: Entry) -> None:
    Entry.objects.bulk_create([entry], update_conflicts=True, update_fields=["event"], unique_fields=["id"])


@pytest.mark.parametrize(
    "change",
    [
        save_again,
        update_in_bulk,
        upsert,
        lambda entry: Entry.objects.update(event=Event.SIGNED_OUT),
        lambda entry: Entry.objects.update_or_create({"event": Event.SIGNED_OUT}, pk=entry.pk),
        lambda entry: entry.delete(),
        lambda entry: Entry.objects.all().delete(),
        lambda entry: Entry.objects.bulk_create([entry], ignore_conflicts=True),
        lambda entry: Seal.objects.update(hash=""),
        lambda entry: Seal.objects.all().delete(),
        lambda entry: Seal.objects.get(entry=entry).save(),
    ],
)
def test_models_refuse_changes_and_deletions(entry: Entry, change: Callable[[Entry], Any]) -> None:
    with pytest.raises(AppendOnly) as refusal:
        change(entry)
    assert str(refusal.value) == SENTENCE


def test_a_new_entry_cannot_replace_another(entry: Entry) -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        Entry(pk=entry.pk, event=Event.SIGNED_OUT).save()
    entry.refresh_from_db()
    assert entry.event == Event.SIGNED_IN


def refused(sql: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    except DatabaseError as error:
        return triggers.REFUSAL in str(error)
    return False


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_entry SET event = 'session.signed_out'",
        "UPDATE audit_entry SET actor_name = 'mallory'",
        "UPDATE audit_entry SET scrubbed_at = NULL, actor_id = NULL",
        "DELETE FROM audit_entry",
        "UPDATE audit_seal SET hash = ''",
        "UPDATE audit_seal SET position = 2",
        "DELETE FROM audit_seal",
    ],
)
def test_the_database_refuses_changes_and_deletions(entry: Entry, sql: str) -> None:
    assert refused(sql)


@pytest.mark.parametrize("table", ["audit_entry", "audit_seal"])
def test_truncating_and_replacing_are_refused(entry: Entry, table: str) -> None:
    wholesale = (
        f"TRUNCATE {table}" if connection.vendor == "postgresql" else f"REPLACE INTO {table} SELECT * FROM {table}"
    )
    assert refused(wholesale)


EMPTIED = "actor_salt = '', actor_name = '', ip = '', user_agent = ''"


@pytest.mark.parametrize(
    "change",
    [
        EMPTIED,  # not marked as scrubbed
        f"{EMPTIED}, scrubbed_at = at, details = '{{}}'",  # also changes another field
        "actor_salt = '', actor_name = '', scrubbed_at = at, user_agent = 'x'",  # empties only some of the copies
        "scrubbed_at = at, actor_name = 'mallory'",
    ],
)
def test_incomplete_or_unmarked_scrubbing_is_refused(rita: Any, change: str) -> None:
    recording.record(Event.SIGNED_IN, actor=rita, details={"a": 1})
    assert refused(f"UPDATE audit_entry SET {change}")


def test_the_time_of_scrubbing_cannot_change(entry: Entry) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE audit_entry SET {EMPTIED}, scrubbed_at = at")
    assert refused("UPDATE audit_entry SET scrubbed_at = NULL")
    assert refused("UPDATE audit_entry SET scrubbed_at = '2020-01-01 00:00:00+00'")


@pytest.mark.django_db(transaction=True)
def test_the_migration_installs_and_removes_the_triggers() -> None:
    """Only this migration is reversed: everything that refers to the trail's tables would have to go with them."""
    loader = MigrationLoader(connection)
    migration, before = (
        loader.get_migration("audit", "0002_append_only"),
        loader.project_state(("audit", "0001_initial")),
    )
    assert triggers.faults(connection) == []
    with connection.schema_editor() as editor:
        migration.unapply(before.clone(), editor)
    assert "audit_entry_no_delete is missing" in triggers.faults(connection)
    with connection.schema_editor() as editor:
        migration.apply(before.clone(), editor)
    assert triggers.faults(connection) == []
