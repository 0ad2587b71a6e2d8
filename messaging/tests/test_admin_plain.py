"""The plain admin, without the console: conversations, messages, and read-only histories and notifications."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin import AdminSite
from django.contrib.admin.utils import lookup_field
from django.test import RequestFactory

from messaging import admin as plain
from messaging.editors import editing_as
from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write

ADMINS = {
    Conversation: plain.ConversationAdmin,
    Message: plain.MessageAdmin,
    MessageHistory: plain.MessageHistoryAdmin,
    Notification: plain.NotificationAdmin,
}


@pytest.fixture
def site() -> AdminSite:
    """A separate site: where the console is installed, the default site holds the console's admin."""
    site = AdminSite("plain")
    for model, model_admin in ADMINS.items():
        site.register(model, model_admin)
    return site


@pytest.fixture
def request_by_root(db: Any) -> Any:
    request = RequestFactory().get("/")
    request.user = make_user("root", is_staff=True, is_superuser=True)
    return request


def test_histories_and_notifications_are_read_only(site: AdminSite, request_by_root: Any) -> None:
    for model in (MessageHistory, Notification):
        permissions = site.get_model_admin(model).get_model_perms(request_by_root)
        assert permissions == {"add": False, "change": False, "delete": False, "view": True}


def test_conversations_cannot_be_added(site: AdminSite, request_by_root: Any) -> None:
    assert not site.get_model_admin(Conversation).has_add_permission(request_by_root)


def test_the_people_and_the_parent_of_a_sent_message_cannot_be_changed(
    site: AdminSite, request_by_root: Any, alice: Any, bob: Any
) -> None:
    messages = site.get_model_admin(Message)
    new = messages.get_form(request_by_root).base_fields
    sent = messages.get_form(request_by_root, write(alice, bob), change=True).base_fields
    assert {"sender", "receiver", "parent_message"} <= set(new)
    assert not {"sender", "receiver", "parent_message"} & set(sent)


def test_a_text_changed_here_keeps_its_history(site: AdminSite, request_by_root: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob, "before")
    messages = site.get_model_admin(Message)
    data = {"content": "after", "timestamp_0": "2026-01-05", "timestamp_1": "10:00:00", "external_id": ""}
    form = messages.get_form(request_by_root, message, change=True)(data, instance=message)
    assert form.is_valid(), form.errors
    with editing_as(request_by_root.user):
        messages.save_model(request_by_root, form.save(commit=False), form, change=True)
    message.refresh_from_db()
    assert (message.content, message.external_id) == ("after", None)
    history = MessageHistory.objects.get()
    assert (history.old_content, history.edited_by) == ("before", request_by_root.user)


def test_deleting_a_message_needs_no_permission_for_its_histories_and_notifications(
    site: AdminSite, request_by_root: Any, alice: Any, bob: Any
) -> None:
    """A message's histories and notifications, which nobody may delete separately, do not prevent its deletion."""
    message = write(alice, bob)
    message.content = "edited"
    message.save()
    *_, needed, protected = site.get_model_admin(Message).get_deleted_objects([message], request_by_root)
    assert not needed and not protected


@pytest.mark.parametrize("model", ADMINS)
def test_the_number_of_queries_of_a_list_does_not_grow(
    site: AdminSite, request_by_root: Any, alice: Any, bob: Any, model: Any, django_assert_max_num_queries: Any
) -> None:
    model_admin = site.get_model_admin(model)
    request_by_root.resolver_match = None
    for _ in range(2):
        for number in range(10):
            message = answer(write(alice, bob, external_id=f"{model.__name__} {Message.objects.count()}.{number}"))
            message.content = "edited"
            message.save()
        with django_assert_max_num_queries(3):
            changes = model_admin.get_changelist_instance(request_by_root)
            for row in changes.result_list:
                for name in model_admin.list_display:
                    str(lookup_field(name, row, model_admin))
