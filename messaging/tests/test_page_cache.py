"""Pages are cached for a minute per user and session, and invalidated as soon as something on them changes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.test.signals import template_rendered
from django.urls import reverse

from messaging import page_cache
from messaging.editors import editing_as
from messaging.models import Message
from messaging.tests.clients import reading
from messaging.tests.conversations import answer, write
from messaging.tests.receivers import disconnected

INBOX = reverse("messaging:inbox")


def conversation(message: Message) -> str:
    return reverse("messaging:conversation", args=[message.conversation_id])


def text(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def change_without_signals(message: Message, content: str) -> None:
    """Change a text by an update, which sends no signal."""
    Message.objects.filter(pk=message.pk).update(content=content)


def test_a_page_is_cached(alice: Any, bob: Any) -> None:
    message = write(bob, alice, "before")
    client = reading(alice)
    for address in (INBOX, conversation(message), reverse("messaging:history", args=[message.pk])):
        first = text(client, address)
        change_without_signals(message, f"after {address}")
        assert text(client, address) == first


def test_a_cached_page_needs_queries_only_for_the_session_and_the_user(
    alice: Any, bob: Any, django_assert_num_queries: Any
) -> None:
    message = write(bob, alice)
    client = reading(alice)
    client.get(conversation(message))
    with django_assert_num_queries(2):  # session, user
        client.get(conversation(message))


def test_a_page_is_cached_for_a_minute(alice: Any, bob: Any, monkeypatch: Any) -> None:
    seconds = []
    original = page_cache.cache_page

    def noting(timeout: int, **options: Any) -> Any:
        seconds.append(timeout)
        return original(timeout, **options)

    monkeypatch.setattr(page_cache, "cache_page", noting)
    write(bob, alice)
    reading(alice).get(INBOX)
    assert seconds == [60]


def test_cached_pages_are_not_shared_between_users(alice: Any, bob: Any, charlie: Any) -> None:
    message = write(bob, alice, "for Alice and Bob")
    alices, bobs, charlies = reading(alice), reading(bob), reading(charlie)
    assert "for Alice and Bob" in text(alices, conversation(message))
    assert "Signed in as <bdi>bob</bdi>" in text(bobs, conversation(message))
    assert charlies.get(conversation(message)).status_code == 404
    assert "for Alice" not in text(charlies, INBOX)


def test_the_next_user_of_the_same_browser_gets_their_own(alice: Any, bob: Any) -> None:
    write(bob, alice)
    client = reading(alice)
    assert "Signed in as <bdi>alice</bdi>" in text(client, INBOX)
    client.force_login(bob)
    assert "Signed in as <bdi>bob</bdi>" in text(client, INBOX)


def test_no_cached_page_is_served_after_signing_out_or_being_disabled(alice: Any, bob: Any) -> None:
    write(bob, alice)
    client = reading(alice)
    client.get(INBOX)
    type(alice).objects.filter(pk=alice.pk).update(is_active=False)
    assert client.get(INBOX).status_code == 302
    type(alice).objects.filter(pk=alice.pk).update(is_active=True)
    assert client.get(INBOX).status_code == 200
    client.logout()
    assert client.get(INBOX).status_code == 302


def test_the_browser_is_told_to_store_nothing(alice: Any, bob: Any) -> None:
    write(bob, alice)
    client = reading(alice)
    for response in (client.get(INBOX), client.get(INBOX)):
        assert response["Cache-Control"] == "private, no-cache, no-store"
        assert "Expires" not in response
        assert "Cookie" in response["Vary"]


def send(by: Client, message: Message) -> None:
    by.post(reverse("messaging:reply", args=[message.pk]), {"content": "something new"})


def edit(by: Client, message: Message) -> None:
    by.post(reverse("messaging:edit", args=[message.pk]), {"content": "something new"})


def mark(by: Client, message: Message) -> None:
    by.post(conversation(message) + "mark-read/")


def compose(by: Client, message: Message) -> None:
    name = message.receiver.get_username()
    by.post(reverse("messaging:compose"), {"receiver": name, "content": "something new"})


def from_the_shell(by: Client, message: Message) -> None:
    message.content = "something new"
    message.save()


def deleted(by: Client, message: Message) -> None:
    message.delete()


@pytest.mark.parametrize("change", [send, edit, compose, from_the_shell, deleted])
def test_a_change_shows_at_once_in_every_session_of_both_people(alice: Any, bob: Any, change: Any) -> None:
    message = answer(write(bob, alice, "the first"), "the second")
    browsers = {"alice": reading(alice), "alice's phone": reading(alice), "bob": reading(bob)}
    before = {name: text(client, INBOX) + text(client, conversation(message)) for name, client in browsers.items()}
    change(browsers["alice"], message)
    browsers["alice"].get(reverse("messaging:compose"))  # shows the notice
    for name, client in browsers.items():
        assert plain(text(client, INBOX) + text(client, conversation(message))) != plain(before[name]), name


def plain(html: str) -> str:
    """Return a page without the parts that differ in each rendering."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", html)


