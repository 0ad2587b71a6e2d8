"""Deleting one's own account shows exactly what will be deleted, asks for the password, and needs a POST."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth import get_user_model
from django.urls import reverse

from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write

ADDRESS = reverse("messaging:delete_user")


def words(response: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_the_page_says_exactly_what_will_be_removed(client: Any, alice: Any, bob: Any, charlie: Any) -> None:
    first = write(charlie, bob)  # a conversation of others, which is kept
    hers = answer(first, sender=alice, receiver=bob, minute=1)
    answer(hers, sender=charlie, receiver=bob, minute=2)  # a reply to hers, which becomes a reply to the first message
    write(bob, alice)  # a conversation that is deleted with her account
    edited = write(alice, bob)
    for text in ("once", "twice"):
        edited.content = text
        edited.save()
    client.force_login(alice)
    text = words(client.get(ADDRESS))
    assert "Messages you sent 2 Messages you received 1" in text
    assert "Earlier texts of these messages 2 Notifications of them 3 Conversations left without a message 2" in text
    assert "1 reply by other people to other people stays, and will answer the message before yours." in text
    assert "Delete my account and 3 messages for good" in text


def test_the_right_password_deletes_everything_and_signs_out(client: Any, alice: Any, bob: Any, charlie: Any) -> None:
    first = write(charlie, bob)
    hers = answer(first, sender=alice, receiver=bob)
    stays = answer(hers, sender=charlie, receiver=bob)
    write(bob, alice)
    client.force_login(alice)
    response = client.post(ADDRESS, {"password": "alice's password"}, follow=True)
    assert "Your account and its messages were deleted, and you are signed out." in words(response)
    assert not get_user_model().objects.filter(pk=alice.pk).exists()
    assert set(Message.objects.all()) == {first, stays}
    assert Message.objects.get(pk=stays.pk).parent_message == first
    assert Conversation.objects.get() == first.conversation
    assert not Notification.objects.filter(user_id=alice.pk).exists()
    assert "_auth_user_id" not in client.session
    assert client.get(reverse("messaging:inbox")).status_code == 302


def test_own_edits_do_not_prevent_the_deletion(client: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    client.force_login(alice)
    client.post(reverse("messaging:edit", args=[message.pk]), {"content": "changed"})
    client.post(ADDRESS, {"password": "alice's password"})
    assert not MessageHistory.objects.exists() and not get_user_model().objects.filter(pk=alice.pk).exists()


def test_without_the_right_password_nothing_happens(client: Any, alice: Any, bob: Any) -> None:
    write(alice, bob)
    client.force_login(alice)
    wrong = client.post(ADDRESS, {"password": "guess"})
    assert "Wrong password. Nothing was deleted." in words(wrong)
    assert "guess" not in wrong.content.decode()
    assert "Enter your password to delete the account." in words(client.post(ADDRESS))
    assert get_user_model().objects.filter(pk=alice.pk).exists() and Message.objects.exists()


def test_looking_at_the_page_deletes_nothing(client: Any, alice: Any) -> None:
    client.force_login(alice)
    client.get(ADDRESS, {"password": "alice's password"})
    client.head(ADDRESS)
    assert get_user_model().objects.filter(pk=alice.pk).exists()


def test_an_account_without_a_password_cannot_be_deleted_here(client: Any, alice: Any) -> None:
    alice.set_unusable_password()
    alice.save()
    client.force_login(alice)
    client.post(ADDRESS, {"password": alice.password})
    assert get_user_model().objects.filter(pk=alice.pk).exists()


def test_the_last_superuser_cannot_be_deleted(client: Any, db: Any, settings: Any) -> None:
    settings.MESSAGING_DELETE_ACCOUNT = None  # the site may have another way to delete accounts
    root = make_user("root", is_superuser=True)
    client.force_login(root)
    response = client.post(ADDRESS, {"password": "root's password"})
    assert "This is the last active superuser" in words(response)
    assert get_user_model().objects.filter(pk=root.pk).exists()
    make_user("another root", is_superuser=True)
    client.post(ADDRESS, {"password": "root's password"})
    assert not get_user_model().objects.filter(pk=root.pk).exists()


def test_a_stranger_is_asked_to_sign_in(client: Any, db: Any) -> None:
    assert client.post(ADDRESS)["Location"].startswith(reverse("login"))


def test_the_goodbye_page_redirects_signed_in_users(client: Any, alice: Any) -> None:
    client.force_login(alice)
    assert client.get(reverse("messaging:goodbye"))["Location"] == reverse("messaging:inbox")


class Seen:
    """An authentication backend that rejects everybody and records its calls."""

    asked: list[Any] = []

    def authenticate(self, request: Any, username: str | None = None, password: str | None = None) -> None:
        Seen.asked.append((request and request.path, username))


def test_the_backends_of_the_site_check_the_password_and_know_the_request(
    client: Any, alice: Any, settings: Any
) -> None:
    """Backends can count guesses: the page works with any of them."""
    settings.MESSAGING_CONFIRM_IDENTITY = None  # the site may have another password check
    own = "django.contrib.auth.backends.ModelBackend"
    settings.AUTHENTICATION_BACKENDS = [f"{__name__}.Seen", own]
    Seen.asked.clear()
    client.force_login(alice, backend=own)
    assert "Wrong password." in words(client.post(ADDRESS, {"password": "guess"}))
    client.post(ADDRESS, {"password": "alice's password"})
    assert Seen.asked == [(ADDRESS, "alice")] * 2
    assert not get_user_model().objects.filter(pk=alice.pk, is_active=True).exists()
