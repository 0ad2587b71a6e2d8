"""The page on which participants delete their account: when it happens, what is deleted, and how to get it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.tests.conversations import write
from ops.deletion.tests.screens import words

ADDRESS = reverse("messaging:delete_user")


def test_the_page_says_that_deletion_cannot_be_undone(client: Client, alice: Any) -> None:
    client.force_login(alice)
    assert "This cannot be undone." in words(client.get(ADDRESS))


def test_the_page_states_the_day_and_how_to_reopen_the_account(client: Client, alice: Any, settings: Any) -> None:
    settings.DELETION_GRACE_DAYS = 30
    client.force_login(alice)
    day = timezone.localtime(timezone.now() + timedelta(days=30))
    page = words(client.get(ADDRESS))
    assert f"Your account is closed at once, and deleted on {day:%-d %B %Y}, in 30 days." in page
    assert "Until then you can get it back: write to support. After that it cannot be undone." in page
    page = words(client.post(ADDRESS, {"password": "alice's password"}, follow=True))
    assert f"It will be deleted on {day:%Y-%m-%d}" in page
    assert "You are signed out." in page


def test_the_page_says_what_anonymising_keeps(client: Client, alice: Any, bob: Any, settings: Any) -> None:
    settings.DELETION_MODE = "anonymise"
    write(alice, bob)
    write(bob, alice)
    write(bob, alice)
    client.force_login(alice)
    page = words(client.get(ADDRESS))
    assert "1 message you sent is emptied; earlier texts of yours are removed" in page
    assert "2 messages you received are kept for whoever sent them" in page
    assert "Delete my account for good" in page
    settings.DELETION_TEXTS = "keep"
    assert "1 message you sent stays as it is" in words(client.get(ADDRESS))
