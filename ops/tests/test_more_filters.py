"""The filters behind “More filters”: two people, days, an import; names are suggested and not kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.audit.models import Entry
from ops.conftest import READING, make_staff
from ops.exports.selections import ExportRefused, read_list
from ops.exports.tests.exporting import make_exporter

LIST = reverse("admin:messaging_conversation_changelist")
MESSAGES = reverse("admin:messaging_message_changelist")
BOTH = pytest.mark.parametrize("at", [LIST, MESSAGES])


def shown(client: Client, address: str) -> list[int]:
    return [row.pk for row in client.get(address).context["cl"].result_list]


# --- Two people --------------------------------------------------------------------------------------------------


def test_two_people_narrow_to_messages_between_them(reviewing: Client, alice: Any, bob: Any, charlie: Any) -> None:
    there = write(alice, bob, minute=1)
    back = answer(there, minute=2)
    aside = answer(back, sender=charlie, receiver=alice, minute=3)
    apart = write(alice, charlie, minute=4)
    query = urlencode({"participant": alice.pk, "with": bob.pk})
    assert shown(reviewing, f"{MESSAGES}?{query}") == [back.pk, there.pk]
    assert shown(reviewing, f"{LIST}?{query}") == [there.conversation_id]
    query = urlencode({"participant": charlie.pk, "with": alice.pk})
    assert shown(reviewing, f"{MESSAGES}?{query}") == [apart.pk, aside.pk]
    assert set(shown(reviewing, f"{LIST}?{query}")) == {there.conversation_id, apart.conversation_id}
    assert shown(reviewing, f"{LIST}?{urlencode({'participant': bob.pk, 'with': charlie.pk})}") == []


def test_the_second_person_alone_filters_as_the_first_does(
    reviewing: Client, alice: Any, bob: Any, charlie: Any
) -> None:
    mine = write(alice, bob).conversation_id
    write(bob, charlie)
    assert shown(reviewing, f"{LIST}?with={alice.pk}") == [mine]


@BOTH
def test_typed_names_lead_to_numbers(reviewing: Client, alice: Any, bob: Any, at: str) -> None:
    write(alice, bob)
    response = reviewing.get(f"{at}?unread=yes&person=alice&other=BOB&from=&length=&o=oldest")
    assert response["Location"] == f"{at}?unread=yes&o=oldest&participant={alice.pk}&with={bob.pk}"
    page = reviewing.get(response["Location"]).content.decode()
    assert 'value="alice"' in page and 'value="bob"' in page
    assert "Participant: <bdi>alice</bdi>" in page and "And participant: <bdi>bob</bdi>" in page
    emptied = reviewing.get(f"{at}?participant={alice.pk}&with={bob.pk}&person=&other=bob")
    assert emptied["Location"] == f"{at}?with={bob.pk}"


@BOTH
def test_an_unknown_name_stays_in_the_form_and_is_reported(reviewing: Client, alice: Any, bob: Any, at: str) -> None:
    write(alice, bob)
    page = reviewing.get(f"{at}?person=alicee&other=bob&unread=yes")
    assert list(page.context["cl"].result_list) == []
    text = page.content.decode()
    assert "No participant is called “<bdi>alicee</bdi>”. Check the spelling." in text
    assert 'value="alicee"' in text and '<details class="more-filters" open>' in text
    assert 'aria-invalid="true" aria-describedby="unknown-people"' in text
    (entry,) = Entry.objects.filter(event="search.made", target_label="alicee")
    assert entry.details["results"] == 0


def test_a_name_of_a_request_is_kept_nowhere_else(reviewing: Client, alice: Any, bob: Any) -> None:
    write(alice, bob)
    for at in (f"{LIST}?person=alice", f"{LIST}?person=zwieback"):
        reviewing.get(at, follow=True)
    assert not any(name in json.dumps(entry.details) for entry in Entry.objects.all() for name in ("alice", "zwieback"))
    with pytest.raises(ExportRefused):
        read_list("conversations", "person=alice", by=make_exporter("dora"), as_of=timezone.now())


def test_people_without_messages_are_suggested_only_to_those_who_see_users(
    client: Client, alice: Any, bob: Any
) -> None:
    write(alice, bob)
    make_user("alicia")
    for who, found in ((make_staff("rita", *READING), ["alice"]),
                       (make_staff("sam", *READING, "view_user"), ["alice", "alicia"])):  # fmt: skip
        client.force_login(who)
        for at in (LIST, MESSAGES):
            assert client.get(f"{at}people/?q=ALI").json() == {"names": found, "has_more": False}
        assert (client.get(f"{LIST}?person=alicia").status_code == 302) is (found != ["alice"])
    entries = Entry.objects.filter(event="search.made", target_label="ALI")
    assert {(entry.actor_name, entry.details["results"]) for entry in entries} == {("rita", 1), ("sam", 2)}


def test_few_names_are_suggested_at_a_time_and_none_for_nothing(reviewing: Client, bob: Any) -> None:
    for number in range(12):
        write(make_user(f"user{number}"), bob)
    answered = reviewing.get(f"{LIST}people/?q=user").json()
    assert answered == {"names": [f"user{number}" for number in range(10)], "has_more": True}
    assert reviewing.get(f"{LIST}people/").json() == {"names": [], "has_more": False}
    assert reviewing.get(f"{LIST}people/?q=%00").json() == {"names": [], "has_more": False}


def test_a_name_is_looked_up_only_for_those_who_may_see_the_list(client: Client, nils: Any, alice: Any) -> None:
    client.force_login(nils)
    assert client.get(f"{LIST}?person=alice").status_code == 403
    assert client.get(f"{LIST}people/?q=alice").status_code == 403
    assert not Entry.objects.filter(target_label="alice", event="search.made").exists()


# --- Days --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "found"),
    [("from=2026-01-02", [2, 3]), ("to=2026-01-02", [1, 2]), ("from=2026-01-02&to=2026-01-02", [2]),
     ("from=2027-01-01", [])],
)  # fmt: skip
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/Los_Angeles"])
def test_days_are_those_of_the_readers_time_zone(
    reviewing: Client, alice: Any, bob: Any, settings: Any, zone: str, query: str, found: list[int]
) -> None:
    settings.TIME_ZONE = zone
    moments = [datetime(2026, 1, day, hour, tzinfo=ZoneInfo(zone)) for day, hour in ((1, 23), (2, 0), (3, 0))]
    rows = [write(alice, bob, timestamp=moment.astimezone(UTC)) for moment in moments]
    assert sorted(shown(reviewing, f"{MESSAGES}?{query}")) == [rows[number - 1].pk for number in found]
    conversations = [rows[number - 1].conversation_id for number in found]
    assert sorted(shown(reviewing, f"{LIST}?{query}")) == conversations


def test_an_export_uses_the_days_of_its_requester(alice: Any, bob: Any) -> None:
    """This holds whichever process makes the export."""
    evening = write(alice, bob, timestamp=datetime(2026, 1, 1, 12, tzinfo=UTC))
    dora = make_exporter("dora")
    for zone, found in (("Pacific/Kiritimati", [evening]), ("UTC", [])):
        dora.time_zone = zone
        selected = read_list("messages", "from=2026-01-02", by=dora, as_of=timezone.now())
        assert list(selected.rows) == found


def test_a_day_is_named_in_a_chip_and_stays_in_its_field(reviewing: Client, alice: Any, bob: Any) -> None:
    write(alice, bob)
    page = reviewing.get(f"{MESSAGES}?from=2026-01-02").content.decode()
    assert "Sent from: <bdi>2 January 2026</bdi>" in page
    assert '<input type="date" name="from" id="filter-from" value="2026-01-02">' in page


@BOTH
@pytest.mark.parametrize(
    "day", ["2026-02-30", "20260102", "2026-W01-1", "0001-01-01", "9999-12-31", "yesterday", "%00"]
)
def test_an_invalid_day_gives_the_whole_list(reviewing: Client, at: str, day: str) -> None:
    for name in ("from", "to"):
        assert reviewing.get(f"{at}?{name}={day}")["Location"] == f"{at}?e=1"


# --- All of them -------------------------------------------------------------------------------------------------


def test_the_form_keeps_search_order_and_the_other_filters(reviewing: Client, alice: Any, bob: Any) -> None:
    write(alice, bob)
    page = reviewing.get(f"{LIST}?q=a&unread=yes&length=1&o=oldest").content.decode()
    form = page[page.index('aria-label="More filters"') :].partition("</form>")[0]
    for name, value in (("q", "a"), ("unread", "yes"), ("o", "oldest")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in form
    assert '<option value="1" selected>1 message</option>' in form
    assert '<input type="hidden" name="length"' not in form
    assert "More filters (1)" in page


@BOTH
def test_the_number_of_queries_does_not_grow_with_the_rows(
    reviewing: Client, alice: Any, bob: Any, at: str, django_assert_num_queries: Any
) -> None:
    address = f"{at}?participant={alice.pk}&with={bob.pk}&from=2020-01-01"
    for rows in (3, 6):
        for number in range(rows):
            answer(write(alice, bob, minute=number))
        reviewing.get(address)  # records what is shown
        with CaptureQueriesContext(connection) as queries:
            reviewing.get(address)
        if rows == 3:
            few = len(queries)
    assert len(queries) == few
    assert Message.objects.between(alice.pk, bob.pk).count() == 18
