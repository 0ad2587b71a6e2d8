"""Signing in and out, and changes of passwords, flags, groups and permissions leave entries, however they are made."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from messaging.editors import editing_as
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.audit import scrubbing
from ops.audit.events import Event
from ops.audit.models import Entry
from ops.audit.recording import NotRecorded


@pytest.fixture
def lead(db: Any) -> Group:
    return Group.objects.create(name="Lead")


@pytest.fixture
def reading(db: Any) -> Permission:
    return Permission.objects.get(codename="view_message")


def newest(event: str) -> Entry:
    return Entry.objects.filter(event=event).latest("id")


def number(event: str) -> int:
    return Entry.objects.filter(event=event).count()


def send_credentials(username: str, password: str) -> None:
    Client(REMOTE_ADDR="192.0.2.7").post(reverse("login"), {"username": username, "password": password})


def test_signing_in_and_out_is_recorded(alice: Any) -> None:
    send_credentials("alice", "alice's password")
    entry = newest(Event.SIGNED_IN)
    assert (entry.actor, entry.target_id, entry.ip) == (alice, str(alice.pk), "192.0.2.7")
    client = Client()
    client.force_login(alice)
    client.post(reverse("logout"))
    assert newest(Event.SIGNED_OUT).actor == alice


def test_a_failed_sign_in_records_the_name_but_not_the_password(alice: Any) -> None:
    send_credentials("alice", "hunter2")
    entry = newest(Event.SIGN_IN_REFUSED)
    assert (entry.actor_id, entry.actor_name, entry.target_id) == (None, "alice", str(alice.pk))
    assert "hunter2" not in str(Entry.objects.filter(pk=entry.pk).values().get())


@pytest.mark.django_db
def test_a_failed_sign_in_under_an_unknown_name_has_no_target() -> None:
    authenticate(username="nobody" + "x" * 500, password="guess")
    entry = newest(Event.SIGN_IN_REFUSED)
    assert (entry.target_id, entry.target_type) == ("", "")
    assert entry.actor_name == "nobody" + "x" * 143 + "…"


def test_deleting_the_own_account_records_no_sign_out(alice: Any) -> None:
    client = Client()
    client.force_login(alice)
    client.post(reverse("messaging:delete_user"), {"password": "alice's password"})
    assert number(Event.ACCOUNT_DELETED) == 1
    assert number(Event.SIGNED_OUT) == 0


def test_a_password_change_is_recorded_without_passwords(rosa: Any, alice: Any) -> None:
    alice.set_password("entirely new")
    with editing_as(rosa):
        alice.save()
    entry = newest(Event.PASSWORD_CHANGED)
    assert (entry.actor, entry.target_id, entry.details) == (rosa, str(alice.pk), {})


def test_removing_a_password_is_recorded(alice: Any) -> None:
    alice.set_unusable_password()
    alice.save(update_fields=["password"])
    assert number(Event.PASSWORD_CHANGED) == 1


@pytest.mark.parametrize("stored", [None, "md4$salt$hash"])
def test_a_password_change_is_recorded_after_a_direct_update(alice: Any, stored: str | None) -> None:
    get_user_model().objects.filter(pk=alice.pk).update(password=stored or alice.password)
    alice.password = make_password("entirely new")
    alice.save(update_fields=["password"])
    assert number(Event.PASSWORD_CHANGED) == 1


def test_rehashing_a_password_is_not_recorded(alice: Any, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher", *settings.PASSWORD_HASHERS]
    assert authenticate(username="alice", password="alice's password") == alice
    alice.refresh_from_db()
    assert alice.password.startswith("pbkdf2_sha256$")
    assert number(Event.PASSWORD_CHANGED) == 0


@pytest.mark.parametrize("fields", [None, ["username"], ["username", "email"]])
def test_a_renaming_is_recorded_with_both_names(rosa: Any, alice: Any, fields: Any) -> None:
    alice.username = "alicia"
    with editing_as(rosa):
        alice.save(update_fields=fields)
    entry = newest(Event.RENAMED)
    assert (entry.actor, entry.target_id, entry.target_label) == (rosa, str(alice.pk), "alicia")
    assert (entry.reason, entry.details) == ("“alice” is called “alicia” now.", {})


def test_scrubbing_removes_both_names_of_a_renamed_person(rosa: Any, alice: Any) -> None:
    alice.username = "beatrix"
    alice.save()
    key = alice.pk
    alice.delete()
    scrubbing.scrub_person(key, by=rosa, reason="Request 17")
    kept = str(list(Entry.objects.filter(target_id=str(key)).values()))
    assert "alice" not in kept and "beatrix" not in kept


@pytest.mark.parametrize("flag", ["is_staff", "is_superuser", "is_active"])
def test_flags_are_recorded_with_before_and_after(rosa: Any, alice: Any, flag: str) -> None:
    before = getattr(alice, flag)
    setattr(alice, flag, not before)
    with editing_as(rosa):
        alice.save()
    entry = newest(Event.ROLES_CHANGED)
    assert (entry.actor, entry.target_id) == (rosa, str(alice.pk))
    assert entry.details == {flag: {"before": before, "after": not before}}


@pytest.mark.django_db
def test_flags_of_a_new_account_are_recorded_only_if_set() -> None:
    make_user("pia")
    assert number(Event.ROLES_CHANGED) == 0
    make_user("mia", is_staff=True)
    assert newest(Event.ROLES_CHANGED).details == {"is_staff": {"before": False, "after": True}}


def test_saving_an_unchanged_account_records_no_entry(alice: Any) -> None:
    before = Entry.objects.count()
    alice.email = "alice@example.org"
    alice.save()
    alice.is_staff = True
    alice.save(update_fields=["email"])
    assert Entry.objects.count() == before


def test_a_flag_whose_entry_cannot_be_stored_does_not_change(alice: Any) -> None:
    alice.is_staff = True
    with pytest.raises(NotRecorded), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE audit_unsealed")
        alice.save()
    alice.refresh_from_db()
    assert not alice.is_staff


@pytest.mark.django_db(transaction=True)
def test_a_flag_is_stored_together_with_its_entry_or_not_at_all() -> None:
    alice = make_user("alice")
    alice.is_staff = True
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry RENAME TO elsewhere")
    try:
        with pytest.raises(NotRecorded):
            alice.save()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO audit_entry")
    alice.refresh_from_db()
    assert not alice.is_staff


def test_added_and_removed_roles_are_recorded_by_id(rosa: Any, alice: Any, lead: Group) -> None:
    with editing_as(rosa):
        alice.groups.add(lead)
        assert newest(Event.ROLES_CHANGED).details == {"field": "groups", "added": [lead.pk]}
        alice.groups.set([])
    entry = newest(Event.ROLES_CHANGED)
    assert (entry.actor, entry.target_label) == (rosa, "alice")
    assert entry.details == {"field": "groups", "removed": [lead.pk]}


def test_roles_changed_through_the_group_are_recorded_for_each_person(alice: Any, bob: Any, lead: Any) -> None:
    lead.user_set.add(alice, bob)
    lead.user_set.clear()
    entries = Entry.objects.filter(event=Event.ROLES_CHANGED).order_by("id")
    assert [(entry.target_label, entry.details) for entry in entries] == [
        ("alice", {"field": "groups", "added": [lead.pk]}),
        ("bob", {"field": "groups", "added": [lead.pk]}),
        ("alice", {"field": "groups", "removed": [lead.pk]}),
        ("bob", {"field": "groups", "removed": [lead.pk]}),
    ]


def test_removing_an_absent_role_records_no_entry(alice: Any, lead: Group) -> None:
    alice.groups.remove(lead)
    alice.groups.clear()
    assert number(Event.ROLES_CHANGED) == 0


def test_permissions_of_people_and_of_roles_are_recorded(alice: Any, lead: Group, reading: Permission) -> None:
    alice.user_permissions.add(reading)
    assert newest(Event.ROLES_CHANGED).details == {"field": "user_permissions", "added": ["messaging.view_message"]}
    reading.group_set.add(lead)
    entry = newest(Event.GROUP_CHANGED)
    assert (entry.target_type, entry.target_label) == ("auth.group", "Lead")
    assert entry.details == {"field": "permissions", "added": ["messaging.view_message"]}


def test_a_deleted_account_is_recorded_with_counts_and_without_its_name(rosa: Any, alice: Any, bob: Any) -> None:
    write(alice, bob)
    key = alice.pk
    with editing_as(rosa):
        alice.delete()
    entry = newest(Event.ACCOUNT_DELETED)
    assert (entry.actor, entry.target_type, entry.target_id) == (rosa, "accounts.user", str(key))
    assert (entry.target_label, entry.details["messages_sent"]) == ("", 1)
    assert "alice" not in str(Entry.objects.filter(pk=entry.pk).values().get())
