"""Every address of the console responds to every person as one table states, and no page offers a refused address."""

from __future__ import annotations

from typing import Any

import pytest
from admin_interface.models import Theme
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client, RequestFactory

from messaging.models import Conversation, Message, MessageHistory, Notification
from messaging.tests.cast import make_user
from messaging.tests.conversations import answer, write
from ops.accounts.models import User
from ops.conftest import READING
from ops.deletion.models import AccountDeletion, DeletionGroup, DeletionRequest, ErasedIdentifier, Hold, Receipt
from ops.files.tests.conftest import folder
from ops.moderation.models import CannedReason, Label
from ops.tests.asking import (
    EXPECTED,
    ROUTES,
    address,
    links,
    of_each_kind,
    outcome,
    routes,
    signed_in,
    status,
)
from ops.tests.roles import PEOPLE, keys_of_rows
from ops.tests.walks import Walk, walk

__all__ = ["folder", "walk"]

pytestmark = pytest.mark.once


@pytest.fixture
def keys(db: Any) -> dict[str, Any]:
    """Return the primary key of a row of each model, by the beginning of its addresses' routes."""
    alice, bob = make_user("alice"), make_user("bob")
    message = write(alice, bob)
    answer(message)
    message.content = "edited"
    message.save()
    return keys_of_rows(alice, bob, message)


def test_every_address_of_the_console_has_its_row() -> None:
    """A new page must have a row in the table that states who may open it."""
    rows = {name.partition("=")[0] for name in EXPECTED}
    assert len(ROUTES) == len(list(routes(admin.site.get_urls()))), "two addresses have one name"
    assert (sorted(ROUTES.keys() - rows), sorted(rows - ROUTES.keys())) == ([], [])
    apps = {model._meta.app_label for model in admin.site._registry}
    assert apps == {name.partition("=")[2] for name in EXPECTED if name.startswith("app_list=")}


@pytest.mark.parametrize("who", PEOPLE)
def test_each_role_gets_the_responses_of_the_table_and_no_removed_words(who: str, walk: Walk) -> None:
    """Uses GET and POST. Everybody who may read the text sees the mark in place of the removed words."""
    assert walk.got == {name: cells[who] for name, cells in EXPECTED.items()}
    assert (walk.removed, walk.removed_in_entries) == ([], False)
    assert walk.marked is (who in ("rita", "lena", "dan", "rosa"))


# --- What is offered ---------------------------------------------------------------------------------------------


def refusals(client: Client, pages: set[str]) -> dict[str, str]:
    """Return the addresses that these pages offer but that are refused or missing, by the page that offers them."""
    shown = {at: client.get(at) for at in pages}
    offers = {link: at for at, page in shown.items() if page.status_code == 200 for link in links(page, at)}
    # Pages that were shown above are not requested again.
    asked = of_each_kind(link for link in offers if link not in shown or shown[link].status_code != 200)
    led: dict[str, int] = {}
    return {offers[link]: link for link in asked if status(client, link, led) >= 400}


@pytest.mark.parametrize("who", PEOPLE)
def test_no_page_links_to_a_refused_page(walk: Walk) -> None:
    assert walk.refused == {}


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
def test_a_single_permission_gives_no_links_to_refused_pages(codename: str, keys: dict[str, Any]) -> None:
    """Teams make their own groups; members of these are not offered what they may not open, either."""
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
    """Return everything that a forged request might change, except the times of signing in."""
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
def test_forged_forms_change_only_what_the_role_may_change(
    who: str, changed: set[str], keys: dict[str, Any], plain_refusals: None
) -> None:
    client = signed_in(who)
    before = stored()
    for name in EXPECTED:
        if name not in ("login", "logout", "password_change"):
            forged = FORGED | {"_selected_action": next((k for b, k in keys.items() if b in address(name, keys)), 1)}
            if name == "messaging_message_change":
                forged["reason"] = "forged"  # without a reason nobody can correct a text
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
