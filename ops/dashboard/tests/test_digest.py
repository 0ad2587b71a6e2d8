"""The weekly digest: for Leads who chose it, once a week, numbers only; one that cannot be sent is retried."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core import mail
from django.core.mail import EmailMessage
from django.db import OperationalError
from django.urls import reverse

from ops.audit.models import Entry
from ops.dashboard.digest import sending
from ops.dashboard.models import DigestReader
from ops.dashboard.rollups import noted
from ops.dashboard.tests.next_digest import next_digest
from ops.moderation.models import Flag
from ops.moderation.tests.desk import decided, many_reports, spam
from ops.tests.asking import make_staff, signed_in

__all__ = ["spam"]

pytestmark = pytest.mark.django_db

PAGE = reverse("admin:email")
MONDAY = datetime(2026, 11, 30, 7, 30, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.fixture(autouse=True)
def mail_is_on(settings: Any) -> None:
    settings.SENDS_EMAIL = True


@pytest.fixture
def lena() -> Any:
    """Lena is a Lead, and chose the digest two weeks ago."""
    lena = make_staff("lena")
    lena.email = "lena@example.org"
    lena.save()
    DigestReader.objects.create(person=lena, chosen_at=MONDAY - 2 * WEEK)
    return lena


def test_a_lead_chooses_and_ends_the_digest() -> None:
    lena = make_staff("lena")
    client = signed_in("lena")
    assert not DigestReader.objects.exists()  # off unless chosen
    for _ in range(2):
        client.post(PAGE, {"digest": "on"})
        assert DigestReader.objects.get().person == lena
    assert "checked" in client.get(PAGE).content.decode()
    client.post(PAGE, {})
    assert not DigestReader.objects.exists()
    events = Entry.objects.filter(event__startswith="dashboard.digest", actor=lena).order_by("pk")
    assert [one.event for one in events] == ["dashboard.digest_chosen", "dashboard.digest_ended"]


def test_the_digest_is_sent_once_a_week_from_monday_morning_on(lena: Any) -> None:
    assert sending.send_due(MONDAY - timedelta(hours=1)) == 0
    assert [sending.send_due(MONDAY), sending.send_due(MONDAY), sending.send_due(MONDAY + timedelta(days=3))] == [
        1,
        0,
        0,
    ]
    assert sending.send_due(MONDAY + WEEK) == 1
    assert [one.to for one in mail.outbox] == [["lena@example.org"]] * 2
    assert mail.outbox[0].subject == "Threadward: the week of 23 November 2026"
    [entry, _] = Entry.objects.filter(event="dashboard.digest_sent").order_by("pk")
    assert (entry.target_id, entry.details["first"]) == (str(lena.pk), "2026-11-23")


def test_the_digest_contains_numbers_and_no_names(lena: Any, spam: Any) -> None:
    for case in many_reports(spam, 3):
        decided(case, lena, Flag.objects.filter(case=case).get().label)
    sending.send_due(next_digest())
    [sent] = mail.outbox
    for line in ("Review dashboard", "Team dashboard", "  0 pending cases", "  3 decisions – 3 more than before (0)"):
        assert line in sent.body
    for name in ("lena", "sender-", "receiver-", "Words", spam.name):
        assert name not in sent.body


@pytest.mark.parametrize("lost", ["role", "active", "staff", "email", "mail", "chosen later"])
def test_readers_who_no_longer_qualify_get_no_digest(lena: Any, settings: Any, lost: str) -> None:
    match lost:
        case "role":
            lena.groups.set([Group.objects.get(name="Support")])
        case "active" | "staff":
            setattr(lena, f"is_{lost}", False)
        case "email":
            lena.email = ""
        case "mail":
            settings.SENDS_EMAIL = False
        case _:
            DigestReader.objects.update(chosen_at=MONDAY)
    lena.save()
    assert (sending.send_due(MONDAY), mail.outbox) == (0, [])


def test_sending_is_tried_again_after_a_mail_error(lena: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: EmailMessage, fail_silently: bool = False) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", refuse)
        assert sending.send_due(MONDAY) == 0
    assert not Entry.objects.filter(event="dashboard.digest_sent").exists()
    assert sending.send_due(MONDAY) == 1


def test_sending_is_tried_again_after_a_database_error(lena: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def be_away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(noted, "waiting", be_away)
        with pytest.raises(OperationalError):
            sending.send_due(MONDAY)
    assert sending.send_due(MONDAY) == 1
