"""Saved searches: who owns them, what is new since the user last looked, and what an erasure removes."""

from __future__ import annotations

import re
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.clients import signed_in
from messaging.tests.concurrency import run_concurrently
from messaging.tests.conversations import write
from ops.accounts.refusals import Refused
from ops.audit.models import Entry
from ops.conftest import READING, make_staff
from ops.deletion.models import DeletionRequest
from ops.searching.models import Look, SavedSearch
from ops.searching.saved import erased, saving, snapshots

MESSAGES = reverse("admin:messaging_message_changelist")
CONVERSATIONS = reverse("admin:messaging_conversation_changelist")
SAVED = reverse("admin:saved_searches")


@pytest.fixture
def rita(rita: Any) -> Any:
    rita.last_login = timezone.now()
    rita.save()
    return rita


@pytest.fixture
def lena(db: Any) -> Any:
    return make_staff("lena", *READING, "share_savedsearch")


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", strip_tags(response.content.decode()))


def test_a_saved_search_counts_what_is_new_since_the_last_look(rita: Any, alice: Any, bob: Any) -> None:
    client = signed_in(rita)
    write(alice, bob, "spam one")
    page = client.get(MESSAGES, {"q": "spam"})
    save = page.context["offered"].address_to_save
    assert save in page.content.decode().replace("&amp;", "&")
    assert "with spam" in words(client.get(save))
    assert client.post(save, {"name": "Bad"}, follow=True).context["offered"].opened
    entry = Entry.objects.get(event="search.saved")
    assert (entry.target_label, entry.details, entry.actor_id) == ("Bad: spam", {"team": False}, rita.pk)
    # It is not offered in the list of conversations, nor to anybody else.
    assert "Bad" not in words(client.get(CONVERSATIONS))
    assert "Bad" not in words(signed_in(make_staff("mel", *READING)).get(MESSAGES))
    # Two messages are new, one of them sent years ago; the third does not match.
    write(alice, bob, "SPAM two")
    write(alice, bob, "spam three", timestamp=timezone.now() - timedelta(days=2_000))
    write(alice, bob, "harmless")
    assert "since you looked" not in words(client.get(MESSAGES))
    call_command("count_new_hits")
    assert "Bad 2 new since you looked" in words(client.get(MESSAGES))
    assert "Bad 2 new since you looked" in words(client.get(SAVED))
    # Only the first page shows the new messages, so that no other page counts as a look.
    client.get(MESSAGES, {"q": "spam", "page": "last"})
    assert "2 new" in words(client.get(MESSAGES))
    client.get(MESSAGES, {"q": "spam"})
    assert "since you looked" not in words(client.get(MESSAGES))
    Message.objects.filter(content__contains="two").delete()
    call_command("count_new_hits")
    assert "since you looked" not in words(client.get(MESSAGES))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_a_message_committed_late_counts_as_new(rita: Any, alice: Any, bob: Any) -> None:
    carol, dave = make_user("carol"), make_user("dave")
    has_its_number, may_commit = Event(), Event()

    def late() -> None:
        with transaction.atomic():
            write(carol, dave, "spam that comes late")
            has_its_number.set()
            assert may_commit.wait(60)

    def others() -> None:
        try:
            assert has_its_number.wait(60)
            write(alice, bob, "spam that was there earlier")
            saving.save("Bad", "messages", "spam", by=rita)
        finally:
            may_commit.set()

    write(alice, bob, "spam")
    write(alice, bob, "spam").delete()  # leaves a gap that is never filled
    assert run_concurrently(late, others) == [None, None]
    first, last = Message.objects.order_by("-pk").values_list("content", flat=True)[:2]
    assert (first, last) == ("spam that was there earlier", "spam that comes late")
    call_command("count_new_hits")
    assert Look.objects.get().new == 1
    signed_in(rita).get(MESSAGES, {"q": "spam"})
    call_command("count_new_hits")
    assert Look.objects.get().new == 0
    write(alice, bob, "spam")
    call_command("count_new_hits")
    assert Look.objects.get().new == 1


