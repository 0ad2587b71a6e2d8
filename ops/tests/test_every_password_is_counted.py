"""On every page that takes a password, guesses are counted, recorded and refused after a few, as when signing in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import get_resolver, reverse

from messaging.tests.cast import make_user
from ops.accounts.models import FailedSignIn, User
from ops.accounts.signing_in import throttling
from ops.audit.events import Event
from ops.audit.models import Entry
from ops.conftest import confirm
from ops.tests.asking import address, opened_by, routes, signed_in
from ops.tests.roles import PEOPLE
from ops.tests.test_who_may_open_what import keys

__all__ = ["keys"]

pytestmark = pytest.mark.once

FEW = 3  # guesses before the lock-out; test_throttling.py tests the real limit
LOCKED = "Too many tries failed. Try again in 15 minutes"
NEW = "an entirely new one"
SIGNED_OUT_PAGES = {"/sign-in/", "/console/login/"}
STAFF_PAGES = {"/confirm/", "/console/password_change/", "/messages/delete-account/"}


@pytest.fixture(autouse=True)
def few_guesses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "MOST_PER_ACCOUNT", FEW)


def addresses(who: str, keys: dict[str, Any]) -> list[str]:
    """Return every address of the site that one of PEOPLE can open, about existing rows."""
    elsewhere = [route for _, route in routes(get_resolver().url_patterns) if not route.startswith("console/")]
    number = str(keys["messaging/message/"])
    console = [address(name, keys) for name in opened_by(who)]
    return [*console, *("/" + re.sub("<[^>]+>", number, route) for route in elsewhere if route != "sign-out/")]


def password_fields(page: Any) -> dict[str, str]:
    """Return a page's password fields, by name, with their autocomplete value: current or new password."""
    if page.status_code != 200 or page.streaming or "html" not in page["Content-Type"]:
        return {}
    inputs = re.findall(r'<input [^>]*type="password"[^>]*>', page.content.decode())
    return {_attribute(one, "name"): _attribute(one, "autocomplete") for one in inputs}


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf' {name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""


def browser(who: str) -> Client:
    client = signed_in(who)
    return client if who in ("nobody", "alice") else confirm(client, who)


