"""Notices in general: given once and to staff only, read, pruned, and sent by e-mail to users who chose that."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused, SMTPServerDisconnected
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from messaging.tests.cast import make_user
from ops.audit.models import Entry
from ops.conftest import make_staff
from ops.environment import Smtp, sender
from ops.notices import checks, pruning
from ops.notices.mailing import sending, server, writing
from ops.notices.models import EmailReader, Notice
from ops.notices.notifying import notify
from ops.notices.topics import TOPICS

pytestmark = pytest.mark.django_db

JOB = ("jobs.job", "6f1c0f1e-0000-4000-8000-000000000000")
LIST = reverse("admin:notices_notice_changelist")
EMAIL = reverse("admin:email")


@pytest.fixture(autouse=True)
def mail_is_on(settings: Any) -> None:
    settings.SENDS_EMAIL, settings.SITE_URL = True, "https://console.example.org"


@pytest.fixture
def nora(db: Any) -> Any:
    """Nora gets all notices by e-mail."""
    nora = make_staff("nora")
    nora.email = "nora@example.org"
    nora.save()
    since = timezone.now() - timedelta(days=30)
    EmailReader.objects.bulk_create(EmailReader(person=nora, topic=topic.name, chosen_at=since) for topic in TOPICS)
    return nora


def give_notices(to: Any, number: int = 1, **fields: Any) -> datetime:
    """Give a user notices; return the time at which they are due by e-mail."""
    now = timezone.now()
    fields = {"kind": "jobs.finished", "target_type": "jobs.job", "at": now, **fields}
    for place in range(number):
        Notice.objects.create(recipient=to, target_id=str(uuid4()), occasion=str(place), **fields)
    return now + sending.WAIT


# --- Giving and reading -------------------------------------------------------------------------------------------


def test_each_occasion_gives_one_notice(nora: Any) -> None:
    for occasion in ("first", "first", "second"):
        notify("jobs.failed", [nora.pk, None], JOB, occasion=occasion)
    assert Notice.objects.count() == 2


def test_only_active_staff_except_the_actor_are_notified(nora: Any, nils: Any, alice: Any) -> None:
    gone = make_staff("gone")
    gone.is_active = False
    gone.save()
    notify("jobs.failed", [nora.pk, nils.pk, alice.pk, gone.pk], JOB, by=nils)
    assert [notice.recipient for notice in Notice.objects.all()] == [nora]


def test_an_undeclared_kind_or_a_wrong_target_is_refused(nora: Any) -> None:
    with pytest.raises(LookupError):
        notify("jobs.lost", [nora.pk], JOB)
    with pytest.raises(ValueError, match=r"about jobs\.job"):
        notify("jobs.failed", [nora.pk], ("auth.group", 1))


def test_one_or_all_notices_are_marked_as_read(nora: Any, client: Client) -> None:
    give_notices(nora, 3)
    client.force_login(nora)
    first = Notice.objects.order_by("pk")[0]
    client.post(reverse("admin:notices_notice_read", args=[first.pk]))
    assert Notice.objects.unread().count() == 2
    assert (
        "Marked 2 notices as read."
        in client.post(reverse("admin:notices_notice_read_all"), follow=True).content.decode()
    )
    assert not Notice.objects.unread().exists()


def test_the_list_shows_own_notices_in_constant_queries(
    nora: Any, nils: Any, client: Client, django_assert_num_queries: Any
) -> None:
    client.force_login(nora)
    give_notices(nils, 2)
    for number in (1, 20):
        give_notices(nora, number)
        client.get(LIST)
        with django_assert_num_queries(7):
            page = client.get(LIST)
    assert page.context["cl"].result_count == 21
    assert {row.recipient_id for row in page.context["cl"].result_list} == {nora.pk}


def test_a_notice_of_an_unknown_kind_is_shown_and_not_sent(nora: Any, client: Client) -> None:
    due = give_notices(nora, kind="of.another", target_type="other.thing")
    client.force_login(nora)
    for address in (LIST, reverse("admin:notices_notice_change", args=[Notice.objects.get().pk])):
        assert "Something happened that this version" in client.get(address, follow=True).content.decode()
    Notice.objects.update(read_at=None)
    assert sending.send_due(due) == 0  # left to a worker of a version that declares this kind


def test_notices_older_than_90_days_are_deleted(nora: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "BATCH", 2)
    now = timezone.now()
    give_notices(nora, 3, at=now - timedelta(days=91))
    give_notices(nora, 1, at=now - timedelta(days=89))
    assert pruning.prune(now) == 3
    assert Notice.objects.count() == 1


# --- By e-mail ----------------------------------------------------------------------------------------------------


def test_choosing_and_ending_emails_is_stored_and_recorded(nils: Any, client: Client) -> None:
    client.force_login(nils)
    assert not EmailReader.objects.exists()  # off unless chosen
    for _ in range(2):
        client.post(EMAIL, {"notices_failed": "on", "digest": "on"})
    assert [reader.topic for reader in EmailReader.objects.all()] == ["failed"]
    client.post(EMAIL, {"notices_failed": "on", "notices_files": "on"})
    assert checked(client) == ["notices_failed", "notices_files"]
    client.post(EMAIL, {"notices_files": "on"})
    assert checked(client) == ["notices_files"]
    client.post(EMAIL, {})
    assert not EmailReader.objects.exists()
    entries = Entry.objects.filter(actor=nils, event__startswith="notices.").order_by("pk")
    assert [(entry.event, entry.details) for entry in entries] == [
        ("notices.email_chosen", {"topic": "failed"}),
        ("notices.email_chosen", {"topic": "files"}),
        ("notices.email_ended", {"topic": "failed"}),
        ("notices.email_ended", {"topic": "files"}),
    ]


def checked(client: Client) -> list[str]:
    """Return the choices that the page shows as checked."""
    return re.findall(r'name="(\w+)"[^>]* checked', client.get(EMAIL).content.decode())


def test_the_page_shows_every_topic_with_one_query(nora: Any, nils: Any, client: Client) -> None:
    for person in (nils, nora):
        client.force_login(person)
        client.get(EMAIL)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(EMAIL).content.decode()
        assert sum("notices_emailreader" in one["sql"] for one in queries) == 1
    assert all(f"{topic.label}</label>" in page and str(topic.help) in page for topic in TOPICS)


def test_only_chosen_topics_are_sent(nora: Any) -> None:
    EmailReader.objects.exclude(topic__in=["failed", "files"]).delete()
    give_notices(nora, 2)
    give_notices(nora, kind="jobs.failed")
    due = give_notices(nora, kind="exports.expired", target_type="exports.export")
    assert [sending.send_due(due), sending.send_due(due)] == [1, 0]
    [sent] = mail.outbox
    assert sent.subject == "Threadward: 2 notices"
    assert "A job of yours failed." in sent.body and "has expired" in sent.body and "is finished" not in sent.body


def test_notices_from_before_the_choice_are_not_sent(nora: Any) -> None:
    give_notices(nora)
    due = give_notices(nora, kind="jobs.failed")
    EmailReader.objects.filter(topic="finished").update(chosen_at=due)
    sending.send_due(due)
    assert mail.outbox[0].subject == "Threadward: A job of yours failed"


def test_finding_the_recipients_takes_one_query(nora: Any, nils: Any, django_assert_num_queries: Any) -> None:
    EmailReader.objects.create(person=nils, topic="failed")
    due = give_notices(nora, 3)
    give_notices(nora, kind="jobs.failed")
    give_notices(nils, kind="jobs.failed", at=timezone.now() + timedelta(seconds=1))
    with django_assert_num_queries(1):
        readers = sending._readers(due + timedelta(minutes=1))
    assert sorted((person.username, sorted(one.topic for one in chosen)) for person, chosen in readers) == [
        ("nils", ["failed"]),
        ("nora", ["failed", "finished"]),
    ]


def test_all_due_notices_are_sent_once_in_one_email(nora: Any) -> None:
    due = give_notices(nora, writing.MOST_LISTED + 5)
    assert [sending.send_due(due), sending.send_due(due)] == [1, 0]
    [sent] = mail.outbox
    assert (sent.to, sent.subject) == (["nora@example.org"], "Threadward: 25 notices")
    assert sent.body.count("https://console.example.org/console/notices/notice/") == writing.MOST_LISTED + 1
    assert "And 5 more." in sent.body
    due = give_notices(nora)
    assert sending.send_due(due) == 1
    assert mail.outbox[1].subject == "Threadward: A job of yours is finished"


@pytest.mark.parametrize(
    "lost", ["active", "staff", "email", "mail", "choice", "chosen later", "read", "too soon", "old"]
)
def test_no_email_is_sent_without_all_conditions(nora: Any, settings: Any, lost: str) -> None:
    due = give_notices(nora, at=timezone.now() - (sending.NEWS if lost == "old" else timedelta(0)))
    match lost:
        case "active" | "staff":
            setattr(nora, f"is_{lost}", False)
        case "email":
            nora.email = ""
        case "mail":
            settings.SENDS_EMAIL = False
        case "choice":
            EmailReader.objects.all().delete()
        case "chosen later":
            EmailReader.objects.update(chosen_at=due)
        case "read":
            Notice.objects.update(read_at=due)
        case "too soon":
            due -= sending.WAIT
    nora.save()
    assert (sending.send_due(due), mail.outbox) == (0, [])


@pytest.mark.parametrize("what", ["send", "connection"])
def test_a_failed_email_is_tried_again(nora: Any, monkeypatch: pytest.MonkeyPatch, what: str, caplog: Any) -> None:
    def refuse(*args: Any, **kwargs: Any) -> int:
        raise ConnectionRefusedError("nora@example.org")

    due = give_notices(nora)
    with monkeypatch.context() as patch:
        owner: Any = EmailMessage if what == "send" else server
        patch.setattr(owner, what, refuse)
        assert sending.send_due(due) == 0
    assert "nora@" not in caplog.text and "tried again: ConnectionRefusedError" in caplog.text
    assert sending.send_due(due) == 1


@pytest.mark.parametrize(("code", "tried_again"), [(450, 1), (550, 0)])
def test_only_temporary_refusals_are_tried_again(
    nora: Any, monkeypatch: pytest.MonkeyPatch, code: int, tried_again: int
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> int:
        raise SMTPRecipientsRefused({"nora@example.org": (code, b"No")})

    due = give_notices(nora)
    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", refuse)
        assert sending.send_due(due) == 0
    assert sending.send_due(due) == tried_again


class Hangs(EmailBackend):
    """A server that accepts a connection and does not answer. smtplib reports that as a lost connection."""

    messages = 0

    def send_messages(self, messages: Any) -> int:
        Hangs.messages += 1
        try:
            raise TimeoutError("timed out")
        except TimeoutError:
            raise SMTPServerDisconnected("Connection unexpectedly closed: timed out")  # noqa: B904 - as smtplib does


def test_a_server_that_hangs_is_not_asked_for_each_person(nora: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    nils = make_user("nils", is_staff=True, email="nils@example.org")
    EmailReader.objects.create(person=nils, topic="finished", chosen_at=timezone.now() - timedelta(days=30))
    give_notices(nora)
    due = give_notices(nils)
    monkeypatch.setattr(server, "connection", Hangs)
    assert (sending.send_due(due), Hangs.messages) == (0, 1)
    assert Notice.objects.filter(mailed_at=None).count() == 2


class DropsAtOneAddress(EmailBackend):
    """A connection that the server drops at one address. Like smtplib's, it is unusable until it is closed."""

    dropped = False

    def send_messages(self, messages: Any) -> int:
        self.dropped = self.dropped or any("nora@example.org" in message.to for message in messages)
        if self.dropped:
            raise SMTPServerDisconnected("please run connect() first")
        return super().send_messages(messages)

    def close(self) -> None:
        self.dropped = False


