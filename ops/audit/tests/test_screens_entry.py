"""The page of one entry: all its details in plain words, and links to related pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import timezone

from messaging.tests.cast import make_user
from ops.accounts.events import AccountEvent
from ops.audit.details import Key
from ops.audit.events import Event
from ops.audit.models import ACTOR_COPIES, Entry, Seal, Unsealed
from ops.audit.sealing import chain
from ops.audit.templatetags.audit import as_parts
from ops.audit.tests.trail import BROWSER, LIST, happened, make_auditor, recording_fails
from ops.events import ConsoleEvent


@pytest.fixture
def auditing(client: Client, db: None) -> Client:
    """Otto's browser: he may read the audit trail and nothing else."""
    client.force_login(make_auditor("otto"))
    return client


def page_of(client: Client, entry: Entry) -> str:
    return client.get(f"{LIST}{entry.pk}/change/").content.decode()


def words(page: str) -> str:
    """Return the text of the page's content, without tags and with single spaces."""
    content = page.partition('id="content-main"')[2]
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", content).split()))


def test_the_page_shows_all_fields_in_words(auditing: Client, rita: Any) -> None:
    rita.is_superuser = True
    entry = happened(
        ConsoleEvent.CONVERSATION_READ, rita, ("messaging.conversation", 12), reason="A complaint", ip="192.0.2.7",
        request_id="req-1", label="Conversation 12",
    )  # fmt: skip
    read = words(page_of(auditing, entry))
    for phrase in (
        "What Read a conversation conversation.read",
        "Who rita superuser",
        f"When {entry.at:%-d %B %Y, %H:%M:%S} UTC",
        "About Conversation 12 messaging.conversation:12",
        "Reason A complaint",
        "Address 192.0.2.7",
        f"Browser {BROWSER}",
        "Request req-1",
        f"Action {entry.action}",
    ):
        assert phrase in read


def test_details_are_shown_as_names_and_values(auditing: Client, rita: Any) -> None:
    details = {
        "rows_removed": 3,
        "is_staff": {"before": False, "after": True},
        "added": [Key("a.b"), Key("c.d")],
        "none": [],
    }
    read = words(page_of(auditing, happened(Event.ROLES_CHANGED, rita, rita, details=details)))
    for phrase in ("Rows removed 3", "Is staff", "Before no", "After yes", "Added a.b, c.d", "None none"):
        assert phrase in read


@pytest.mark.parametrize(
    ("details", "parts"),
    [
        ({}, []),
        ([1, "two"], [{"name": "1", "text": "1"}, {"name": "2", "text": "two"}]),
        ({"a": [{"b": 1}]}, [{"name": "A", "parts": [{"name": "1", "parts": [{"name": "B", "text": "1"}]}]}]),
        ({"a": {}, "b": "", "c": None, "d": 0}, [{"name": "A", "text": "none"}, {"name": "B", "text": "none"},
                                                 {"name": "C", "text": "none"}, {"name": "D", "text": "0"}]),
    ],
)  # fmt: skip
def test_details_of_any_shape_can_be_shown(details: Any, parts: Any) -> None:
    assert as_parts(details) == parts


def test_messages_that_were_shown_are_listed_as_runs(auditing: Client, rita: Any) -> None:
    entry = happened(Event.LIST_READ, rita, details={"messages": [[1, 1], [5, 8]], "rows": 5})
    assert "Messages 1, 5–8 " in words(page_of(auditing, entry))


def test_a_detail_or_reason_is_shown_as_it_is_and_never_as_html(auditing: Client, rita: Any) -> None:
    entry = happened(
        Event.RECORD_CHANGED,
        rita,
        label="<b>x</b>",
        reason="<script>1</script>",
        details={Key("<i>"): Key("<script>2</script>")},
    )
    page = page_of(auditing, entry)
    assert "<script>1" not in page
    assert "<script>2" not in page
    assert "<i>" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page


def test_a_sealed_entry_shows_its_position_and_hash(auditing: Client, rita: Any) -> None:
    entry = happened(Event.SIGNED_OUT, rita)
    chain.seal()
    seal = Seal.objects.get(entry=entry)
    read = words(page_of(auditing, entry))
    assert f"Seal Position {seal.position} of the chain" in read
    assert f"Hash {seal.hash}" in read


def test_a_new_entry_waits_for_its_seal(auditing: Client, rita: Any) -> None:
    assert "Seal Waits for its seal: the next entry or the worker sets it." in words(
        page_of(auditing, happened(Event.SIGNED_OUT, rita))
    )


def test_a_missing_seal_is_reported(auditing: Client, rita: Any) -> None:
    entry = happened(Event.SIGNED_OUT, rita)
    Unsealed.objects.filter(entry=entry).delete()
    assert "manage.py verify_audit" in words(page_of(auditing, entry))


