"""The list of the audit trail: what a row shows, filters and searches, and how viewing it is recorded."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.tests.cast import make_user
from ops.accounts.events import AccountEvent
from ops.audit.events import Event
from ops.audit.models import Entry
from ops.audit.screens import searching
from ops.audit.sealing import chain
from ops.audit.tests.trail import BROWSER, LIST, happened, make_auditor, recording_fails
from ops.console.declared_lists import UNKNOWN_FILTER
from ops.events import ConsoleEvent
from ops.imports.events import ImportEvent


@pytest.fixture
def otto(db: Any) -> Any:
    """Otto is an auditor: he may read the trail and nothing else."""
    return make_auditor("otto")


@pytest.fixture
def auditing(client: Client, otto: Any) -> Client:
    """Otto's browser, which has opened the trail before, so that opening it again adds no entry."""
    client.force_login(otto)
    client.get(LIST)
    return client


def shown(client: Client, query: str = "") -> list[int]:
    """Return the ids of this test's own entries on that page, in order."""
    rows = client.get(f"{LIST}{query}").context["cl"].result_list
    return [row.pk for row in rows if row.user_agent == BROWSER]


def words(page: str) -> str:
    """Return the text of a page, without tags and with single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def row_of(client: Client, entry: Entry, query: str = "") -> str:
    page = client.get(f"{LIST}{query}").content.decode()
    return next(row for row in page.split("<tr>") if f"/{entry.pk}/change/" in row)


def test_a_row_shows_event_actor_role_target_and_age(auditing: Client, rita: Any, alice: Any) -> None:
    rita.is_superuser = True
    entry = happened(AccountEvent.PERSON_READ, rita, alice, timezone.now() - timedelta(hours=3))
    assert words(row_of(auditing, entry)).startswith(
        "Read a person&#x27;s account … waits for its seal rita superuser alice 3 hours ago"
    )


def test_a_row_links_to_the_actor_and_the_target(auditing: Client, rita: Any, alice: Any) -> None:
    row = row_of(auditing, happened(AccountEvent.PERSON_READ, rita, alice))
    assert f'href="{LIST}?actor={rita.pk}"' in row
    assert f'href="{LIST}?target=accounts.user:{alice.pk}"' in row


def test_a_sealed_entry_has_no_mark(auditing: Client, rita: Any) -> None:
    entry = happened(Event.SIGNED_IN, rita)
    chain.seal()
    assert "seal" not in words(row_of(auditing, entry))


def test_entries_without_an_actor_show_unknown_user_or_the_system(auditing: Client) -> None:
    tried = happened(Event.SIGN_IN_REFUSED, request_id="r1")
    job = happened(ImportEvent.IMPORT_MADE)
    assert "unknown user not signed in" in words(row_of(auditing, tried))
    assert "the system" in words(row_of(auditing, job))


def test_an_erased_person_stays_one_person_without_a_name(auditing: Client, rita: Any) -> None:
    entry = happened(ConsoleEvent.MESSAGE_READ, rita)
    Entry.objects.filter(pk=entry.pk).empty_copies(("actor_name", "ip", "user_agent", "actor_salt"), at=timezone.now())
    row = row_of(auditing, entry)
    assert "an erased person" in row
    assert f"?actor={rita.pk}" in row
    assert "redacted" in row


def test_names_and_labels_are_shown_as_they_are_and_never_as_html(auditing: Client) -> None:
    mallory = make_user("<img src=x onerror=alert(1)>")
    row = row_of(auditing, happened(AccountEvent.PERSON_READ, mallory, mallory))
    assert "&lt;img src=x" in row
    assert "<img" not in row


def test_the_newest_comes_first(auditing: Client, rita: Any) -> None:
    now = timezone.now()
    older = happened(Event.SIGNED_OUT, rita, at=now - timedelta(days=1)).pk
    newer = happened(Event.SIGNED_OUT, rita, at=now).pk
    oldest = happened(Event.SIGNED_OUT, rita, at=now - timedelta(days=2)).pk
    assert shown(auditing) == [newer, older, oldest]


def test_the_activity_log_shows_what_one_person_did(auditing: Client, rita: Any, nils: Any) -> None:
    hers = happened(Event.SIGNED_OUT, rita).pk
    happened(Event.SIGNED_OUT, nils)
    happened(AccountEvent.PERSON_READ, nils, rita)
    assert shown(auditing, f"?actor={rita.pk}") == [hers]
    assert "User: <bdi>rita</bdi>" in auditing.get(f"{LIST}?actor={rita.pk}").content.decode()


def test_activity_follows_the_account_not_its_name(auditing: Client, rita: Any, nils: Any) -> None:
    """Rita is renamed to Marge, and then Nils to Rita: each keeps their own activity."""
    hers, his = happened(Event.SIGNED_OUT, rita).pk, happened(Event.SIGNED_OUT, nils).pk
    for user, name in ((rita, "marge"), (nils, "rita")):
        user.username = name
        user.save()
    hers_later, his_later = happened(Event.SIGNED_IN, rita).pk, happened(Event.SIGNED_IN, nils).pk
    auditing.force_login(make_auditor("olga", "view_user"))
    for user, entries in ((rita, [hers_later, hers]), (nils, [his_later, his])):
        page = auditing.get(reverse("admin:accounts_user_change", args=[user.pk])).content.decode()
        (activity,) = re.findall(r'href="([^"]+)"[^>]*>Activity', page)
        assert shown(auditing, activity.removeprefix(LIST)) == entries
        assert f"User: <bdi>{user.username}</bdi>" in auditing.get(activity).content.decode()
    assert auditing.get(f"{LIST}?person=rita")["Location"] == f"{LIST}?actor={nils.pk}"


def test_activity_outlives_the_account(auditing: Client) -> None:
    entry = happened(Event.SIGNED_OUT, actor_id=4711, actor_name="walter").pk
    happened(Event.SIGNED_OUT, actor_id=4712, actor_name="")
    assert shown(auditing, "?actor=4711") == [entry]
    assert "User: <bdi>walter</bdi>" in auditing.get(f"{LIST}?actor=4711").content.decode()
    assert "User: <bdi>account 4712</bdi>" in auditing.get(f"{LIST}?actor=4712").content.decode()


def test_the_history_shows_the_entries_about_one_target(auditing: Client, rita: Any) -> None:
    twelve = happened(ConsoleEvent.CONVERSATION_READ, rita, ("messaging.conversation", 12)).pk
    happened(ConsoleEvent.CONVERSATION_READ, rita, ("messaging.conversation", 121))
    happened(ConsoleEvent.MESSAGE_READ, rita, ("messaging.message", 12))
    assert shown(auditing, "?target=messaging.conversation:12") == [twelve]
    page = auditing.get(f"{LIST}?target=messaging.conversation:12").content.decode()
    assert "About: <bdi>Conversation 12</bdi>" in page


def test_an_action_filter_shows_all_entries_of_the_action(auditing: Client, rita: Any) -> None:
    click = uuid4()
    touched = {happened(Event.RECORD_DELETED, rita, ("auth.group", key), action=click).pk for key in (1, 2, 3)}
    happened(Event.RECORD_DELETED, rita, ("auth.group", 4))
    assert set(shown(auditing, f"?action={click}")) == touched


def test_the_list_can_be_filtered_by_event(auditing: Client, rita: Any) -> None:
    chosen = happened(ConsoleEvent.MESSAGE_EDITED, rita).pk
    happened(ConsoleEvent.MESSAGE_READ, rita)
    assert shown(auditing, "?event=message.edited") == [chosen]
    page = auditing.get(f"{LIST}?event=message.edited").content.decode()
    assert '<option value="message.edited" selected>Corrected a message</option>' in page


def test_today_begins_at_midnight(auditing: Client, rita: Any) -> None:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    today = happened(Event.SIGNED_OUT, rita, at=midnight).pk
    happened(Event.SIGNED_OUT, rita, at=midnight - timedelta(seconds=1))
    assert shown(auditing, "?since=today") == [today]


def test_a_typed_username_filters_by_account_and_keeps_other_filters(auditing: Client, rita: Any) -> None:
    response = auditing.get(f"{LIST}?person=rita&event=message.read&since=7d")
    assert response["Location"] == f"{LIST}?event=message.read&since=7d&actor={rita.pk}"


def test_an_unknown_username_is_reported(auditing: Client, rita: Any) -> None:
    page = auditing.get(f"{LIST}?person=Rita&event=message.read").content.decode()
    assert "No account is called “<bdi>Rita</bdi>”. A search finds names of accounts long gone." in page
    assert 'id="narrow-person" value="Rita"' in page
    assert "User: <bdi>" not in page


def test_clearing_the_username_removes_the_filter(auditing: Client, rita: Any) -> None:
    assert auditing.get(f"{LIST}?person=&actor={rita.pk}&event=")["Location"] == f"{LIST}?"


def test_further_filters_keep_a_deleted_account(auditing: Client) -> None:
    happened(Event.SIGNED_OUT, actor_id=4711, actor_name="walter")
    page = auditing.get(f"{LIST}?actor=4711").content.decode()
    assert 'name="person" id="narrow-person" value="walter"' in page
    assert '<input type="hidden" name="actor" value="4711">' in page
    response = auditing.get(f"{LIST}?actor=4711&person=walter&event=message.read")
    assert response["Location"] == f"{LIST}?actor=4711&event=message.read"


@pytest.mark.parametrize(
    "query",
    ["actor=rita", f"actor={'9' * 5000}", "actor=²", "target=nothing", "target=:7", "target=%00:%00", "action=this",
     "target=accounts.user:walter", "event=invented", "since=ever", "at__year=99999999999", "actor_name__startswith=r"],
)  # fmt: skip
def test_an_invalid_filter_shows_the_whole_list_and_says_so(auditing: Client, rita: Any, query: str) -> None:
    entry = happened(Event.SIGNED_OUT, rita).pk
    page = auditing.get(f"{LIST}?{query}", follow=True)
    assert [row.pk for row in page.context["cl"].result_list if row.user_agent == BROWSER] == [entry]
    assert str(UNKNOWN_FILTER) in page.content.decode()


def test_a_search_for_a_null_character_shows_the_whole_list(auditing: Client, rita: Any) -> None:
    entry = happened(Event.SIGNED_OUT, rita).pk
    assert shown(auditing, "?q=%00") == [entry]


def test_a_target_of_an_unknown_type_can_be_filtered(auditing: Client, rita: Any) -> None:
    entry = happened(Event.RECORD_CHANGED, rita, ("old.thing", "a/b")).pk
    assert shown(auditing, "?target=old.thing:a/b") == [entry]


@pytest.mark.parametrize("term", ["rita", "RIT", "Conversation 77", "versation 7", "req-1"])
def test_search_finds_names_labels_and_request_ids(auditing: Client, rita: Any, term: str) -> None:
    wanted = happened(
        ConsoleEvent.MESSAGE_READ, rita, ("messaging.conversation", 77), label="Conversation 77", request_id="req-1"
    ).pk
    happened(ConsoleEvent.MESSAGE_READ, make_user("walter"), request_id="req-12")
    assert shown(auditing, f"?q={term}") == [wanted]


def test_search_finds_an_action_by_its_id(auditing: Client, rita: Any) -> None:
    wanted = happened(ConsoleEvent.MESSAGE_READ, rita)
    happened(ConsoleEvent.MESSAGE_READ, rita)
    assert shown(auditing, f"?q={wanted.action}") == [wanted.pk]
    assert shown(auditing, f"?q={wanted.action.hex}") == [wanted.pk]


def test_a_request_id_may_look_like_an_action(auditing: Client, rita: Any) -> None:
    request_id = uuid4().hex
    wanted = happened(ConsoleEvent.MESSAGE_READ, rita, request_id=request_id).pk
    assert shown(auditing, f"?q={request_id}") == [wanted]


def test_names_are_searched_in_the_newest_entries_and_actions_in_all(
    auditing: Client, rita: Any, alice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "SEARCHED_ENTRIES", 2)
    long_ago = happened(ConsoleEvent.MESSAGE_READ, rita, at=timezone.now() - timedelta(days=300))
    for _ in range(3):
        happened(ConsoleEvent.MESSAGE_READ, alice)
    assert shown(auditing, "?q=rita") == []
    assert shown(auditing, f"?q={long_ago.action}") == [long_ago.pk]
    page = auditing.get(LIST).content.decode()
    assert "in the newest 2. For everything that one person did, use “User”." in page


def test_a_search_keeps_to_the_filters(auditing: Client, rita: Any) -> None:
    happened(ConsoleEvent.MESSAGE_READ, rita)
    edit = happened(ConsoleEvent.MESSAGE_EDITED, rita).pk
    assert shown(auditing, "?q=rita&event=message.edited") == [edit]


def test_viewing_the_trail_is_recorded_once_an_hour(client: Client, otto: Any) -> None:
    client.force_login(otto)
    looks = Entry.objects.filter(event=Event.AUDIT_READ, actor=otto)
    client.get(LIST)
    client.get(LIST)
    client.get(f"{LIST}{looks.get().pk}/change/")
    assert looks.count() == 1


def test_viewing_the_trail_after_an_hour_is_recorded_again(client: Client, otto: Any) -> None:
    happened(Event.AUDIT_READ, otto, Entry, timezone.now() - timedelta(minutes=61))
    client.force_login(otto)
    client.get(LIST)
    assert Entry.objects.filter(event=Event.AUDIT_READ, actor=otto).count() == 2


def test_a_search_is_recorded_with_its_filters_and_results(auditing: Client, rita: Any) -> None:
    happened(ConsoleEvent.MESSAGE_READ, rita)
    auditing.get(f"{LIST}?q=rita&event=message.read")
    search = Entry.objects.get(event=Event.SEARCH_MADE)
    assert (search.target_type, search.target_label) == ("audit.entry", "rita")
    assert search.details == {"filters": {"event": "message.read"}, "results": 1}


def test_the_list_is_not_shown_if_the_reading_cannot_be_recorded(client: Client, otto: Any) -> None:
    client.force_login(otto)
    with recording_fails():
        response = client.get(LIST)
    assert response.status_code == 503
    assert "could not be recorded in the audit trail" in response.content.decode()


def test_the_menu_and_the_heading_name_the_trail(auditing: Client) -> None:
    page = auditing.get(LIST).content.decode()
    assert f'<a href="{LIST}" aria-current="page">Audit trail</a>' in page
    assert "<h1>Audit trail</h1>" in page


def test_without_permission_the_list_is_neither_offered_nor_opened(client: Client, rita: Any) -> None:
    client.force_login(rita)
    assert client.get(LIST).status_code == 403
    assert LIST not in client.get("/console/").content.decode()


def test_superusers_cannot_add_change_or_delete_entries(client: Client, rosa: Any) -> None:
    entry = happened(Event.SIGNED_OUT, rosa)
    client.force_login(rosa)
    for address in ("add/", f"{entry.pk}/delete/", f"{entry.pk}/change/"):
        assert client.post(f"{LIST}{address}", {"at": "2020-01-01"}).status_code == 403
    data = {"action": "delete_selected", "_selected_action": entry.pk}
    client.post(LIST, data)
    assert Entry.objects.filter(pk=entry.pk, at=entry.at).exists()


def test_a_list_without_a_match_says_so(otto: Any, client: Client) -> None:
    client.force_login(otto)
    page = client.get(f"{LIST}?event=import.made").content.decode()
    assert "No match with these filters." in page


def test_a_page_takes_at_most_nine_queries(
    auditing: Client, rita: Any, alice: Any, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        happened(AccountEvent.PERSON_READ, rita, ("accounts.user", number))
    with django_assert_max_num_queries(9) as few:  # one of them counts pending work
        auditing.get(LIST)
    for number in range(60):
        happened(AccountEvent.PERSON_READ, alice, ("accounts.user", number))
        happened(ConsoleEvent.MESSAGE_READ, None, ("messaging.message", number))
    with django_assert_num_queries(len(few)):
        page = auditing.get(LIST)
    assert len(page.context["cl"].result_list) == 50
