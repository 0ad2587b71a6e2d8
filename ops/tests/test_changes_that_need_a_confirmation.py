"""Giving oneself or others power requires confirming the password first, everywhere in the console."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from messaging.tests.cast import make_user
from ops.accounts.models import User
from ops.audit.models import Entry
from ops.conftest import confirm
from ops.deletion.models import Hold
from ops.exports.models import Export
from ops.imports.models import Import
from ops.jobs.models import Job
from ops.tests.asking import EXPECTED, address, empty_pages, make_staff
from ops.tests.roles import unasked
from ops.tests.test_who_may_open_what import FORGED, keys, stored

__all__ = ["keys"]

ASKED = reverse("confirm")
OWN_PASSWORD = reverse("admin:password_change")


@pytest.fixture
def rosas(keys: dict[str, Any]) -> Client:
    """A client of Rosa, a superuser who has not confirmed her password and owns the rows that only owners change."""
    rosa = make_staff("rosa")
    Import.objects.update(by=rosa)
    Export.objects.update(by=rosa, selection={"query": ""}, columns=["content"])
    Job.objects.update(requester=rosa)
    client = Client()
    client.force_login(rosa)
    return client


def why_unasked(name: str) -> str:
    """Return the reason that the tables give for an address; its own name takes precedence over a pattern."""
    page, reasons = name.partition("=")[0], unasked()
    return reasons.get(page) or next((because for pattern, because in reasons.items() if fnmatch(page, pattern)), "")


def forged_everywhere(client: Client, keys: dict[str, Any]) -> dict[str, Any]:
    """Return the response of each address to a forged form, except signing out, which ends the session."""
    with empty_pages():
        return {
            name: client.post(at, FORGED | {"_selected_action": next((k for b, k in keys.items() if b in at), 1)})
            for name, at in ((name, address(name, keys)) for name in EXPECTED if name != "logout")
        }


@pytest.mark.crawl
def test_every_form_asks_for_the_password_or_is_listed_with_a_reason(
    rosas: Client, keys: dict[str, Any], plain_refusals: None
) -> None:
    """A new page that takes a form must ask for the password, or the table must state why not.

    A forged form is posted everywhere, in the session of a superuser who has not confirmed the password: nobody gets
    power.
    """
    asks, does = set(), set()
    before = stored()
    for name, response in forged_everywhere(rosas, keys).items():
        if response.status_code == 302 and response["Location"].startswith(ASKED):
            asks.add(name)
        elif response.status_code < 400:
            does.add(name)
    assert {name for name in does if not why_unasked(name)} == set()
    assert {name for name in asks if name in unasked()} == set()
    assert asks >= {
        "accounts_user_add", "accounts_user_change", "auth_user_password_change",
        "auth_group_add", "auth_group_change", "auth_group_delete",
        "accounts_user_delete_many", "deletion_deletionrequest_approve", "deletion_deletiongroup_approve",
        "accounts_user_hold", "deletion_hold_lift", "audit_entry_export", "imports_import_undo",
        "messaging_message_export", "messaging_conversation_export", "exports_export_person",
    }  # fmt: skip
    after = stored()
    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"Message", "MessageHistory", "Theme"}


# --- Looking needs no password -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["accounts_user_change", "auth_group_change"])
def test_a_page_opens_read_only_and_links_to_the_confirmation(rosas: Client, keys: dict[str, Any], name: str) -> None:
    page = rosas.get(address(name, keys)).content.decode()
    assert f'href="{ASKED}?next=' in page and "Confirm your password to change this" in page
    assert 'name="_save"' not in page and 'type="checkbox"' not in page
    assert 'name="_save"' in confirm(rosas, "rosa").get(address(name, keys)).content.decode()


def test_support_changes_participants_without_confirming(keys: dict[str, Any]) -> None:
    client = Client()
    client.force_login(make_staff("sue"))
    page = address("accounts_user_change", keys)
    assert "Confirm your password" not in client.get(page).content.decode()
    client.post(page, {"username": "alice", "email": "alice@example.org"})
    assert User.objects.get(username="alice").email == "alice@example.org"


# --- What counts as a confirmation -------------------------------------------------------------------------------

NEW = {"password1": "an entirely new one", "password2": "an entirely new one", "usable_password": "true"}


def set_password(client: Client, user: Any) -> Any:
    return client.post(reverse("admin:auth_user_password_change", args=[user.pk]), NEW)


def is_asked(client: Client) -> bool:
    response = client.get(reverse("admin:auth_group_add"))
    return response.status_code == 302 and response["Location"].startswith(ASKED)


def test_superusers_cannot_set_their_own_password_without_the_old_one(client: Client, rosa: Any) -> None:
    client.force_login(rosa)
    for _ in ("not confirmed", "confirmed"):
        assert set_password(client, rosa)["Location"] == OWN_PASSWORD
        confirm(client, "rosa")
    rosa.refresh_from_db()
    assert rosa.check_password("rosa's password")


def change_own(client: Client, old: str) -> Any:
    new = NEW["password1"]
    return client.post(OWN_PASSWORD, {"old_password": old, "new_password1": new, "new_password2": new})


def test_a_confirmation_is_recorded(client: Client, rosa: Any) -> None:
    client.force_login(rosa)
    confirm(client, "somebody else")
    assert not Entry.objects.filter(event="session.confirmed").exists()
    confirm(client, "rosa")
    (entry,) = Entry.objects.filter(event="session.confirmed")
    assert (entry.actor_name, entry.target_id) == ("rosa", str(rosa.pk))


def test_changing_ones_own_password_does_not_confirm_it(client: Client, rosa: Any) -> None:
    client.force_login(rosa)
    assert change_own(client, "rosa's password").status_code == 302
    assert client.get(reverse("admin:index")).status_code == 200  # still signed in
    assert is_asked(client)


def test_a_new_password_ends_the_confirmation(client: Client, rosa: Any) -> None:
    client.force_login(rosa)
    confirm(client, "rosa")
    assert not is_asked(client)
    change_own(client, "rosa's password")
    assert is_asked(client)
    client.post(ASKED, {"password": NEW["password1"]})
    assert not is_asked(client)


def test_a_password_set_by_another_superuser_ends_the_session(client: Client, rosa: Any) -> None:
    root = make_user("root", is_staff=True, is_superuser=True)
    client.force_login(rosa)
    confirm(client, "rosa")
    theirs = Client()
    theirs.force_login(root)
    set_password(confirm(theirs, "root"), rosa)
    assert client.get(reverse("admin:auth_group_add"))["Location"].startswith(reverse("admin:login"))


# --- Usernames, addresses and activity of staff ------------------------------------------------------------------


@pytest.mark.parametrize("whose", ["sue", "rita", "rosa"])
def test_only_superusers_change_accounts_of_staff(client: Client, keys: dict[str, Any], whose: str) -> None:
    """This holds for a colleague's account and for one's own."""
    for name in {"sue", whose}:
        make_staff(name)
    account = User.objects.get(username=whose)
    client.force_login(User.objects.get(username="sue"))
    page = reverse("admin:accounts_user_change", args=[account.pk])
    assert client.get(page).status_code == 200 and 'name="_save"' not in client.get(page).content.decode()
    before = User.objects.filter(pk=account.pk).values().get()
    forged = {"username": "mine", "email": "mine@example.org"}
    assert confirm(client, "sue").post(page, forged).status_code == 403
    after = User.objects.filter(pk=account.pk).values().get()
    assert before == after
    root = Client()
    root.force_login(make_user("root", is_staff=True, is_superuser=True))
    confirm(root, "root").post(page, {**forged, "is_staff": "on", "is_superuser": "on"})
    assert User.objects.filter(pk=account.pk).values_list("username", "email", "is_active").get() == (
        "mine", "mine@example.org", False)  # fmt: skip


def test_placing_a_hold_needs_a_confirmation(client: Client, keys: dict[str, Any]) -> None:
    client.force_login(make_staff("sue"))
    page, form = address("accounts_user_hold", keys), {"kind": "legal", "reason": "Case 4"}
    before = Hold.objects.count()
    assert client.post(page, form)["Location"].startswith(ASKED)
    assert Hold.objects.count() == before
    confirm(client, "sue").post(page, form)
    assert Hold.objects.count() == before + 1


def test_changing_groups_needs_a_confirmation(client: Client, rosa: Any) -> None:
    client.force_login(rosa)
    group, permission = Group.objects.create(name="Night shift"), Permission.objects.earliest("pk")
    page = reverse("admin:auth_group_change", args=[group.pk])
    client.post(page, {"name": "Night shift", "permissions": [permission.pk]})
    client.post(reverse("admin:auth_group_delete", args=[group.pk]), {"post": "yes"})
    client.post(reverse("admin:auth_group_add"), {"name": "Day shift"})
    assert list(Group.objects.filter(name__endswith="shift")) == [group] and not group.permissions.exists()
