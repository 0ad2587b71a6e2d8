"""The menu has five places, each list in one of them, no entry that would be refused, and correct numbers."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import clear_script_prefix, reverse, set_script_prefix
from django.utils import timezone

from messaging.tests.cast import make_user
from messaging.tests.pseudo import ACCENTED, pseudo, speaking
from ops.accounts.models import User
from ops.console.frame import menu
from ops.console.rooms import Place, rooms
from ops.deletion.tests.deleting import ask
from ops.imports.models import Import
from ops.jobs.models import Job
from ops.tests.asking import address, empty_pages, make_staff, signed_in
from ops.tests.roles import PEOPLE
from ops.tests.test_who_may_open_what import keys

__all__ = ["keys"]

LOOK_UP = "admin:deletion_erased"


def test_every_list_is_in_exactly_one_place() -> None:
    declared = [key for room in rooms() for key in room.menu if ":" not in key]
    assert sorted(declared) == sorted(model._meta.label for model in admin.site._registry)


def test_every_place_has_entries_in_an_unambiguous_order() -> None:
    """Each room declares the order of its entries; no two entries share a position."""
    items = [item for room in rooms() for item in room.menu.values()]
    assert {item.place for item in items} - {None} == set(Place)  # the bell is in none
    assert len({(item.place, item.order) for item in items}) == len(items)


def menu_of(client: Client) -> dict[str, list[str]]:
    return names_in(client.get("/console/").context["frame"])


def names_in(frame: Any) -> dict[str, list[str]]:
    return {place.name: [offer.name for offer in place.offers] for place in frame.places}


def test_djangos_list_of_apps_is_made_for_its_own_pages_only(keys: dict[str, Any], monkeypatch: Any) -> None:
    """Building it takes five permission checks and two addresses for every model: a tenth of the work of a page."""
    made, build = [], admin.site._build_app_dict
    monkeypatch.setattr(admin.site, "_build_app_dict", lambda *given: made.append(given) or build(*given))  # type: ignore[func-returns-value]
    client = signed_in("rosa")
    for at in ("/console/", "/console/messaging/message/", address("messaging_message_change", keys)):
        assert client.get(at).status_code == 200
    assert made == []
    assert "Conversations" in client.get("/console/messaging/").content.decode()
    assert len(made) == 1


REVIEW = ["Conversations", "Queue", "Decisions", "Reports", "Messages", "Edits", "Review dashboard"]
LEADS_REVIEW = [
    "Conversations",
    "Queue",
    "Decisions",
    "Group decisions",
    "Reports",
    "Messages",
    "Edits",
    "Review dashboard",
    "Team dashboard",
]
DELETIONS = ["Deletions", "Holds", "Look up an erased account", "Deleted accounts"]
OPENINGS = "Openings without a report"
LABELS = ["Labels", "Canned reasons"]
LOOKED_AFTER = [*LABELS, "Team views"]  # by Leads
POLICY_LISTS = ("moderation_label_changelist", "moderation_cannedreason_changelist")
MENUS: dict[str, dict[str, list[str]]] = {
    "nils": {},
    "rita": {"Review": REVIEW, "Settings": LABELS},
    "lena": {
        "Review": LEADS_REVIEW,
        "People": [*DELETIONS, "Accounts dashboard"],
        "Data": ["Exports", "Jobs", "Data dashboard"],
        "Audit": [OPENINGS],
        "Settings": LOOKED_AFTER,
    },
    "sue": {"People": ["Users", *DELETIONS, "Accounts dashboard"], "Data": ["Exports", "Jobs"]},
    "dan": {
        "Review": ["Conversations", "Messages"],
        "Data": ["Imports", "Imports of reports", "Exports", "Jobs", "Data dashboard"],
    },
    "otto": {
        "People": DELETIONS,
        "Data": ["Jobs"],
        "Audit": ["Audit trail", OPENINGS, "Verification", "Oversight dashboard"],
        "Settings": LABELS,
    },
    "rosa": {
        "Review": LEADS_REVIEW,
        "People": ["Users", *DELETIONS, "Accounts dashboard"],
        "Data": ["Imports", "Imports of reports", "Exports", "Jobs", "Data dashboard"],
        "Audit": ["Audit trail", OPENINGS, "Verification", "Oversight dashboard"],
        "Settings": ["Roles", *LOOKED_AFTER, "Theme"],
    },
}


@pytest.mark.parametrize("who", PEOPLE[2:])
def test_the_menu_is_that_of_the_role_with_all_lists_that_its_person_may_open_and_no_other(
    who: str, keys: dict[str, Any], plain_refusals: None
) -> None:
    client = signed_in(who)
    frame = client.get("/console/").context["frame"]
    assert names_in(frame) == MENUS[who]
    items = [(key, item) for room in rooms() for key, item in room.menu.items() if item.offered]
    pages = {key: reverse(key) if ":" in key else address_of_list(key) for key, _ in items}
    with empty_pages():
        open_to = {page for page in pages.values() if client.get(page).status_code == 200}
    offered = {offer.address for place in frame.places for offer in place.offers}
    # Everybody may open their own jobs; the list is not offered to people who cannot start any.
    assert offered == open_to - ({reverse("admin:jobs_job_changelist")} - offered)


def address_of_list(label: str) -> str:
    return reverse(f"admin:{label.lower().replace('.', '_')}_changelist")


# --- What is cached ------------------------------------------------------------------------------------------------


def menu_shown(client: Client, at: str = "/console/") -> str:
    shown = re.search(r'<nav class="main-menu".*?</nav>', client.get(at).content.decode(), re.DOTALL)
    assert shown is not None
    return shown[0]


def test_addresses_are_found_once_and_permissions_each_time(keys: dict[str, Any], monkeypatch: Any) -> None:
    """This holds for several people: two browsers take turns, and permissions change between two pages."""
    rita, lena = signed_in("rita"), signed_in("lena")
    before = menu_shown(rita)
    monkeypatch.setattr(menu, "reverse", lambda *names, **given: pytest.fail(f"{names} was found again"))
    for client, name in ((lena, "lena"), (rita, "rita"), (lena, "lena")):
        assert menu_of(client) == MENUS[name]
        assert ("Team dashboard" in menu_shown(client)) == (name == "lena")
    assert menu_shown(rita) == before
    User.objects.get(username="rita").groups.clear()
    assert menu_of(rita) == {}
    assert "Conversations" not in menu_shown(rita)


def test_the_menu_is_in_the_language_of_its_reader(keys: dict[str, Any]) -> None:
    client = signed_in("rita")
    before = menu_shown(client)
    with speaking(ACCENTED):
        shown = menu_shown(client)
    assert (pseudo("Queue") in shown, "Queue" in shown) == (True, False)
    assert menu_shown(client) == before


def test_the_menu_has_the_addresses_under_which_the_console_is_served(keys: dict[str, Any]) -> None:
    client = signed_in("rita")
    messages = reverse("admin:messaging_message_changelist")
    assert f'href="{messages}"' in menu_shown(client)
    set_script_prefix("/team/")
    try:
        assert f'href="/team{messages}"' in menu_shown(client)
    finally:
        clear_script_prefix()
    assert f'href="{messages}"' in menu_shown(client)


def test_the_menu_shows_the_current_page_and_current_counts(keys: dict[str, Any]) -> None:
    client, dan = signed_in("dan"), User.objects.get(username="dan")
    messages = reverse("admin:messaging_message_changelist")
    elsewhere, here = menu_shown(client), menu_shown(client, messages)
    assert (elsewhere.count("aria-current"), here.count('aria-current="page"')) == (0, 1)
    for number in (1, 2):
        waiting_import(dan)
        assert f"</span>{number}<span" in menu_shown(client)
    conversations = reverse("admin:messaging_conversation_changelist")
    assert f"{conversations}?q=edited" in menu_shown(client, f"{messages}?q=edited")
    assert menu_shown(client) != elsewhere
    assert "edited" not in menu_shown(client)


# --- The current page ----------------------------------------------------------------------------------------------


def breadcrumb(page: Any) -> list[str]:
    within = re.search(r'<nav class="breadcrumb".*?</nav>', page.content.decode(), re.DOTALL)
    assert within is not None
    return [re.sub(r"<[^>]+>", "", one).strip() for one in re.findall(r"<li.*?</li>", within[0], re.DOTALL)]


@pytest.mark.parametrize(
    ("name", "trail"),
    [
        ("messaging_conversation_changelist", ["Home", "Review", "Conversations"]),
        ("messaging_messagehistory_changelist", ["Home", "Review", "Edits"]),
        ("messaging_notification_changelist", ["Home", "Review", "Notifications"]),
        ("messaging_conversation_change", ["Home", "Review", "Conversations", "alice and bob"]),
        ("accounts_user_change", ["Home", "People", "Users", "alice"]),
        ("accounts_user_hold", ["Home", "Confirm your password"]),
        ("deletion_erased", ["Home", "People", "Look up an erased account"]),
        ("jobs_job_changelist", ["Home", "Data", "Jobs"]),
        ("audit_entry_changelist", ["Home", "Audit", "Audit trail"]),
        ("auth_group_changelist", ["Home", "Settings", "Roles"]),
        ("moderation_label_changelist", ["Home", "Settings", "Labels"]),
        ("moderation_cannedreason_change", ["Home", "Settings", "Canned reasons", "a reason"]),
        ("keyboard", ["Home", "Keyboard shortcuts"]),
    ],
)
def test_each_page_has_its_breadcrumb(name: str, trail: list[str], keys: dict[str, Any]) -> None:
    page = signed_in("rosa").get(address(name, keys), follow=True)
    assert breadcrumb(page) == trail


def test_the_place_of_a_page_is_marked(keys: dict[str, Any]) -> None:
    client = signed_in("rosa")
    for name in ("messaging_conversation_change", "accounts_user_change", "deletion_erased"):
        frame = client.get(address(name, keys)).context["frame"]
        assert [place.name for place in frame.places if place.here] == [frame.place]


def test_a_page_outside_the_menu_still_has_a_place(keys: dict[str, Any]) -> None:
    frame = signed_in("rita").get(address("messaging_notification_changelist", keys)).context["frame"]
    assert (frame.place, [offer.name for offer in frame.offers_beside if offer.here]) == ("Review", [])


def test_going_from_conversations_to_messages_keeps_the_search(keys: dict[str, Any]) -> None:
    """Only the parameters that the other list accepts are kept."""
    conversations, messages = (reverse(f"admin:messaging_{name}_changelist") for name in ("conversation", "message"))
    client = signed_in("rita")
    frame = client.get(f"{conversations}?q=edited&unread=yes&length=2-9&page=last").context["frame"]
    addresses = [offer.address for place in frame.places for offer in place.offers]
    lists = ("messaging_messagehistory_changelist", "dashboard_review")
    others = [reverse(f"admin:{name}") for name in (*lists, *POLICY_LISTS)]
    desk = [reverse(f"admin:moderation_{name}_changelist") for name in ("case", "decision", "flag")]
    assert addresses == [conversations, *desk, f"{messages}?q=edited&unread=yes", *others]
    with empty_pages():
        assert {client.get(one).status_code for one in addresses} == {200}


# --- Pending work --------------------------------------------------------------------------------------------------


def tasks_of(client: Client) -> list[tuple[int, str]]:
    return [(task.number, task.words) for task in client.get("/console/").context["frame"].tasks]


def failed_job(requester: Any, **values: Any) -> Job:
    now = timezone.now()
    values = {"state": Job.State.FAILED, "ended_at": now, **values}
    return Job.objects.create(kind="import.store", title="a job", requester=requester, **values)


def waiting_import(by: Any, **values: Any) -> Import:
    return Import.objects.create(by=by, file_name="a.csv", **{"state": Import.State.CHECKED, "upload": "a", **values})


@pytest.mark.django_db
def test_pending_work_is_counted_for_its_own_person() -> None:
    dan, dora = make_staff("dan"), make_user("dora", is_staff=True, is_superuser=True)
    client = signed_in("dan")
    assert tasks_of(client) == []
    waiting_import(dan)
    waiting_import(dan)
    waiting_import(dora)
    waiting_import(dan, state=Import.State.STORED)
    waiting_import(dan, upload="")  # its file was removed: nothing can be decided
    failed_job(dan)
    failed_job(dora)
    failed_job(dan, ended_at=timezone.now() - timedelta(days=8))
    failed_job(dan, state=Job.State.CANCELLED)
    assert tasks_of(client) == [(2, "imports need your decision"), (1, "job failed")]
    page = client.get("/console/")
    assert [(place.name, place.waiting) for place in page.context["frame"].places] == [("Review", 0), ("Data", 3)]
    assert "Waiting for you" in page.content.decode()


@pytest.mark.django_db
def test_a_count_equals_the_rows_of_the_list_it_links_to(alice: Any) -> None:
    rosa, sue = make_staff("rosa"), make_staff("sue")
    ask(alice, by=sue)
    ask(make_user("bob"), by=rosa)
    waiting_import(rosa)
    waiting_import(sue)
    failed_job(rosa)
    failed_job(sue)
    client = signed_in("rosa")
    tasks = client.get("/console/").context["frame"].tasks
    assert len(tasks) == 3
    for task in tasks:
        changes = client.get(task.address).context["cl"]
        assert (task.address, task.number) == (task.address, changes.result_count)


@pytest.mark.django_db
def test_a_count_is_current_on_the_next_page() -> None:
    dan = make_staff("dan")
    import_ = waiting_import(dan)
    client = signed_in("dan")
    assert tasks_of(client) == [(1, "import needs your decision")]
    Import.objects.filter(pk=import_.pk).update(state=Import.State.DISCARDED)
    assert tasks_of(client) == []


def counting(queries: CaptureQueriesContext) -> list[str]:
    return [one["sql"] for one in queries.captured_queries if 'AS "which"' in one["sql"]]


@pytest.mark.parametrize(
    ("who", "number"),
    [("nobody", 0), ("nils", 1), ("rita", 1), ("lena", 1), ("sue", 1), ("dan", 1), ("otto", 1), ("rosa", 1)],
)
def test_counting_takes_one_query_or_none_for_roles_without_pending_work(
    who: str, number: int, keys: dict[str, Any]
) -> None:
    client = signed_in(who)
    with CaptureQueriesContext(connection) as queries:
        client.get("/console/keyboard/")
    assert len(counting(queries)) == number


# --- Signing in and out --------------------------------------------------------------------------------------------


def test_the_first_page_is_the_console_for_staff_and_the_inbox_for_participants(
    client: Client, alice: Any, rita: Any
) -> None:
    assert client.get("/")["Location"] == reverse("login")
    for user, first in ((alice, "messaging:inbox"), (rita, "admin:index")):
        client.force_login(user)
        assert client.get("/")["Location"] == reverse(first)


def test_staff_who_were_not_signed_in_come_to_the_console(client: Client, rita: Any) -> None:
    at = client.get("/")["Location"]
    sent = client.post(at, {"username": "rita", "password": "rita's password"}, follow=True)
    assert sent.redirect_chain[-1][0] == reverse("admin:index")


def test_signing_out_of_the_console_leads_to_the_staff_sign_in(client: Client, rita: Any) -> None:
    client.force_login(rita)
    assert client.post(reverse("admin:logout"))["Location"] == reverse("admin:login")
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("sue", "Nothing is waiting for you."),
        ("otto", "Nothing is waiting for you."),
        ("nils", "Ask an administrator."),
    ],
)
def test_a_home_page_without_work_says_so(who: str, words: str, db: Any) -> None:
    make_staff(who)
    page = signed_in(who).get("/console/").content.decode()
    assert words in page
    assert "messages today" not in page


def test_an_account_without_a_role_is_offered_only_its_own_pages(nils: Any, client: Client) -> None:
    client.force_login(nils)
    page = client.get("/console/").content.decode()
    assert User.objects.get(username="nils").get_username() in page
    for words in ("Participant inbox", "Change password", "Keyboard shortcuts", "Sign out"):
        assert words in page
