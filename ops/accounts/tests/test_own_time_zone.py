"""Each user's own time zone: it applies to what they see, and to nobody else."""

from __future__ import annotations

import re
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
    """The address of a conversation that began at noon UTC."""
    message = write(alice, bob)
    Message.objects.filter(pk=message.pk).update(timestamp=datetime(2026, 1, 5, 12, tzinfo=UTC))
    return reverse("admin:messaging_conversation_change", args=[message.conversation_id])


def choose(client: Client, zone: str) -> str:
    return client.post(ZONE, {"time_zone": zone}, follow=True).content.decode()


def test_times_are_shown_in_the_chosen_zone(rita: Client, thread: str) -> None:
    assert ">12:00<" in rita.get(thread).content.decode()
    text = choose(rita, "Asia/Kolkata")
    assert "Times are shown in Asia/Kolkata now." in text and "Time zone: Asia/Kolkata" in text
    page = rita.get(thread).content.decode()
    assert ">17:30<" in page and ">12:00<" not in page
    assert f"Times are shown in {settings.TIME_ZONE} now." in choose(rita, "")
    assert User.objects.get(username="rita").time_zone is None
    assert ">12:00<" in rita.get(thread).content.decode()


def test_the_chosen_zone_does_not_affect_other_users(rita: Client, thread: str) -> None:
    choose(rita, "Asia/Kolkata")
    other = Client()
    other.force_login(make_staff("otto", "view_conversation"))
    page = other.get(thread).content.decode()
    assert ">12:00<" in page and "Time zone: UTC" in page


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "x" * 5_000, "Etc/GMT+5"])
def test_choosing_an_unoffered_zone_is_refused_with_a_sentence(rita: Client, zone: str) -> None:
    page = choose(rita, zone)
    assert "is not one of the available choices" in page
    assert "Time zone: UTC" in page


@pytest.mark.parametrize("stored", ["Mars/Olympus", "../passwd", "\\"])
def test_an_unknown_stored_zone_is_ignored(rita: Client, thread: str, stored: str) -> None:
    """A newer version of the zone data may have renamed it."""
    User.objects.filter(username="rita").update(time_zone=stored)
    assert ">12:00<" in rita.get(thread).content.decode()


def test_every_offered_zone_is_known() -> None:
    for name in time_zone.zones():
        assert time_zone.zone_of(type("Somebody", (), {"time_zone": name})), name


def test_participants_cannot_open_the_zone_page_of_the_console(client: Client, alice: Any) -> None:
    client.force_login(alice)
    assert client.get(ZONE).status_code == 302


# --- The zone of the browser is offered -------------------------------------------------------------------------------

OFFERED, OWN = reverse("offered_time_zone"), reverse("time_zone")
INDEX, INBOX = reverse("admin:index"), reverse("messaging:inbox")


def is_offered(client: Client, page: str) -> bool:
    return "accounts/zone.js" in client.get(page).content.decode()


@pytest.mark.parametrize(
    ("answer", "zone", "text"),
    [
        ({"zone": "Europe/Berlin"}, "Europe/Berlin", "Times are shown in Europe/Berlin from the next page on."),
        ({}, None, "Times stay in UTC."),
    ],
)
def test_the_answer_to_the_offer_is_stored(rita: Client, answer: dict[str, str], zone: Any, text: str) -> None:
    assert is_offered(rita, INDEX) and is_offered(rita, INBOX)
    assert rita.post(OFFERED, answer).json() == {"sentence": text}
    assert User.objects.get(username="rita").time_zone == zone
    assert not is_offered(rita, INDEX) and not is_offered(rita, INBOX)


def test_a_user_with_a_chosen_zone_gets_no_offer(rita: Client) -> None:
    choose(rita, "")
    assert not is_offered(rita, INDEX)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "Etc/GMT+5", "../passwd", "<b>", "x" * 5_000])
def test_accepting_an_unoffered_zone_is_refused(rita: Client, zone: str) -> None:
    response = rita.post(OFFERED, {"zone": zone})
    assert (response.status_code, response.json()) == (400, {"sentence": time_zone.UNKNOWN})
    assert is_offered(rita, INDEX)


def test_anonymous_visitors_must_sign_in_to_choose_a_zone(client: Client, db: Any) -> None:
    for page in (OFFERED, OWN):
        assert client.post(page, {"zone": "Europe/Berlin"})["Location"].startswith("/sign-in/")
    assert client.get(OFFERED)["Location"].startswith("/sign-in/")


def test_participants_see_their_chosen_zone_at_once(client: Client, alice: Any, bob: Any) -> None:
    message = write(bob, alice)
    Message.objects.filter(pk=message.pk).update(timestamp=datetime(2026, 1, 5, 12, tzinfo=UTC))
    client.force_login(alice)
    page = reverse("messaging:conversation", args=[message.conversation_id])
    for _ in range(2):
        assert "5 January 2026, 12:00" in client.get(page).content.decode()
    text = client.post(OWN, {"time_zone": "Asia/Kolkata"}, follow=True).content.decode()
    assert "Times are shown in Asia/Kolkata now." in text and "Time zone: Asia/Kolkata" in text
    assert "5 January 2026, 17:30" in client.get(page).content.decode()


# --- Around daylight saving time --------------------------------------------------------------------------------------

SPRING, AUTUMN = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)
CHANGES = [
    # One second before and at the change of Europe's clocks, in two time zones.
    (datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), "01:59:59 CET", "06:29:59 IST"),
    (SPRING, "03:00:00 CEST", "06:30:00 IST"),
    (datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC), "02:59:59 CEST", "06:29:59 IST"),
    (AUTUMN, "02:00:00 CET", "06:30:00 IST"),
    # In the hour that clocks in America repeat, though not in these zones.
    (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "06:30:00 CET", "11:00:00 IST"),
]


@pytest.mark.parametrize(("moment", "in_berlin", "in_kolkata"), CHANGES)
def test_two_zones_show_the_same_moment_correctly(
    rita: Client, alice: Any, bob: Any, moment: datetime, in_berlin: str, in_kolkata: str
) -> None:
    """Every exact time shows its zone, and its ``datetime`` attribute is the same moment in both."""
    message = write(alice, bob)
    Message.objects.filter(pk=message.pk).update(timestamp=moment)
    page = reverse("admin:messaging_message_change", args=[message.pk])
    rita.force_login(make_staff("otto", "view_conversation", "view_message"))
    read = []
    for zone, words in (("Europe/Berlin", in_berlin), ("Asia/Kolkata", in_kolkata)):
        User.objects.filter(username="otto").update(time_zone=zone)
        html = rita.get(page).content.decode()
        assert words in html
        stamps = {datetime.fromisoformat(text) for text in re.findall(r'<time datetime="([^"]+)"', html)}
        read.append({stamp.astimezone(UTC) for stamp in stamps})
    assert moment in read[0] and moment in read[1]


def test_both_occurrences_of_the_repeated_hour_are_distinguished(rita: Client, alice: Any, bob: Any) -> None:
    first, second = write(alice, bob, "before"), write(bob, alice, "after")
    for message, moment in (
        (first, datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
        (second, datetime(2026, 11, 1, 6, 30, tzinfo=UTC)),
    ):
        Message.objects.filter(pk=message.pk).update(timestamp=moment)
    choose(rita, "America/New_York")
    pages = [
        rita.get(reverse("admin:messaging_message_change", args=[one.pk])).content.decode() for one in (first, second)
    ]
    assert "01:30:00 EDT" in pages[0] and "01:30:00 EST" in pages[1]