def test_marking_as_read_shows_at_once_in_every_session(alice: Any, bob: Any) -> None:
    message = write(bob, alice)
    computer, phone = reading(alice), reading(alice)
    for client in (computer, phone):
        assert "unread" in text(client, INBOX)
        client.get(conversation(message))
    mark(computer, message)
    assert "1 message is marked as read." in text(computer, conversation(message))
    for client in (computer, phone):
        assert "everything read" in text(client, INBOX)
        assert "unread" not in text(client, conversation(message))


def test_a_notice_is_not_cached(alice: Any, bob: Any) -> None:
    """A page with a notice is not cached, and a cached page does not replace one with a notice."""
    message = write(alice, bob)
    client = reading(alice)
    client.get(conversation(message))
    edit(client, message)
    assert "Your changes were saved." in text(client, conversation(message))
    assert "Your changes were saved." not in text(client, conversation(message))


def test_the_same_notice_is_shown_once_each_time(alice: Any, bob: Any, settings: Any) -> None:
    """A notice stored in the session changes no cookie, so the cache cannot recognise the page by a cookie."""
    settings.MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
    message = write(alice, bob)
    client = reading(alice)
    for _ in range(2):
        client.post(reverse("messaging:edit", args=[message.pk]), {"content": message.content})
        assert "Nothing was changed" in text(client, conversation(message))
        assert "Nothing was changed" not in text(client, conversation(message))


@pytest.mark.parametrize("looked_before", ["the same browser", "another browser"])
def test_forms_of_a_cached_page_can_be_submitted(alice: Any, bob: Any, looked_before: str) -> None:
    message = write(bob, alice)
    client = reading(alice, enforce_csrf_checks=True)
    other = reading(alice)
    (client if looked_before == "the same browser" else other).get(conversation(message))
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', text(client, conversation(message)))
    assert token
    address = reverse("messaging:reply", args=[message.pk])
    assert client.post(address, {"content": "hello", "csrfmiddlewaretoken": token[1]}).status_code == 302


def test_a_browser_without_the_csrf_cookie_gets_no_cached_page(alice: Any, bob: Any) -> None:
    """The form token of a cached page would belong to a cookie that this browser does not have."""
    message = write(bob, alice)
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    for _ in range(2):
        client.cookies.pop("csrftoken", None)
        html = text(client, conversation(message))
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', html)
    assert token
    address = reverse("messaging:reply", args=[message.pk])
    assert client.post(address, {"content": "hello", "csrfmiddlewaretoken": token[1]}).status_code == 302


def test_a_page_rendered_during_a_change_is_not_served_later(alice: Any, bob: Any) -> None:
    """The data of such a page was read before the change, and the page was finished after it."""
    message = write(bob, alice, "before")
    client = reading(alice)

    def change(**_: Any) -> None:
        template_rendered.disconnect(change)
        message.content = "after"
        message.save()

    template_rendered.connect(change)
    client.get(conversation(message))
    assert "after" in text(client, conversation(message))


@pytest.mark.django_db(transaction=True)
def test_a_page_rendered_before_the_commit_is_not_served_after_it(alice: Any, bob: Any) -> None:
    message = write(bob, alice, "before")
    client = reading(alice)
    with transaction.atomic():
        message.content = "after"
        message.save()
        prefix_before_commit = page_cache._key_prefix(alice.pk)
    assert page_cache._key_prefix(alice.pk) != prefix_before_commit
    assert "after" in text(client, conversation(message))


def test_messages_of_a_deleted_account_are_on_no_cached_page(alice: Any, bob: Any) -> None:
    write(bob, alice, "from Bob")
    client = reading(alice)
    assert "from Bob" in text(client, INBOX)
    with editing_as(None):
        bob.delete()
    assert "from Bob" not in text(client, INBOX)


def test_fixtures_invalidate_nothing(alice: Any, bob: Any) -> None:
    """Receivers ignore raw saves."""
    message = write(bob, alice)
    prefix = page_cache._key_prefix(alice.pk)
    message.save_base(raw=True)
    assert page_cache._key_prefix(alice.pk) == prefix
    with disconnected():
        message.save()
    assert page_cache._key_prefix(alice.pk) == prefix
    message.save()
    assert page_cache._key_prefix(alice.pk) != prefix


def test_without_a_working_cache_every_page_is_rendered(alice: Any, bob: Any, settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    message = write(bob, alice, "before")
    client = reading(alice)
    assert "before" in text(client, conversation(message))
    change_without_signals(message, "after")
    assert "after" in text(client, conversation(message))


def test_keys_are_named_and_versioned(alice: Any, bob: Any) -> None:
    assert page_cache._key_prefix(alice.pk).startswith("messaging:pages:v1.")
    assert page_cache._user_key(alice.pk) == f"messaging:pages:v1:user:{alice.pk}"
    assert cache.get(page_cache._user_key(alice.pk)) and cache.get(page_cache.EVERYBODY_KEY)
