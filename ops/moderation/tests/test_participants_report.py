"""Participants report messages they received and follow their reports; authors read why a message was removed."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from messaging.models import Message
from messaging.participants.report_views import RECEIVED
from messaging.participants.reporting import HIDDEN_ALREADY
from messaging.tests.clients import reading
from messaging.tests.conversations import answer, write
from messaging.texts.hiding import hide
from ops.moderation import decisions, flagging
from ops.moderation.models import Flag, Label, Outcome, Source
from ops.moderation.participants import reports
from ops.moderation.tests.desk import decided

pytestmark = pytest.mark.django_db
REPORTS = reverse("messaging:reports")
# Queries of a conversation's page without edits: session, user, measures, order, messages; two about blocks; the draft.
CONVERSATION = 8


def report_of(message: Message) -> str:
    return reverse("messaging:report", args=[message.pk])


def withdrawal_of(flag: Flag) -> str:
    return reverse("messaging:withdraw_report", args=[flag.pk])


def conversation_of(message: Message) -> str:
    return reverse("messaging:conversation", args=[message.conversation_id])


def text(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def notices(response: Any) -> list[str]:
    return [str(notice) for notice in get_messages(response.wsgi_request)]


@pytest.fixture
def message(alice: Any, bob: Any) -> Message:
    """A message from Alice to Bob."""
    return write(alice, bob, "Send me money")


# --- Reporting ---


def test_a_report_reaches_the_queue_and_its_reporter_sees_that_it_did(
    alice: Any, bob: Any, spam: Label, message: Message
) -> None:
    bobs = reading(bob)
    assert report_of(message) in text(bobs, conversation_of(message))  # the page is cached now
    form = text(bobs, report_of(message))
    assert "It is spam" in form and "Send me money" in form
    response = bobs.post(report_of(message), {"choice": "spam", "note": "  Again\r\nand again. "})
    assert (response.status_code, response["Location"]) == (302, message.get_absolute_url())
    assert notices(response) == [RECEIVED]
    flag = Flag.objects.get()
    assert (flag.message, flag.reporter, flag.label, flag.source) == (message, bob, spam, Source.PARTICIPANT)
    assert (flag.note, flag.outcome) == ("Again\nand again.", Outcome.WAITING)
    bobs.get(REPORTS)
    page = text(bobs, conversation_of(message))
    assert report_of(message) not in page and "reported</a> this on" in page
    assert "reported" not in text(reading(alice), conversation_of(message))


def test_only_received_messages_can_be_reported(alice: Any, bob: Any, charlie: Any, spam: Label) -> None:
    message, to_herself = write(alice, bob), write(alice, alice)
    answer(message, sender=charlie, receiver=bob)
    charlie.is_staff = charlie.is_superuser = True
    charlie.save()
    for person, other in ((alice, message), (charlie, message), (alice, to_herself)):
        client = reading(person)
        assert report_of(other) not in text(client, reverse("messaging:inbox"))
        assert client.get(report_of(other)).status_code == 404
        assert client.post(report_of(other), {"choice": "spam"}).status_code == 404
    assert report_of(message) not in text(reading(alice), conversation_of(message))
    assert not Flag.objects.exists()


def test_removed_messages_cannot_be_reported(bob: Any, spam: Label, message: Message) -> None:
    hide([message.pk])
    bobs = reading(bob)
    assert report_of(message) not in text(bobs, conversation_of(message))
    for page in (bobs.get(report_of(message)), bobs.post(report_of(message), {"choice": "spam"})):
        assert str(HIDDEN_ALREADY) in page.content.decode() and "<textarea" not in page.content.decode()
    assert not Flag.objects.exists()


def test_a_message_that_is_hidden_meanwhile_is_refused(bob: Any, spam: Label, message: Message) -> None:
    """Moderators hide it after the reporter opened the form."""
    hide([message.pk])
    with pytest.raises(reports.ReportRefused, match=str(HIDDEN_ALREADY)):
        reports.ParticipantsReports().report(message, "spam", "", by=bob)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({}, "Choose what is wrong with it."),
        ({"choice": "unknown"}, "Choose one of these."),
        ({"choice": "staff-only"}, "Choose one of these."),
        ({"choice": "off"}, "Choose one of these."),
        ({"choice": "spam", "note": "x" * 1_001}, "The note has 1001 characters: shorten it to 1,000."),
        ({"choice": "spam", "note": "a\x00b"}, "cannot be stored (U+0000)"),
    ],
)
def test_an_invalid_form_shows_its_error(bob: Any, spam: Label, message: Message, data: Any, sentence: str) -> None:
    Label.objects.create(name="Staff only", slug="staff-only")
    Label.objects.create(name="Off", slug="off", wording="It is off", active=False)
    page = reading(bob).post(report_of(message), data).content.decode()
    assert sentence in page
    assert "It is off" not in page and "Staff only" not in page
    assert not Flag.objects.exists()


def test_a_text_is_reported_once_and_an_edited_one_again(bob: Any, spam: Label, message: Message) -> None:
    bobs = reading(bob)
    for _ in range(2):
        page = bobs.post(report_of(message), {"choice": "spam"}, follow=True).content.decode()
    assert "You have reported this message already." in page
    Message.objects.filter(pk=message.pk).update(content="Send me more money")
    bobs.get(REPORTS)
    page = text(reading(bob), conversation_of(message))
    assert report_of(message) in page and "reported</a> an earlier text on" in page
    bobs.post(report_of(message), {"choice": "spam"})
    assert list(Flag.objects.order_by("pk").values_list("revision", flat=True)) == [1, 2]
    assert report_of(message) not in text(reading(bob), conversation_of(message))


def test_the_number_of_waiting_reports_per_person_is_limited(
    bob: Any, alice: Any, spam: Label, monkeypatch: Any
) -> None:
    monkeypatch.setattr(reports, "MOST_WAITING", 2)
    messages = [write(alice, bob, minute=minute) for minute in range(3)]
    bobs = reading(bob)
    for message in messages:
        page = bobs.post(report_of(message), {"choice": "spam"}, follow=True).content.decode()
    assert "which is the most that one person can have" in page
    assert Flag.objects.count() == 2
    bobs.post(withdrawal_of(Flag.objects.earliest("pk")))
    bobs.post(report_of(messages[-1]), {"choice": "spam"})
    assert Flag.objects.waiting().count() == 2


def test_without_labels_the_page_shows_no_form(bob: Any, message: Message) -> None:
    page = text(reading(bob), report_of(message))
    assert "Messages cannot be reported at the moment." in page and "<textarea" not in page


# --- A participant's own reports ---


def test_own_reports_show_their_state_without_the_decision(
    alice: Any, bob: Any, charlie: Any, mona: Any, spam: Label, threat: Label, message: Message
) -> None:
    second = write(charlie, bob, "Beware")
    first = flagging.flag(message, label=spam, by=bob, source=Source.PARTICIPANT, note="a private note")
    flagging.flag(second, label=threat, by=bob, source=Source.PARTICIPANT)
    bobs = reading(bob)
    page = text(bobs, REPORTS)
    assert "2 reports" in page
    assert page.index("It is a threat") < page.index("It is spam")  # latest first
    assert message.get_absolute_url() in page and second.get_absolute_url() in page
    assert page.count("waiting</span>") == 2 and page.count("Withdraw<") == 2
    decided(first.case, mona, spam, hides=[message.pk], sent="You wrote spam", note="a repeat offender")
    page = text(bobs, REPORTS)
    assert page.count("waiting</span>") == 1 and page.count("looked at</span>") == 1
    assert withdrawal_of(first) not in page
    for secret in ("mona", "You wrote spam", "a repeat offender", "upheld", "removed"):
        assert secret not in page
    assert "You have not reported a message." in text(reading(alice), REPORTS)


def test_a_report_of_a_deleted_message_stays_listed(bob: Any, spam: Label, message: Message) -> None:
    flagging.flag(message, label=spam, by=bob, source=Source.PARTICIPANT)
    message.delete()
    assert "A message that was deleted" in text(reading(bob), REPORTS)


def test_staff_reports_are_not_listed_among_own_reports(bob: Any, spam: Label, message: Message) -> None:
    flagging.flag(message, label=spam, by=bob, source=Source.STAFF)
    assert "You have not reported a message." in text(reading(bob), REPORTS)


def test_a_waiting_report_is_withdrawn_by_its_reporter_alone(
    alice: Any, bob: Any, mona: Any, spam: Label, message: Message
) -> None:
    bobs = reading(bob)
    bobs.post(report_of(message), {"choice": "spam"})
    flag = Flag.objects.get()
    assert reading(alice).post(withdrawal_of(flag)).status_code == 404
    assert bobs.get(withdrawal_of(flag)).status_code == 405
    bobs.get(REPORTS)
    assert "reported</a> this on" in text(bobs, conversation_of(message))
    response = bobs.post(withdrawal_of(flag))
    assert (response["Location"], notices(response)) == (REPORTS, ["Your report was withdrawn."])
    flag.refresh_from_db()
    assert flag.outcome == Outcome.WITHDRAWN
    bobs.get(REPORTS)
    assert "You withdrew your report." in text(bobs, conversation_of(message))
    assert "withdrawn</span>" in text(bobs, REPORTS)


def test_a_decided_report_cannot_be_withdrawn(bob: Any, mona: Any, spam: Label, message: Message) -> None:
    flag = flagging.flag(message, label=spam, by=bob, source=Source.PARTICIPANT)
    decided(flag.case, mona, spam)
    response = reading(bob).post(withdrawal_of(flag))
    assert notices(response) == ["This report was looked at already: it cannot be withdrawn."]
    flag.refresh_from_db()
    assert flag.outcome == Outcome.DISMISSED


# --- Why a message was removed ---


def test_the_author_alone_reads_why_and_how_to_object(
    settings: Any, alice: Any, bob: Any, mona: Any, spam: Label, message: Message
) -> None:
    settings.MESSAGING_OBJECTIONS = "appeals@example.org"
    case = flagging.flag(message, label=spam, by=bob, source=Source.PARTICIPANT).case
    alices, bobs = reading(alice), reading(bob)
    alices.get(conversation_of(message)), bobs.get(conversation_of(message))  # both pages are cached
    decided(case, mona, spam, hides=[message.pk], sent="It asked for <money>.", note="for colleagues")
    page = text(alices, conversation_of(message))
    assert "removed by moderators" in page and "It asked for &lt;money&gt;." in page
    assert "To object, write to" in page and "mailto:appeals@example.org" in page
    assert "mona" not in page and "for colleagues" not in page
    page = text(bobs, conversation_of(message))
    assert "removed by moderators" in page
    assert "It asked for" not in page and "To object" not in page


def test_a_reason_stays_while_the_message_is_hidden(
    alice: Any, bob: Any, mona: Any, lena: Any, spam: Label, threat: Label, message: Message
) -> None:
    """A later decision about another message does not replace the decision that hid this one."""
    case = flagging.flag(message, label=spam, by=bob, source=Source.PARTICIPANT).case
    decided(case, mona, spam, hides=[message.pk], sent="The first reason")
    second = answer(message, "And more", sender=alice, receiver=bob)
    flagging.flag(second, label=threat, by=bob, source=Source.PARTICIPANT)
    later = decided(case, mona, threat, hides=[second.pk], sent="The second reason")
    page = text(reading(alice), conversation_of(message))
    assert "The first reason" in page and "The second reason" in page
    decisions.undo(later.pk, by=lena)
    page = text(reading(alice), conversation_of(message))
    assert "The first reason" in page and "The second reason" not in page and "And more" in page


def test_without_a_reason_or_a_way_to_object_the_page_mentions_neither(
    alice: Any, bob: Any, mona: Any, spam: Label, message: Message
) -> None:
    case = flagging.flag(message, label=spam, by=bob, source=Source.PARTICIPANT).case
    decided(case, mona, spam, hides=[message.pk])
    page = text(reading(alice), conversation_of(message))
    assert "removed by moderators" in page and "The reason" not in page and "To object" not in page


# --- Queries, and pages without reporting ---


def test_pages_cost_the_same_with_twice_the_reports(
    alice: Any, bob: Any, mona: Any, spam: Label, django_assert_num_queries: Any
) -> None:
    first = write(alice, bob)
    for number in (3, 6):
        for minute in range(number):
            message = answer(first, sender=alice, receiver=bob, minute=minute)
            case = flagging.flag(message, label=spam, by=bob, source=Source.PARTICIPANT).case
        decided(case, mona, spam, hides=[message.pk], sent="why")
        for reader, queries in ((bob, CONVERSATION + 1), (alice, CONVERSATION + 1)):
            client = Client()
            client.force_login(reader)
            with django_assert_num_queries(queries):  # one more: Bob's reports, or the reasons for Alice
                client.get(conversation_of(first))
        client = Client()
        client.force_login(bob)
        with django_assert_num_queries(5):  # session, user, measures on the user, number of reports, a page of reports
            client.get(REPORTS)


def test_without_the_setting_nothing_offers_to_report(settings: Any, bob: Any, spam: Label, message: Message) -> None:
    settings.MESSAGING_REPORTING = ""
    bobs = reading(bob)
    page = text(bobs, conversation_of(message))
    assert report_of(message) not in page and REPORTS not in page
    for address in (report_of(message), REPORTS):
        assert bobs.get(address).status_code == 404
    assert bobs.post(reverse("messaging:withdraw_report", args=[1])).status_code == 404


@pytest.mark.parametrize(
    ("name", "methods"), [("report", ["get", "post"]), ("reports", ["get"]), ("withdraw_report", ["post"])]
)
def test_anonymous_visitors_are_redirected_to_sign_in(
    client: Client, message: Message, name: str, methods: list[str]
) -> None:
    address = reverse(f"messaging:{name}", args=[] if name == "reports" else [message.pk])
    for method in methods:
        assert getattr(client, method)(address)["Location"].startswith(reverse("login"))
