"""Every address of the console × everybody who may ask for it, as one table says; nothing is offered that refuses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest
from admin_interface.models import Theme
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.test import Client, RequestFactory
from django.urls.resolvers import URLResolver

from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from messaging.texts.redacting import MARK, find, redact
from ops.accounts.models import User
from ops.accounts.tests.with_roles import make_roles
from ops.audit.models import Entry
from ops.conftest import READING
from ops.deletion.models import AccountDeletion, DeletionGroup, DeletionRequest, ErasedIdentifier, Hold, Receipt
from ops.moderation.models import CannedReason, Label
from ops.tests.roles import PEOPLE, ROLE_OF, expected, keys_of_rows

pytestmark = pytest.mark.once


def routes(patterns: list[Any], before: str = "") -> Iterator[tuple[str, str]]:
    """The names (or the routes, for want of a name) of all addresses below ``patterns``, with their routes."""
    for pattern in patterns:
        route = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield pattern.name or route, route


ROUTES = dict(routes(admin.site.get_urls()))
EXPECTED = expected()
REMOVED = "zq-canary-zq"
SEARCHED = "?app_label=messaging&model_name=message&term=a&field_name="


@pytest.fixture
def keys(db: Any) -> dict[str, Any]:
    """The primary key of a row of each model, by the beginning of its addresses' routes."""
    alice, bob = make_user("alice"), make_user("bob")
    message = write(alice, bob)
    answer(message)
    message.content = "edited"
    message.save()
    return keys_of_rows(alice, bob, message)


@pytest.fixture
def redacted(db: Any) -> dict[str, Any]:
    """The same, of a message that was reported and decided, from which and from whose older text words were removed."""
    alice, bob = make_user("alice"), make_user("bob")
    message = write(alice, bob, f"draft with {REMOVED}")
    answer(message)
    message.content = f"hello {REMOVED} bye"
    message.save()
    found = keys_of_rows(alice, bob, message)
    redact(message.pk, find(message.content, REMOVED), revision=2, by=make_user("moderator"))
    return found


def address(name: str, keys: dict[str, Any]) -> str:
    """The address of a row of the table."""
    page, _, which = name.partition("=")
    if page == "app_list":
        return f"/console/{which}/"
    if page == "autocomplete":
        return f"/console/autocomplete/{SEARCHED}{which}"
    if page == "view_on_site":
        kind = ContentType.objects.get_by_natural_key("messaging", which).pk
        return f"/console/r/{kind}/{keys[f'messaging/{which}/']}/"
    if page == "(?P<url>.*)$":
        return "/console/anything/else/"
    key = next((key for beginning, key in keys.items() if ROUTES[page].startswith(beginning)), None)
    return "/console/" + re.sub("<[^>]+>", str(key), ROUTES[page])


def opened_by(who: str, *, or_posted: bool = False) -> list[str]:
    """The rows of the table that open for one of PEOPLE, or take a form; not signing out, which ends a crawl."""
    asked = {name: cells[who].split("/") for name, cells in EXPECTED.items() if name != "logout"}
    return [name for name, got in asked.items() if {"ok", "go"} & set(got if or_posted else got[:1])]


def signed_in(name: str) -> Client:
    """A browser of one of PEOPLE, who is made where there is none yet."""
    client = Client()
    if name != "nobody":
        client.force_login(User.objects.filter(username=name).first() or make_staff(name))
    return client


def make_staff(name: str) -> Any:
    user = make_user(name, is_staff=True, is_superuser=name == "rosa")
    if name in ROLE_OF:
        make_roles()
        user.groups.add(Group.objects.get(name=ROLE_OF[name]))
    return user


def outcome(response: Any) -> str:
    """An answer in the words of the table."""
    if response.status_code == 302:
        return "in" if response["Location"].startswith("/console/login/") else "go"
    return {200: "ok", 403: "no", 404: "--", 405: "x"}.get(response.status_code, str(response.status_code))


def text_of(response: Any) -> str:
    return str((b"".join(response.streaming_content) if response.streaming else response.content), "utf-8", "replace")


def test_every_address_of_the_console_has_its_row() -> None:
    """Whoever adds a page says in the table who may open it."""
    rows = {name.partition("=")[0] for name in EXPECTED}
    assert len(ROUTES) == len(list(routes(admin.site.get_urls()))), "two addresses have one name"
    assert (sorted(ROUTES.keys() - rows), sorted(rows - ROUTES.keys())) == ([], [])
    apps = {model._meta.app_label for model in admin.site._registry}
    assert apps == {name.partition("=")[2] for name in EXPECTED if name.startswith("app_list=")}


