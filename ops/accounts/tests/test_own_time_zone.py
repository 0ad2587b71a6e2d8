"""Each person's own time zone: what they see is of it, and of nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from messaging.models import Message
from messaging.tests.conversations import write
from ops.accounts import time_zone
from ops.accounts.models import User
from ops.conftest import make_staff

ZONE = reverse("admin:time_zone")


@pytest.fixture
def rita(rita: Any) -> Client:
    """The browser of Rita, who reads conversations."""
    client = Client()
    client.force_login(rita)
    return client


@pytest.fixture
def thread(alice: Any, bob: Any) -> str:
    """The address of a conversation that began at noon in UTC."""
    message = write(alice, bob)
    Message.objects.filter(pk=message.pk).update(timestamp=datetime(2026, 1, 5, 12, tzinfo=UTC))
    return reverse("admin:messaging_conversation_change", args=[message.conversation_id])


def choose(client: Client, zone: str) -> str:
    return client.post(ZONE, {"time_zone": zone}, follow=True).content.decode()


def test_times_are_those_of_the_zone_that_was_chosen(rita: Client, thread: str) -> None:
    assert ">12:00<" in rita.get(thread).content.decode()
    said = choose(rita, "Asia/Kolkata")
    assert "Times are shown in Asia/Kolkata now." in said and "Time zone: Asia/Kolkata" in said
    page = rita.get(thread).content.decode()
    assert ">17:30<" in page and ">12:00<" not in page
    assert f"Times are shown in {settings.TIME_ZONE} now." in choose(rita, "")
    assert User.objects.get(username="rita").time_zone is None
    assert ">12:00<" in rita.get(thread).content.decode()


def test_it_is_nobody_elses(rita: Client, thread: str) -> None:
    choose(rita, "Asia/Kolkata")
    other = Client()
    other.force_login(make_staff("otto", "view_conversation"))
    page = other.get(thread).content.decode()
    assert ">12:00<" in page and "Time zone: UTC" in page


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "x" * 5_000, "Etc/GMT+5"])
def test_what_is_not_offered_is_refused_in_words(rita: Client, zone: str) -> None:
    page = choose(rita, zone)
    assert "is not one of the available choices" in page
    assert "Time zone: UTC" in page


@pytest.mark.parametrize("stored", ["Mars/Olympus", "../passwd", "\\"])
def test_a_zone_that_this_machine_does_not_know_is_none(rita: Client, thread: str, stored: str) -> None:
    """The next version of the zones may have renamed it."""
    User.objects.filter(username="rita").update(time_zone=stored)
    assert ">12:00<" in rita.get(thread).content.decode()


def test_every_zone_that_is_offered_is_known() -> None:
    for name in time_zone.zones():
        assert time_zone.zone_of(type("Somebody", (), {"time_zone": name})), name


def test_who_may_not_sign_in_to_the_console_has_no_such_page(client: Client, alice: Any) -> None:
    client.force_login(alice)
    assert client.get(ZONE).status_code == 302