def pages_that_ask(who: str, keys: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return the password fields of the pages that ask one of PEOPLE for their current password, by address."""
    client = browser(who)
    found = {at: password_fields(client.get(at)) for at in addresses(who, keys)}
    return {at: fields for at, fields in found.items() if "current-password" in fields.values()}


def pages_to_sign_in() -> dict[str, dict[str, str]]:
    """Return the password fields of the sign-in pages; a test below checks that there are no others."""
    return {at: password_fields(Client().get(at)) for at in SIGNED_OUT_PAGES}


def guess(client: Client, at: str, fields: dict[str, str], username: str, password: str) -> str:
    sent = {name: password if what == "current-password" else NEW for name, what in fields.items()}
    return client.post(at, {"username": username, "next": "/", **sent}).content.decode()


@pytest.mark.parametrize("who", ["nobody", "alice", "nils", "sue", "rosa"])
def test_guesses_are_counted_recorded_and_refused_wherever_they_are_typed(who: str, keys: dict[str, Any]) -> None:
    """A superuser covers what other roles may open."""
    asking = pages_that_ask(who, keys)
    assert asking.keys() >= {"nobody": SIGNED_OUT_PAGES, "alice": {"/messages/delete-account/"}}.get(who, STAFF_PAGES)
    assert who != "nobody" or asking.keys() == SIGNED_OUT_PAGES
    username = "alice" if who == "nobody" else who
    person = User.objects.get(username=username)
    refused = (Event.SIGN_IN_REFUSED, Event.CONFIRMATION_REFUSED)
    refusals = Entry.objects.filter(event__in=refused, target_id=str(person.pk))
    for at, fields in asking.items():
        FailedSignIn.objects.all().delete()
        client, before = browser(who), refusals.count()
        for number in range(1, FEW + 1):
            guess(client, at, fields, username, f"guess {number}")
            assert (at, FailedSignIn.objects.count()) == (at, number)
        assert refusals.count() > before, f"nothing is recorded of guesses at {at}"
        assert LOCKED in guess(client, at, fields, username, f"{username}'s password"), f"{at} goes on asking"
        person.refresh_from_db()
        assert person.is_active and person.check_password(f"{username}'s password")


# Parts that differ in each response, or a minute later.
OF_THE_MOMENT = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"|\d\d:\d\d(?= \(UTC\))')


def refused_everywhere(who: str, at: str, fields: dict[str, str], password: str) -> tuple[list[str], list[str]]:
    """Return the responses to a password that is typed once more than allowed, and the events recorded."""
    FailedSignIn.objects.all().delete()
    before = Entry.objects.order_by("-id").values_list("id", flat=True).first() or 0
    answers = [guess(Client(), at, fields, who, password) for _ in range(FEW + 1)]
    left = Entry.objects.filter(id__gt=before, target_label=who).order_by("id").values_list("event", flat=True)
    return [OF_THE_MOMENT.sub("", one) for one in answers], list(left)


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("who", PEOPLE[1:])
def test_the_right_password_of_a_refused_account_is_answered_as_a_wrong_one(
    who: str, active: bool, keys: dict[str, Any]
) -> None:
    """On every sign-in page, the responses, the entries and the lock-out are the same."""
    doors, refused = pages_to_sign_in(), set()
    signed_in(who)
    make_user("root", is_staff=True, is_superuser=True)  # so that one active superuser remains
    User.objects.filter(username=who).update(is_active=active)
    for at, fields in doors.items():
        FailedSignIn.objects.all().delete()
        client = Client()
        guess(client, at, fields, who, f"{who}'s password")
        if SESSION_KEY in client.session:
            continue
        refused.add(at)
        wrong, right = (refused_everywhere(who, at, fields, one) for one in ("a guess", f"{who}'s password"))
        assert right == wrong
        assert right[1] == [Event.SIGN_IN_REFUSED] * FEW + [Event.SIGN_IN_LOCKED]
        assert LOCKED in right[0][-1]
    assert refused == (doors.keys() if not active else {"/console/login/"} if who == "alice" else set())


def test_guesses_on_one_page_count_on_all_others(client: Client, rosa: Any) -> None:
    client.force_login(rosa)
    pages = {
        "/confirm/": "password",
        "/console/password_change/": "old_password",
        "/messages/delete-account/": "password",
    }
    for number in range(FEW):
        at, field = list(pages.items())[number % len(pages)]
        client.post(at, {field: "guess"})
    for at, field in pages.items():
        assert LOCKED in client.post(at, {field: "rosa's password"}).content.decode()


def test_every_page_that_takes_a_new_password_asks_for_the_current_one(keys: dict[str, Any]) -> None:
    """This holds for a superuser who has signed in but not confirmed the password."""
    client = signed_in("rosa")
    found = {at: password_fields(client.get(at)) for at in addresses("rosa", keys)}
    assert {at for at, fields in found.items() if fields and "current-password" not in fields.values()} == set()


# --- Responses before the password is right ----------------------------------------------------------------------


def test_a_wrong_password_is_answered_alike_for_every_account(client: Client, rosa: Any, nils: Any, alice: Any) -> None:
    """Rosa is the last superuser, Nils is staff: neither can delete their account, but a wrong password does not show
    it."""
    at = reverse("messaging:delete_user")
    answers = set()
    for user in (rosa, nils, alice):
        client.force_login(user)
        form = client.post(at, {"password": "guess"}).context["form"]
        answers.add(str(form.errors))
    assert answers == {'<ul class="errorlist"><li>password<ul class="errorlist" id="id_password_error"><li>'
                       "Wrong password. Nothing was deleted.</li></ul></li></ul>"}  # fmt: skip
    client.force_login(rosa)
    assert "superuser" not in client.post(at, {}).content.decode()
    assert "last active superuser" in client.post(at, {"password": "rosa's password"}).content.decode()


# --- In the code -------------------------------------------------------------------------------------------------


def form_classes(of: Any = forms.BaseForm) -> Iterator[Any]:
    for one in of.__subclasses__():
        yield one
        yield from form_classes(one)


def test_every_password_field_has_an_autocomplete_value(keys: dict[str, Any]) -> None:
    """The tests above find fields for the current password by their autocomplete value."""
    get_resolver().url_patterns  # noqa: B018 - loads all forms
    ours = [one for one in form_classes() if one.__module__.startswith(("ops.", "messaging."))]
    fields = {
        f"{one.__qualname__}.{name}": field.widget.attrs.get("autocomplete")
        for one in ours
        for name, field in getattr(one, "base_fields", {}).items()
        if isinstance(field.widget, forms.PasswordInput)
    }
    assert len(fields) >= 4
    assert {name for name, what in fields.items() if what not in ("current-password", "new-password")} == set()


CHECKS = {"check_password", "acheck_password", "verify_password"}
ASKS = {"authenticate", "aauthenticate"}


def calls(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the first argument of each call in a file that checks a password."""
    text = file.read_text()
    if not any(name in text for name in CHECKS | ASKS):  # parsing all files takes two seconds
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in CHECKS | ASKS:
                yield name, ast.unparse(node.args[0]) if node.args else ""


def test_no_own_code_bypasses_the_backends_to_check_a_password() -> None:
    root = Path(settings.BASE_DIR)
    sources = [
        file for room in ("ops", "messaging") for file in (root / room).rglob("*.py") if "tests" not in file.parts
    ]
    called = [(file.name, name, first) for file in sources for name, first in calls(file)]
    assert [call for call in called if call[1] in CHECKS] == []
    assert {first for _, name, first in called if name in ASKS} == {"request"}