@pytest.mark.postgresql
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_a_snapshot_has_the_id_gaps_between_the_newest_messages(
    alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    keys = [write(alice, bob, "Hello").pk for _ in range(6)]
    Message.objects.filter(pk__in=[keys[1], keys[3], keys[4]]).delete()
    with django_assert_num_queries(3):
        found = snapshots.stored()
    gaps = [[keys[3], keys[4]], [keys[1], keys[1]]]
    assert found.up_to == keys[5]
    assert found.missing[:2] == gaps
    assert found.missing[2:] == ([[1, keys[0] - 1]] if keys[0] > 1 else [])
    monkeypatch.setattr(snapshots, "MOST_GAPS", 1)
    assert snapshots.stored().missing == gaps[:1]
    monkeypatch.setattr(snapshots, "LOOKED_AT", 1)
    assert snapshots.stored().missing == gaps[:1]
    monkeypatch.setattr(snapshots, "MOST_GAPS", 500)
    assert snapshots.stored().missing == gaps[:1]


def test_counts_depend_on_role_reading_setting_and_recent_sign_in(
    rita: Any, alice: Any, bob: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = saving.save("Read", "messages", "is:read spam", by=rita)
    flagged = saving.save("Flagged", "messages", "is:flagged spam", by=rita)
    unread = saving.save("Unread", "conversations", "is:unread spam", by=rita)
    for _ in range(3):
        write(alice, bob, "spam")

    def numbers() -> list[int]:
        call_command("count_new_hits")
        return [Look.objects.get(search=one, person=rita).new for one in (mine, flagged, unread)]

    assert numbers() == [0, 0, 3]  # Rita's role has no is:flagged here
    monkeypatch.setattr("ops.searching.saved.looks.MOST", 2)
    monkeypatch.setattr("messaging.search.engine.LOOKED_THROUGH", 1)  # uses the index
    assert numbers() == [0, 0, 3]
    monkeypatch.setattr("ops.searching.saved.looks.MOST", 1)
    assert numbers() == [0, 0, 2]
    settings.READING = "reason"
    assert numbers() == [0, 0, 0]
    settings.READING = "open"
    Look.objects.update(new=5)
    rita.last_login = timezone.now() - timedelta(days=15)
    rita.save()
    assert numbers() == [5, 5, 5]


def test_team_searches_are_seen_by_all_and_managed_by_leads(rita: Any, lena: Any) -> None:
    team = saving.save("Scams", "messages", "scam", by=lena, for_team=True)
    client = signed_in(rita)
    assert "Scams" in words(client.get(MESSAGES)) and "Scams" in words(client.get(SAVED))
    delete = reverse("admin:delete_search", args=[team.pk])
    assert delete not in client.get(SAVED).content.decode()
    assert client.post(delete).status_code == 403
    with pytest.raises(Refused, match="Only Leads"):
        saving.save("Mine", "messages", "scam", by=rita, for_team=True)
    assert (
        "whose" not in client.get(reverse("admin:save_search"), {"scope": "messages", "q": "x"}).context["form"].fields
    )
    own = saving.save("Scams", "messages", "scam", by=rita)
    for name in ("scams", "Scams"):
        with pytest.raises(Refused, match="already"):
            saving.save(name, "messages", "other", by=rita)
    leading = signed_in(lena)
    assert leading.get(reverse("admin:delete_search", args=[own.pk])).status_code == 404
    assert leading.post(delete, follow=True).status_code == 200
    assert list(SavedSearch.objects.all()) == [own]
    assert Entry.objects.get(event="search.deleted").details == {"team": True}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({}, "There is nothing to save"),
        ({"scope": "odd", "q": "x"}, "There is nothing to save"),
        ({"scope": "messages", "q": "is:odd"}, "There is no “is:odd”"),
    ],
)
def test_an_invalid_search_is_not_saved(rita: Any, query: dict[str, str], sentence: str) -> None:
    client = signed_in(rita)
    address = reverse("admin:save_search", query=query)
    assert sentence in words(client.get(address))
    assert sentence in words(client.post(address, {"name": "x"}))
    assert not SavedSearch.objects.exists()


def test_an_erasure_removes_searches_by_or_about_the_person(rita: Any, lena: Any) -> None:
    saving.save("About them", "messages", "from:rita spam", by=lena, for_team=True)
    saving.save("Rita’s words", "messages", "spam", by=lena)
    kept = saving.save("Britannia", "messages", "britannia", by=lena)
    saving.save("Own", "messages", "spam", by=rita)
    Look.objects.create(search=kept, person=rita, seen_up_to=0)
    person: Any = DeletionRequest(user_id=rita.pk, username="rita", email="")
    assert erased.remove(person, None).result == "removed"
    assert list(SavedSearch.objects.all()) == [kept]
    assert not Look.objects.filter(person=rita).exists()
    assert erased.remove(person, None).result == "none"


def test_the_number_of_queries_does_not_grow_with_the_saved_searches(rita: Any, alice: Any, bob: Any) -> None:
    client = signed_in(rita)
    write(alice, bob, "spam")
    saving.save("0", "messages", "spam", by=rita)

    def queries(q: str) -> int:
        client.get(MESSAGES, {"q": q})
        with CaptureQueriesContext(
            connection,
        ) as found:
            client.get(MESSAGES, {"q": q})
        return len(found)

    before = queries(""), queries("spam")
    for number in range(1, 11):
        saving.save(str(number), "messages", f"spam {number}", by=rita)
    assert (queries(""), queries("spam")) == before
