"""Reading, searching and changing in the console leave entries; an act that cannot be recorded is not performed."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from admin_interface.models import Theme
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.models import Message
from messaging.tests.conversations import write
from ops.audit.events import Event
from ops.audit.models import Entry
from ops.audit.recorded_admin import RecordedChanges
from ops.conftest import READING, confirm, make_staff
from ops.console.readonly import ReadOnlyPermissions
from ops.deletion.events import DeletionEvent
from ops.deletion.tests.screens import ask_about, filled_in
from ops.events import ConsoleEvent
from ops.imports.events import ImportEvent
from ops.imports.models import Import

LIST = reverse("admin:messaging_conversation_changelist")


@pytest.fixture
def lea(client: Client, db: Any) -> Client:
    """A client of Lea, who may also correct messages."""
    client.force_login(make_staff("lea", *READING, "change_message"))
    return client


def stop_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the audit trail unwritable from now on."""

    def fail(entry: Entry, **options: Any) -> None:
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(Entry, "save", fail)


def conversation_page(message: Message) -> str:
    return reverse("admin:messaging_conversation_change", args=[message.conversation_id])


def message_page(message: Message) -> str:
    return reverse("admin:messaging_message_change", args=[message.pk])


def entries(*events: str) -> list[tuple[Any, ...]]:
    """Return event, actor and target of the entries of these kinds, oldest first."""
    found = Entry.objects.filter(event__in=events).order_by("pk")
    return list(found.values_list("event", "actor_name", "target_type", "target_id"))


