"""A row of the console has one address: another spelling of its key gets the response for a missing row."""

from __future__ import annotations

import re
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.urls import Resolver404, resolve

from ops.accounts.models import User
from ops.audit.models import Entry
from ops.console.addresses import whole_number
from ops.tests.asking import ROUTES, unrendered
from ops.tests.test_every_password_is_counted import browser
from ops.tests.test_who_may_open_what import FORGED, keys, stored

__all__ = ["keys"]  # a fixture

pytestmark = [pytest.mark.crawl, pytest.mark.usefixtures("plain_refusals")]

ABOUT_ROWS = [
    name for name, route in ROUTES.items() if route.count("<") == 1 and re.search("<[^>]*(id|pk|key)>", route)
]
NO_ROW = {int: "987654321", UUID: "00000000-0000-4000-8000-000000000000"}


def spellings(key: Any) -> list[str]:
    """Return other texts that Python, Django or a database reads as this key."""
    text = str(key)
    both = [f"{text} ", f" {text}", f"{text}\u00a0", f"{text}\x0b", f"_{ord(text[0]):02X}{text[1:]}"]
    if isinstance(key, UUID):
        return [*both, text.upper(), key.hex, f"{{{text}}}", f"urn:uuid:{text}"]
    arabic, wide = (text.translate({48 + n: zero + n for n in range(10)}) for zero in (0x660, 0xFF10))
    return [*both, arabic, wide, f"+{text}", f"0{text}", text.zfill(22), f"0_{text}", f"{text}.0"]


def address_with_key(name: str, key: str) -> str:
    return "/console/" + re.sub("<[^>]+>", lambda _: quote(key, safe=""), ROUTES[name])


def route_of(name: str, key: str) -> tuple[bool, str]:
    """Return whether this spelling reaches the page at all, and the route that matches it.

    Some routes take a number, or a UUID, in one form only.
    """
    try:
        match = resolve(address_with_key(name, key).replace(quote(key, safe=""), key))
    except Resolver404:
        return False, ""
    return name in (match.url_name, match.route.removeprefix("console/")), match.route


def answer(got: Any, key: str) -> tuple[int, str]:
    """Return the status and the redirect target of a response, without the key."""
    leads = got.get("Location", "")
    for form in sorted({key, quote(key), quote(key, safe=""), quote_plus(key)}, key=len, reverse=True):
        leads = leads.replace(form, "KEY")
    return got.status_code, leads


def key_of(name: str, keys: dict[str, Any]) -> Any:
    return next(key for beginning, key in keys.items() if ROUTES[name].startswith(beginning))


@pytest.mark.parametrize("method", ["get", "post"])
def test_another_spelling_of_a_key_is_the_key_of_no_row(method: str, keys: dict[str, Any]) -> None:
    """A superuser who has confirmed, and may do most, gets the response for a missing row, and nothing changes.

    The first spelling of each key goes through the middleware, which does not depend on rows; the others skip it.
    """
    client, posted = browser("rosa"), None if method == "get" else FORGED
    request = client.get("/console/keyboard/").wsgi_request
    everything, entries, wrong = stored(), Entry.objects.count(), []
    others: set[str] = set()  # other routes that match, such as the one that appends change/: requested once each
    for name in ABOUT_ROWS:
        key = key_of(name, keys)
        nobody = NO_ROW[type(key)]
        unknown = answer(getattr(client, method)(address_with_key(name, nobody), posted), nobody)
        for nth, spelling in enumerate(spellings(key)):
            leads_to_page, route = route_of(name, spelling)
            if not leads_to_page and route in others:
                continue
            ask = getattr(client, method) if nth == 0 else partial(unrendered, request)
            got = answer(ask(address_with_key(name, spelling), posted), spelling)
            if got != unknown if leads_to_page else got[0] not in (302, 403, 404):
                wrong.append((name, spelling, got, unknown))
            if not leads_to_page:
                others.add(route)
    assert wrong == []
    assert (stored(), Entry.objects.count()) == (everything, entries)


def test_every_row_page_is_covered() -> None:
    models = [model._meta for model in admin.site._registry]
    pages = {f"{one.app_label}_{one.model_name}_{page}" for one in models for page in ("change", "history", "delete")}
    assert pages | {"auth_user_password_change", "exports_export_person", "accounts_user_hold"} <= set(ABOUT_ROWS)


def test_no_superuser_sets_their_own_password_without_the_old_one(keys: dict[str, Any]) -> None:
    client, new = browser("rosa"), {"password1": "a forged passphrase", "password2": "a forged passphrase"}
    rosa = User.objects.get(username="rosa")
    answers = {
        key: client.post(address_with_key("auth_user_password_change", key), new)
        for key in (str(rosa.pk), *spellings(rosa.pk))
    }
    assert {one.status_code for key, one in answers.items() if key != str(rosa.pk)} == {404}
    assert answers[str(rosa.pk)]["Location"] == "/console/password_change/"
    rosa.refresh_from_db()
    assert rosa.check_password("rosa's password")


def test_the_redirect_to_a_row_takes_no_other_spelling(keys: dict[str, Any]) -> None:
    client = browser("rosa")
    for beginning, model in (("messaging/message/", "message"), ("messaging/conversation/", "conversation")):
        kind = ContentType.objects.get_by_natural_key("messaging", model).pk
        ways = {f"/console/r/{kind}/{quote(one, safe='')}/" for one in spellings(keys[beginning])}
        ways |= {f"/console/r/{quote(one, safe='')}/{keys[beginning]}/" for one in spellings(kind)}
        assert {client.get(way).status_code for way in ways} == {404}


@pytest.mark.parametrize(
    "text", ["٣", "３", "+3", " 3", "3 ", "03", "0" * 21 + "3", "3_0", "²", "-3", "", "9" * 19, None]
)
def test_a_number_is_read_in_one_form(text: str | None) -> None:
    assert whole_number(text) is None
    assert (whole_number("0"), whole_number("30")) == (0, 30)
