"""The demo data are believable, complete, consistent and recent, and cover everything that a screen can show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import transaction
from django.db.models import F, Max, Min

from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.conversations import write
from ops.accounts.usernames import username_problem
from ops.management.commands.setup import DEMO_AGE, load_demo, move_in_time

User = get_user_model()
NOW = datetime(2031, 3, 14, 9, 26, 53, 589793, tzinfo=UTC)


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Load the demo once for this module; each test rolls back its changes, and this fixture rolls back the demo."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_demo(now=NOW)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def demo(loaded: None, db: Any) -> None:
    """The demo as it was loaded."""


def test_the_counts_in_the_file_are_those_of_its_messages(db: Any) -> None:
    call_command("loaddata", "demo", verbosity=0)
    counts = list(Conversation.objects.order_by("pk").values())
    Conversation.objects.all().recount()
    assert list(Conversation.objects.order_by("pk").values()) == counts
    assert not Conversation.objects.filter(message_count=0).exists()


def test_every_conversation_begins_with_its_first_message(demo: None) -> None:
    for conversation in Conversation.objects.annotate(first=Min("messages__timestamp")):
        assert conversation.started_at == conversation.first
        assert conversation.messages.filter(parent_message=None).count() == 1


def test_every_reply_is_in_the_conversation_of_what_it_answers_and_later(demo: None) -> None:
    replies = Message.objects.exclude(parent_message=None)
    assert replies.exists()
    assert not replies.exclude(conversation=F("parent_message__conversation")).exists()
    assert not replies.filter(timestamp__lte=F("parent_message__timestamp")).exists()


def test_exactly_the_edited_messages_have_histories(demo: None) -> None:
    edited = Message.objects.filter(edited=True)
    assert set(edited) == set(Message.objects.exclude(histories=None))
    assert edited.count() >= 10
    assert MessageHistory.objects.count() > edited.count(), "one was edited twice"
    assert not MessageHistory.objects.filter(old_content=F("message__content")).exists()
    assert not MessageHistory.objects.filter(edited_at__lte=F("message__timestamp")).exists()
    assert not MessageHistory.objects.exclude(edited_by=F("message__sender")).exists()


def test_every_unread_message_has_notified_its_receiver(demo: None) -> None:
    unread = set(Message.unread.values_list("receiver", "pk"))
    assert len(unread) >= 10
    assert set(Notification.objects.values_list("user", "message")) == unread


def test_one_thread_is_long_and_deep(demo: None) -> None:
    longest = Conversation.objects.order_by("message_count").last()
    assert longest is not None
    depths: dict[int | None, int] = {None: 0}
    for message in longest.messages.order_by("timestamp"):
        depths[message.pk] = depths[message.parent_message_id] + 1
    assert longest.message_count > 40
    assert max(depths.values()) > 40


def test_some_messages_are_long_in_other_scripts_or_to_oneself(demo: None) -> None:
    assert Message.objects.filter(sender=F("receiver")).exists()
    for letter in "Σاの😂":
        assert Message.objects.filter(content__contains=letter).exists(), letter
    assert max(len(message.content) for message in Message.objects.all()) > 1500


def test_no_demo_account_can_sign_in(demo: None) -> None:
    for person in User.objects.all():
        assert not person.has_usable_password()
        assert not person.is_staff
        assert username_problem(person.username) is None


def test_the_demo_ends_just_before_it_is_loaded(demo: None) -> None:
    newest = Message.objects.aggregate(newest=Max("timestamp"))["newest"]
    assert newest == NOW.replace(microsecond=0) - DEMO_AGE
    assert Conversation.objects.order_by("last_message_at").last().last_message_at == newest  # type: ignore[union-attr]
    assert not Notification.objects.exclude(created_at=F("message__timestamp")).exists()
    assert not MessageHistory.objects.filter(edited_at__gt=NOW).exists()
    assert NOW - timedelta(days=60) < User.objects.latest("date_joined").date_joined < newest
    assert not Message.objects.filter(timestamp__lt=F("sender__date_joined")).exists()
    assert not Message.objects.filter(timestamp__lt=F("receiver__date_joined")).exists()


def test_moving_the_demo_in_time_takes_a_limited_number_of_queries(
    demo: None, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(12):
        move_in_time(timedelta(days=1))


def test_new_rows_get_unused_ids_after_the_demo(demo: None) -> None:
    """New rows get unused ids, even where a separate sequence counts them (PostgreSQL)."""
    maren = User.objects.get(username="maren.holt")
    message = write(maren, User.objects.create_user("somebody new"), "Welcome!")
    assert message.conversation.pk > 40


def test_the_demo_is_loaded_only_once(demo: None) -> None:
    assert load_demo(now=NOW) == 0