def test_opening_a_conversation_or_a_message_is_recorded_once_an_hour(
    reviewing: Client, rita: Any, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = write(alice, bob, "between the two of us")
    for _ in range(2):
        reviewing.get(conversation_page(message))
        reviewing.get(message_page(message))
    read = [
        ("conversation.read", "rita", "messaging.conversation", str(message.conversation_id)),
        ("message.read", "rita", "messaging.message", str(message.pk)),
    ]
    assert entries(ConsoleEvent.CONVERSATION_READ, ConsoleEvent.MESSAGE_READ) == read
    later = timezone.now() + timedelta(hours=1, minutes=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    reviewing.force_login(rita)  # sessions do not last that long without a request
    reviewing.get(conversation_page(message))
    assert entries(ConsoleEvent.CONVERSATION_READ) == read[:1] * 2


def test_reading_is_recorded_per_person_and_conversation(
    reviewing: Client, client: Client, alice: Any, bob: Any
) -> None:
    first, second = write(alice, bob), write(alice, bob)
    for message in (first, second):
        reviewing.get(conversation_page(message))
    client.force_login(make_staff("ray", *READING))
    client.get(conversation_page(first))
    assert [(who, key) for _, who, _, key in entries(ConsoleEvent.CONVERSATION_READ)] == [
        ("rita", str(first.conversation_id)),
        ("rita", str(second.conversation_id)),
        ("ray", str(first.conversation_id)),
    ]


def test_a_page_whose_reading_cannot_be_recorded_is_refused(
    reviewing: Client, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = write(alice, bob, "between the two of us")
    stop_recording(monkeypatch)
    for address in (conversation_page(message), message_page(message), f"{LIST}?q=between"):
        response = reviewing.get(address)
        assert response.status_code == 503
        assert "could not be recorded" in response.content.decode()
        assert "between the two of us" not in response.content.decode()


def test_a_refused_page_is_not_recorded_as_read(client: Client, nils: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    client.force_login(nils)
    assert client.get(conversation_page(message)).status_code == 403
    assert entries(ConsoleEvent.CONVERSATION_READ) == []


def test_a_search_is_recorded_with_its_terms_filters_and_results(reviewing: Client, alice: Any, bob: Any) -> None:
    first = write(alice, bob)
    reviewing.get(f"{LIST}?q=with:alice&unread=yes")
    entry = Entry.objects.get(event=Event.SEARCH_MADE)
    assert (entry.target_type, entry.target_label) == ("messaging.conversation", "with:alice")
    assert entry.details == {"filters": {"unread": "yes"}, "rows": 1, "results": 1, "messages": [[first.pk, first.pk]]}


@pytest.mark.parametrize("query", ["?q=alice&page=last", "?unread=yes&page=last"])
def test_opening_a_later_page_first_is_recorded_as_a_search(
    reviewing: Client, alice: Any, bob: Any, query: str
) -> None:
    write(alice, bob)
    reviewing.get(LIST + query)
    assert len(entries(Event.SEARCH_MADE)) == 1


@pytest.mark.parametrize("query", ["", "?page=last"])
def test_a_plain_list_is_no_search(reviewing: Client, alice: Any, bob: Any, query: str) -> None:
    write(alice, bob)
    reviewing.get(LIST + query)
    assert entries(Event.SEARCH_MADE) == []


def test_a_correction_is_recorded_without_its_text(lea: Client, alice: Any, bob: Any) -> None:
    message = write(alice, bob, "the old words")
    lea.post(message_page(message), {"content": "the new words", "reason": "as its author asked"})
    entry = Entry.objects.get(event=ConsoleEvent.MESSAGE_EDITED)
    assert (entry.actor_name, entry.target_id) == ("lea", str(message.pk))
    assert entry.reason == "as its author asked"
    assert "words" not in str(Entry.objects.filter(pk=entry.pk).values().get())
    lea.post(message_page(message), {"content": "the new words", "reason": "as its author asked"})
    assert len(entries(ConsoleEvent.MESSAGE_EDITED)) == 1


def test_a_form_that_is_refused_shows_the_page_and_is_recorded_as_reading(lea: Client, alice: Any, bob: Any) -> None:
    message = write(alice, bob, "the old words")
    assert "the old words" in lea.post(message_page(message), {"content": ""}).content.decode()
    assert entries(ConsoleEvent.MESSAGE_READ) == [("message.read", "lea", "messaging.message", str(message.pk))]


def test_a_correction_that_cannot_be_recorded_is_not_made(
    lea: Client, alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = write(alice, bob, "the old words")
    stop_recording(monkeypatch)
    form = {"content": "the new words", "reason": "as its author asked"}
    assert lea.post(message_page(message), form).status_code == 503
    message.refresh_from_db()
    assert (message.content, message.histories.count()) == ("the old words", 0)


def test_a_changed_theme_is_recorded_by_its_fields(client: Client, rosa: Any) -> None:
    client.force_login(rosa)
    theme = Theme.objects.get(name="Threadward")
    address = reverse("admin:admin_interface_theme_change", args=[theme.pk])
    form = client.get(address).context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value}
    client.post(address, {**data, "title": "Our console"})
    entry = Entry.objects.get(event=ConsoleEvent.THEME_CHANGED)
    assert "Title" in entry.details["fields"]
    assert "Our console" not in str(entry.details)


def test_added_changed_and_deleted_records_are_recorded(client: Client, rosa: Any) -> None:
    client.force_login(rosa)
    confirm(client, "rosa")
    client.post(reverse("admin:auth_group_add"), {"name": "Helpers"})
    group = Group.objects.get(name="Helpers")
    client.post(reverse("admin:auth_group_change", args=[group.pk]), {"name": "Hands"})
    client.post(reverse("admin:auth_group_delete", args=[group.pk]), {"post": "yes"})
    found = entries(Event.RECORD_ADDED, Event.RECORD_CHANGED, Event.RECORD_DELETED)
    assert found == [(event, "rosa", "auth.group", str(group.pk)) for event in (
        "record.added", "record.changed", "record.deleted")]  # fmt: skip


def test_entries_of_one_request_share_an_id(client: Client, rosa: Any, alice: Any, bob: Any, charlie: Any) -> None:
    """Entries of another click have another id."""
    client.force_login(rosa)
    client.post(reverse("confirm"), {"password": "rosa's password"})
    client.post(ask_about(alice, bob), filled_in("delete 2 accounts"))
    client.post(ask_about(charlie), filled_in("charlie"))
    asked = Entry.objects.filter(event=DeletionEvent.DELETION_REQUESTED).order_by("pk")
    actions = list(asked.values_list("action", flat=True))
    assert len(actions) == 3
    assert actions[0] == actions[1] != actions[2]


def test_deleting_a_member_of_staff_keeps_their_entries(reviewing: Client, rita: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    reviewing.get(conversation_page(message))
    before, key = Entry.objects.filter(actor=rita).count(), rita.pk
    assert before
    rita.delete()
    left = Entry.objects.filter(actor_id=key, actor_name="rita")
    assert left.count() == before
    assert left.filter(event=ConsoleEvent.CONVERSATION_READ).exists()


def import_one(tmp_path: Path) -> None:
    file = tmp_path / "messages.csv"
    file.write_text(
        "external_id,parent_external_id,sender,receiver,timestamp,content\n1,,alice,bob,2026-01-05T10:00:00Z,hello\n"
    )
    call_command("import_messages", str(file), stdout=StringIO(), stderr=StringIO())


def test_an_import_is_recorded_with_what_it_added(alice: Any, bob: Any, tmp_path: Path) -> None:
    import_one(tmp_path)
    entry = Entry.objects.get(event=ImportEvent.IMPORT_MADE)
    added = {"messages": 1, "replies": 0, "conversations": 1, "users": 0}
    batch = str(Import.objects.get().pk)
    assert entry.details == {"batch": batch, **added}
    import_one(tmp_path)
    assert len(entries(ImportEvent.IMPORT_MADE)) == 1


def test_an_import_that_cannot_be_recorded_stores_nothing(
    alice: Any, bob: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_recording(monkeypatch)
    with pytest.raises(CommandError, match="could not be recorded"):
        import_one(tmp_path)
    assert not Message.objects.exists()


@pytest.mark.parametrize("model", [pytest.param(model, id=model.__name__) for model in admin.site._registry])
def test_every_admin_records_changes_or_is_read_only(model: Any) -> None:
    """No registered list changes rows without recording it."""
    model_admin = admin.site._registry[model]
    assert isinstance(model_admin, RecordedChanges | ReadOnlyPermissions)


def test_djangos_history_page_leads_to_the_trail(client: Client, rosa: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    client.force_login(rosa)
    response = client.get(reverse("admin:messaging_message_history", args=[message.pk]))
    assert response["Location"] == f"{reverse('admin:audit_entry_changelist')}?target=messaging.message%3A{message.pk}"