def test_a_scrubbed_entry_shows_the_day_but_not_the_time(auditing: Client, rita: Any) -> None:
    """The exact time is that of a receipt, and would connect the receipt with the account."""
    entry = happened(ConsoleEvent.MESSAGE_READ, rita)
    # An hour that the page does not show anyway: it shows when the entry was recorded, which is now.
    hour = (timezone.now().hour + 6) % 24
    moment = datetime(2031, 5, 6, hour, 8, 49, 123456, tzinfo=UTC)
    Entry.objects.filter(pk=entry.pk).empty_copies(("actor_salt", *ACTOR_COPIES), at=moment)
    page = page_of(auditing, entry)
    assert "were emptied on 6 May 2031, because" in words(page)
    assert "✂ redacted" in words(page)
    assert not re.search(rf"(?<![\d:])0?{hour}:08|123456", page)


def test_the_page_links_to_the_actor_the_target_and_the_action(auditing: Client, rita: Any, alice: Any) -> None:
    click = uuid4()
    entry = happened(AccountEvent.PERSON_READ, rita, alice, action=click)
    happened(AccountEvent.PERSON_READ, rita, rita, action=click)
    happened(AccountEvent.PERSON_READ, rita, rita, action=click)
    page = page_of(auditing, entry)
    assert f'<a href="{LIST}?actor={rita.pk}">Activity log</a>' in page
    assert f'<a href="{LIST}?target=accounts.user:{alice.pk}">Access log of this user</a>' in page
    assert f'<a href="{LIST}?action={click}">2 other entries of the same action</a>' in page


def test_the_link_to_the_target_depends_on_permissions(auditing: Client, client: Client, rosa: Any, alice: Any) -> None:
    entry = happened(AccountEvent.PERSON_READ, rosa, alice)
    link = '<a href="/console/accounts/user/{}/{}/">Open it</a>'
    assert link.format(alice.pk, "log") in page_of(auditing, entry)
    client.force_login(rosa)
    assert link.format(alice.pk, "conversations") in page_of(client, entry)


@pytest.mark.parametrize("target", [("nothing.known", "1"), ("no dot", "1"), ("accounts.user", "a\nb/c?d#e")])
def test_a_target_without_a_page_of_its_own_breaks_nothing(client: Client, rosa: Any, target: Any) -> None:
    client.force_login(rosa)
    assert "About" in words(page_of(client, happened(Event.RECORD_CHANGED, rosa, target)))


@pytest.mark.parametrize("key", ["0", "x", "9" * 30, "9" * 5000, "²"])
def test_an_entry_that_does_not_exist_leads_back_with_a_sentence(auditing: Client, key: str) -> None:
    response = auditing.get(f"{LIST}{key}/change/", follow=True)
    assert response.status_code == 200
    assert "doesn’t exist" in response.content.decode()


def test_the_page_is_not_shown_if_the_reading_cannot_be_recorded(auditing: Client, rita: Any) -> None:
    entry = happened(Event.SIGNED_OUT, rita, reason="A complaint")
    with recording_fails():
        response = auditing.get(f"{LIST}{entry.pk}/change/")
    assert response.status_code == 503
    assert "A complaint" not in response.content.decode()


def test_only_auditors_may_open_an_entry(client: Client, rita: Any) -> None:
    client.force_login(rita)
    assert client.get(f"{LIST}{happened(Event.SIGNED_OUT, rita).pk}/change/").status_code == 403


def linked(viewer: Any, target: Any) -> str:
    request = RequestFactory().get("/")
    request.user = viewer
    template = Template("{% load audit %}{% audit_links target=it %}")
    return template.render(Context({"request": request, "it": target})).strip()


def test_other_pages_link_to_the_trail_for_auditors_only(db: None, alice: Any, rita: Any) -> None:
    links = linked(make_auditor("otto"), alice)
    assert f'href="{LIST}?target=accounts.user:{alice.pk}"' in links
    assert linked(rita, alice) == ""
    assert linked(make_auditor("olga"), None) == ""


def test_the_number_of_queries_does_not_grow_with_the_action(
    auditing: Client, rita: Any, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    click = uuid4()
    entry = happened(AccountEvent.PERSON_READ, rita, make_user("dora"), action=click)
    page_of(auditing, entry)
    with django_assert_max_num_queries(10) as alone:
        page_of(auditing, entry)
    for number in range(20):
        happened(AccountEvent.PERSON_READ, rita, ("accounts.user", number), action=click)
    with django_assert_num_queries(len(alone)):
        page_of(auditing, entry)
