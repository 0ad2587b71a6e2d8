"""Openings without a report: which are recorded, who sees the list, and how many queries that takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.clients import signed_in
from messaging.tests.conversations import answer, write
from ops.audit.models import Entry
from ops.audit.readings import Shown, record_reading
from ops.conftest import READING, make_staff
from ops.moderation import erased
from ops.moderation.models import Flag, Label, Opening
from ops.moderation.tests.desk import message_of, reported, spam

__all__ = ["reported", "spam"]
Report = Callable[..., Flag]

LIST = "/console/moderation/opening/"


@pytest.fixture
def olga(db: Any) -> Any:
    """Olga may see the list of openings and the audit trail."""
    return make_staff("olga", "view_opening", "view_entry")


def opened(user: Any, message: Message, *, at: Any = None) -> Opening:
    """Record that a user opened a conversation, and return the opening."""
    record_reading(message.conversation, actor=user, shown=Shown(messages=[message.pk]))
    opening = Opening.objects.latest("pk")
    if at is not None:
        Opening.objects.filter(pk=opening.pk).update(at=at)
    return opening


def rows(client: Client, query: str = "") -> list[int]:
    return [row.pk for row in client.get(f"{LIST}?{query}").context["cl"].result_list]


def test_a_conversation_without_a_report_is_noted_when_it_is_opened(rita: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    signed_in(rita).get(f"/console/messaging/conversation/{message.conversation_id}/change/")
    opening = Opening.objects.get()
    assert (opening.reader_id, opening.conversations, opening.broke_glass, opening.given_id) == (
        rita.pk,
        1,
        False,
        None,
    )
    assert opening.entry == Entry.objects.get(event="conversation.read")


@pytest.mark.parametrize("page", ["message/{0.pk}", "conversation/{0.conversation_id}"])
def test_opening_a_reported_conversation_is_not_noted(rita: Any, reported: Report, spam: Label, page: str) -> None:
    message = message_of(reported(spam))
    assert signed_in(rita).get(f"/console/messaging/{page.format(message)}/change/").status_code == 200
    assert not Opening.objects.exists()


def test_a_conversation_reported_only_by_its_reader_is_noted_for_them(
    rita: Any, reported: Report, spam: Label, alice: Any, bob: Any
) -> None:
    message = message_of(reported(spam))
    Flag.objects.update(source="staff", reporter=rita)
    address = f"/console/messaging/conversation/{message.conversation_id}/change/"
    signed_in(make_staff("mike", *READING)).get(address)
    assert not Opening.objects.exists()
    signed_in(rita).get(address)
    assert Opening.objects.get().reader_id == rita.pk


def test_a_report_that_comes_later_changes_nothing(
    rita: Any, reported: Report, spam: Label, alice: Any, bob: Any
) -> None:
    message = write(alice, bob)
    opened(rita, message)
    reported(spam, message=message)
    assert Opening.objects.count() == 1


def test_the_message_list_of_a_person_counts_unreported_conversations(
    rita: Any, reported: Report, spam: Label, alice: Any, bob: Any, charlie: Any
) -> None:
    reported(spam)
    answer(write(alice, bob, minute=1), minute=2)
    write(alice, charlie, minute=3)
    assert signed_in(rita).get(f"/console/accounts/user/{alice.pk}/messages/").status_code == 200
    assert Opening.objects.get().conversations == 2


def test_lists_are_no_openings(rita: Any, alice: Any, bob: Any) -> None:
    write(alice, bob)
    signed_in(rita).get("/console/messaging/message/")
    assert Entry.objects.filter(event="list.read").exists()
    assert not Opening.objects.exists()


def test_the_same_page_within_the_hour_is_one_opening(rita: Any, alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    opened(rita, message)
    opened(rita, message)
    assert Opening.objects.count() == 1


def test_the_list_names_the_reader_and_links_to_the_audit_entry(olga: Any, rita: Any, alice: Any, bob: Any) -> None:
    opening = opened(rita, write(alice, bob))
    client = signed_in(olga)
    page = client.get(LIST).content.decode()
    assert "rita" in page
    assert f"/console/audit/entry/{opening.entry_id}/change/" in page
    assert client.get(f"{LIST}{opening.pk}/change/")["Location"] == f"/console/audit/entry/{opening.entry_id}/change/"
    assert Entry.objects.filter(event="audit.read", actor_name="olga").exists()


def test_leads_see_the_list_without_the_trail(rita: Any, alice: Any, bob: Any) -> None:
    opening = opened(rita, write(alice, bob))
    client = signed_in(make_staff("lea", "view_opening"))
    assert "/console/audit/entry/" not in client.get(LIST).content.decode()
    assert client.get(f"{LIST}{opening.pk}/change/")["Location"] == LIST


def test_readers_cannot_open_the_list(rita: Any) -> None:
    assert signed_in(rita).get(LIST).status_code == 403


def test_filters_by_person_day_and_broken_glass(olga: Any, rita: Any, alice: Any, bob: Any) -> None:
    now = timezone.now()
    mike = make_staff("mike", *READING)
    old = opened(rita, write(alice, bob), at=now - timedelta(days=10))
    new = opened(mike, write(alice, bob, minute=1), at=now)
    glass = Opening.objects.create(entry=new.entry, reader=mike, at=now - timedelta(days=2), broke_glass=True)
    client = signed_in(olga)
    assert rows(client) == [new.pk, glass.pk, old.pk]
    assert rows(client, f"reader={rita.pk}") == [old.pk]
    assert client.get(f"{LIST}?person=mike")["Location"].endswith(f"reader={mike.pk}")
    assert rows(client, "since=7d") == [new.pk, glass.pk]
    assert rows(client, "glass=yes") == [glass.pk]
    day = timezone.localtime(now - timedelta(days=5)).date().isoformat()
    assert rows(client, f"from={day}") == [new.pk, glass.pk]
    assert rows(client, f"to={day}") == [old.pk]


def test_pages_begin_where_the_last_one_ended_and_cost_the_same(olga: Any, rita: Any, alice: Any, bob: Any) -> None:
    client, now = signed_in(olga), timezone.now()
    opening = opened(rita, write(alice, bob))
    client.get(LIST)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(LIST)
    made = [Opening(entry=opening.entry, reader=rita, at=now - timedelta(minutes=number)) for number in range(119)]
    Opening.objects.bulk_create(made)
    with CaptureQueriesContext(connection) as many:
        first = client.get(LIST).context["cl"]
    assert len(many) == len(few)
    second = client.get(f"{LIST}{first.pages['next']}").context["cl"]
    third = client.get(f"{LIST}{second.pages['next']}").context["cl"]
    found = [row.pk for cl in (first, second, third) for row in cl.result_list]
    assert found == list(Opening.objects.values_list("pk", flat=True))
    assert len(set(found)) == 120


def test_recording_costs_two_queries_more_however_much_is_shown(rita: Any, alice: Any, bob: Any) -> None:
    numbers = []
    for start in (0, 100):
        first = write(alice, bob, minute=start)
        shown = [first, *(answer(first, minute=start + number) for number in range(1, 1 + start // 2))]
        with CaptureQueriesContext(connection) as queries:
            record_reading(first.conversation, actor=rita, shown=Shown(messages=[one.pk for one in shown]))
        numbers.append(sum("moderation_" in query["sql"] for query in queries))
    assert numbers == [2, 2]


def test_an_erased_person_is_no_reader(rita: Any, alice: Any, bob: Any) -> None:
    opening = opened(rita, write(alice, bob))
    erased.forget(rita.pk)
    opening.refresh_from_db()
    assert opening.reader_id is None


def test_erasing_the_messages_keeps_the_opening(olga: Any, rita: Any) -> None:
    opened(rita, write(make_user("eve"), make_user("dan"), "gone soon"))
    Message.objects.all().delete()
    assert len(rows(signed_in(olga))) == 1