@pytest.mark.parametrize("who", PEOPLE)
def test_everybody_gets_what_the_table_says_and_no_words_that_were_removed(
    who: str, redacted: dict[str, Any], plain_refusals: None
) -> None:
    """By GET and POST. Who is shown the text that the words were removed from is shown the mark in their place."""
    client, got, marked = signed_in(who), {}, False
    for name in EXPECTED:
        # Whoever signs out does it in a browser of its own.
        browser = signed_in(who) if name == "logout" else client
        answers = [getattr(browser, method)(address(name, redacted)) for method in ("get", "post")]
        got[name] = "/".join(dict.fromkeys(outcome(answer) for answer in answers))
        for text in map(text_of, answers):
            assert REMOVED not in text, name
            marked |= MARK in text
    assert got == {name: cells[who] for name, cells in EXPECTED.items()}
    assert marked is (who in ("rita", "lena", "dan", "rosa"))
    assert not Entry.objects.filter(details__icontains=REMOVED).exists()


# --- What is offered ---------------------------------------------------------------------------------------------


def links(page: Any, at: str) -> set[str]:
    """The addresses on this site that a page leads to."""
    found = {urljoin(at, unescape(link)) for link in set(re.findall(r'<a [^>]*?href="([^"]*)"', page.content.decode()))}
    return {link.partition("#")[0] for link in found if link.startswith("/")}


def of_each_kind(addresses: Iterable[str]) -> set[str]:
    """The first and the last of the addresses that differ in what their parameters are set to alone.

    Who may open a list is asked of the list: a chart leads to it for each day, a filter for each of its choices.
    """
    kinds: dict[Any, list[str]] = {}
    for one in sorted(addresses):
        asked = urlsplit(one)
        kinds.setdefault((asked.path, *(name for name, _ in parse_qsl(asked.query, True))), []).append(one)
    return {one for alike in kinds.values() for one in (alike[0], alike[-1])}


def status(client: Client, at: str, led: dict[str, int]) -> int:
    """What an address answers, or the page that it leads to.

    ``led`` keeps the latter, by paths: most lead to a few, such as the one that asks for the password.
    """
    answer = client.get(at)
    if answer.status_code != 302:
        return answer.status_code
    to = urljoin(at, answer["Location"])
    path = to.partition("?")[0]
    if path not in led:
        led[path] = client.get(to, follow=True).status_code
    return led[path]


def refusals(client: Client, pages: set[str]) -> dict[str, str]:
    """What leads from these pages to a refusal, or to nothing: the address by the page that offers it."""
    shown = {at: client.get(at) for at in pages}
    offers = {link: at for at, page in shown.items() if page.status_code == 200 for link in links(page, at)}
    # What was shown above is not asked for again.
    asked = of_each_kind(link for link in offers if link not in shown or shown[link].status_code != 200)
    led: dict[str, int] = {}
    return {offers[link]: link for link in asked if status(client, link, led) >= 400}


@pytest.mark.parametrize("who", PEOPLE)
def test_no_page_offers_what_would_be_refused(who: str, keys: dict[str, Any]) -> None:
    make_user("root", is_staff=True, is_superuser=True)
    pages = {address(name, keys) for name, cells in EXPECTED.items() if cells[who].partition("/")[0] == "ok"}
    of_root = address("accounts_user_change", {"accounts/user/": User.objects.get(username="root").pk})
    assert refusals(signed_in(who), pages | {of_root}) == {}


@pytest.mark.parametrize(
    "codename",
    [
        *(f"messaging.{codename}" for codename in READING),
        "accounts.view_user",
        "deletion.view_deletionrequest",
        "auth.view_group",
        "moderation.view_label",
        "moderation.view_cannedreason",
    ],
)
def test_nor_to_people_with_a_single_permission(codename: str, keys: dict[str, Any]) -> None:
    """Teams make groups of their own; what they may not open is not offered to those either."""
    app, _, name = codename.partition(".")
    client = signed_in("nils")
    User.objects.get(username="nils").user_permissions.set(
        Permission.objects.filter(content_type__app_label=app, codename=name)
    )
    list_of = "/console/{}/{}/".format(app, name.removeprefix("view_"))
    row = f"{list_of}{keys[list_of.removeprefix('/console/')]}/change/"
    assert client.get(list_of).status_code == 200
    assert refusals(client, {"/console/", list_of, row}) == {}


