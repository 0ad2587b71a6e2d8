"""Every address of the console × who asks for it: nothing is reachable without a permission."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.urls.resolvers import URLPattern, URLResolver

from messaging.models import Message
from messaging.tests.conversations import write
from ops.accounts.models import AccountDeletion
from ops.conftest import READING, make_staff

# Open to everybody, or to every staff member: signing in and out, one's own password, the first page, translations.
OPEN = {"login", "logout", "jsi18n"}
EVERY_STAFF = {"index", "password_change", "password_change_done", "autocomplete", "view_on_site", "app_list"}
# What a reviewer may open besides.
REVIEWING = {
    f"messaging_{model}_{page}"
    for model in ("conversation", "message", "messagehistory", "notification")
    for page in ("changelist", "change", "history")
}


def names(patterns: list[Any]) -> set[str]:
    """The names of all addresses of the console."""
    found = set()
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found |= names(pattern.url_patterns)
        elif isinstance(pattern, URLPattern) and pattern.name:
            found.add(pattern.name)
    return found


CONSOLE = sorted(names(admin.site.get_urls()))


@pytest.fixture
def keys(alice: Any, bob: Any) -> dict[str, int]:
    """The primary key of one row of each model, by the beginning of its addresses' names."""
    message = write(alice, bob)
    message.content = "edited"
    message.save()
    return {
        "messaging_conversation": message.conversation_id,
        "messaging_message": message.pk,
        "messaging_messagehistory": message.histories.get().pk,
        "messaging_notification": message.notifications.get().pk,
        "accounts_user": alice.pk,
        "auth_user": alice.pk,
        "accounts_accountdeletion": AccountDeletion.objects.create().pk,
        "auth_group": Group.objects.create(name="a group").pk,
        "admin_interface_theme": 1,
    }


def address(name: str, keys: dict[str, int]) -> str:
    if name == "app_list":
        return reverse("admin:app_list", args=["messaging"])
    if name == "view_on_site":
        return reverse("admin:view_on_site", args=[1, 1])
    try:
        return reverse(f"admin:{name}")
    except NoReverseMatch:
        return reverse(f"admin:{name}", args=[next(keys[one] for one in keys if name.startswith(f"{one}_"))])


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", [name for name in CONSOLE if name not in OPEN])
def test_who_is_not_signed_in_or_not_staff_is_asked_to_sign_in(
    client: Client, alice: Any, keys: dict[str, int], name: str, method: str
) -> None:
    for person in (None, alice):
        if person:
            client.force_login(person)
        response = getattr(client, method)(address(name, keys))
        assert response.status_code == 302
        assert response["Location"].startswith("/console/login/")


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", CONSOLE)
def test_staff_without_a_permission_are_refused(
    client: Client, nils: Any, keys: dict[str, int], name: str, method: str
) -> None:
    client.force_login(nils)
    response = getattr(client, method)(address(name, keys))
    if name in OPEN | EVERY_STAFF:
        assert response.status_code in (200, 302, 403, 404, 405)
    else:
        assert response.status_code == 403


@pytest.mark.parametrize("name", CONSOLE)
def test_a_reviewer_reads_and_no_more(client: Client, rita: Any, keys: dict[str, int], name: str) -> None:
    client.force_login(rita)
    got = client.get(address(name, keys)).status_code
    posted = client.post(address(name, keys)).status_code
    if name in REVIEWING:
        assert got in (200, 302)
        # A list answers a POST with itself, a history or notification with its message; the rest refuses.
        assert posted in (200, 302, 403, 405)
        assert Message.objects.get(pk=keys["messaging_message"]).content == "edited"
    elif name not in OPEN | EVERY_STAFF:
        assert (got, posted) == (403, 403)


def test_a_page_that_one_may_not_use_is_not_offered(client: Client, rita: Any, nils: Any) -> None:
    client.force_login(rita)
    page = client.get(reverse("admin:index")).content.decode()
    assert "/console/messaging/conversation/" in page
    assert "/console/accounts/user/" not in page
    client.force_login(nils)
    assert "/console/messaging/" not in client.get(reverse("admin:index")).content.decode()


def test_a_disabled_account_is_out_at_the_next_request(client: Client, rita: Any) -> None:
    client.force_login(rita)
    assert client.get(reverse("admin:index")).status_code == 200
    rita.is_active = False
    rita.save()
    assert client.get(reverse("admin:index")).status_code == 302


def test_a_permission_that_is_taken_away_is_gone_at_the_next_request(client: Client, db: Any) -> None:
    user = make_staff("temp", *READING)
    client.force_login(user)
    address = reverse("admin:messaging_conversation_changelist")
    assert client.get(address).status_code == 200
    user.user_permissions.clear()
    assert client.get(address).status_code == 403