def test_a_broken_connection_does_not_affect_other_recipients(nora: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    zoe = make_user("zoe", is_staff=True, email="zoe@example.org")  # after Nora in the order of names
    EmailReader.objects.create(person=zoe, topic="finished", chosen_at=timezone.now() - timedelta(days=30))
    give_notices(nora)
    due = give_notices(zoe)
    monkeypatch.setattr(server, "connection", DropsAtOneAddress)
    assert sending.send_due(due) == 1
    assert [message.to for message in mail.outbox] == [["zoe@example.org"]]
    assert Notice.objects.filter(recipient=nora, mailed_at=None).exists()


def test_two_workers_send_each_notice_once(nora: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both have read the recipients before one of them sends."""
    due = give_notices(nora)
    readers = list(sending._readers(due))
    sending.send_due(due)
    monkeypatch.setattr(sending, "_readers", lambda now: readers)
    assert (sending.send_due(due), len(mail.outbox)) == (0, 1)


def test_emails_have_no_links_without_a_site_url(nora: Any, settings: Any) -> None:
    settings.SITE_URL = ""
    sending.send_due(give_notices(nora))
    assert "A job of yours is finished.\n\nYou chose" in mail.outbox[0].body


# --- Settings that cannot work --------------------------------------------------------------------------------------


def check_message_ids() -> list[str | None]:
    return [message.id for message in checks.email_can_be_sent(None)]


def test_the_current_settings_are_valid() -> None:
    assert check_message_ids() == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DEFAULT_FROM_EMAIL", "threadward", ["notices.E001"]),
        ("DEFAULT_FROM_EMAIL", "Threadward <console@example.org>", []),
        ("SITE_URL", "", ["notices.W002"]),
        ("SMTP", Smtp("mail.example.org", 25, "me", "secret"), ["notices.W001"]),
        ("SMTP", Smtp("mail.example.org", 587, "me", "secret", starts_tls=True), []),
        ("SMTP", Smtp("127.0.0.1", 25, "me", "secret"), []),
        ("SMTP", Smtp("localhost", 25, "me", "secret"), []),
        ("SMTP", Smtp("mail.example.org", 25), []),
    ],
)
def test_the_check_reports_unusable_settings(settings: Any, name: str, value: Any, expected: list[str]) -> None:
    setattr(settings, name, value)
    assert check_message_ids() == expected
    settings.SENDS_EMAIL = False
    assert check_message_ids() == []


@pytest.mark.parametrize("host", ["mail.example.org", "localhost", "mail", "10.0.0.5", "::1", ""])
def test_the_default_sender_is_a_valid_address(settings: Any, host: str) -> None:
    settings.DEFAULT_FROM_EMAIL = sender(host)
    assert check_message_ids() == []