@pytest.mark.parametrize("who", PEOPLE[2:])
def test_actions_on_rows_are_those_of_the_role(who: str, keys: dict[str, Any]) -> None:
    signed_in(who)
    request = RequestFactory().get("/console/")
    request.user = User.objects.get(username=who)
    offered = {
        f"{model._meta.label_lower}: {action}"
        for model, model_admin in admin.site._registry.items()
        for action in model_admin.get_actions(request)
    }
    superusers = {"admin_interface.theme: delete_selected"}
    deletion = {"accounts.user: delete_accounts"}
    export = {"messaging.conversation: export_chosen", "messaging.message: export_chosen"}
    deciding = {"moderation.case: decide_chosen"}
    everything = deletion | export | deciding | superusers
    expected = {"lena": deciding, "sue": deletion, "dan": export, "rosa": everything}
    assert offered == expected.get(who, set())


# --- What can be changed -----------------------------------------------------------------------------------------

STORED = (
    User, Group, Conversation, Message, MessageHistory, Notification, AccountDeletion, Theme,
    DeletionGroup, DeletionRequest, Hold, Receipt, ErasedIdentifier, Label, CannedReason,
)  # fmt: skip
FORGED = {
    "content": "forged", "old_content": "forged", "username": "forged", "name": "forged", "email": "forged@example.org",
    "is_active": "on", "is_staff": "on", "is_superuser": "on", "groups": "1", "permissions": "1", "post": "yes",
    "action": "delete_selected", "password1": "a forged passphrase", "password2": "a forged passphrase",
    "usable_password": "true",
}  # fmt: skip


def stored() -> dict[str, Any]:
    """Everything that a forged request might change, but when people signed in."""
    rows: dict[str, Any] = {model.__name__: list(model._base_manager.order_by("pk").values()) for model in STORED}
    for user in rows["User"]:
        user.pop("last_login")
        user.pop("zone_asked")  # set by anybody who saves their own zone
    rows["roles"] = set(User.groups.through._default_manager.values_list("user", "group"))
    rows["permissions"] = set(Group.permissions.through.objects.values_list("group", "permission"))
    return rows


@pytest.mark.parametrize(
    ("who", "changed"),
    [
        *((who, set()) for who in ("nobody", "alice", "nils", "rita", "dan", "otto")),
        ("lena", {"Message", "MessageHistory"}),
        ("sue", {"User"}),
    ],
)
def test_a_forged_form_sent_everywhere_changes_only_what_the_role_may(
    who: str, changed: set[str], keys: dict[str, Any], plain_refusals: None
) -> None:
    client = signed_in(who)
    before = stored()
    for name in EXPECTED:
        if name not in ("login", "logout", "password_change"):
            forged = FORGED | {"_selected_action": next((k for b, k in keys.items() if b in address(name, keys)), 1)}
            if name == "messaging_message_change":
                forged["reason"] = "forged"  # without which nobody corrects a text
            client.post(address(name, keys), forged)
    after = stored()
    assert {name for name in before if before[name] != after[name]} == changed
    alice = User.objects.get(pk=keys["accounts/user/"])
    assert alice.check_password("alice's password")
    assert (alice.is_staff, alice.is_superuser, alice.groups.count()) == (False, False, 0)


def test_a_disabled_account_is_out_at_the_next_request(keys: dict[str, Any]) -> None:
    client = signed_in("rita")
    assert client.get("/console/").status_code == 200
    User.objects.filter(username="rita").update(is_active=False)
    assert outcome(client.get("/console/")) == "in"


def test_a_changed_role_holds_at_the_next_request(keys: dict[str, Any]) -> None:
    client = signed_in("rita")
    conversation, user = address("messaging_conversation_change", keys), address("accounts_user_change", keys)
    assert (outcome(client.get(conversation)), outcome(client.get(user))) == ("ok", "no")
    User.objects.get(username="rita").groups.set(Group.objects.filter(name="Support"))
    assert (outcome(client.get(conversation)), outcome(client.get(user))) == ("no", "ok")


def test_a_permission_taken_from_a_role_is_gone_at_the_next_request(keys: dict[str, Any]) -> None:
    client = signed_in("rita")
    conversation = address("messaging_conversation_change", keys)
    assert outcome(client.get(conversation)) == "ok"
    Group.objects.get(name="Reviewer").permissions.clear()
    assert outcome(client.get(conversation)) == "no"
