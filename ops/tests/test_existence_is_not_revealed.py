"""Addresses that need no role reveal nothing about rows: neither that one exists nor what leads to it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from ops.tests.asking import EXPECTED, address, signed_in
from ops.tests.test_who_may_open_what import keys

__all__ = ["keys"]

pytestmark = pytest.mark.once

NOT_THERE = {int: 987_654_321, UUID: UUID(int=987_654_321), str: "not-there"}


def revealed(client: Client, at: str, led: dict[str, int], *numbers: Any) -> list[Any]:
    """Return all that the responses of an address reveal, without these keys.

    ``led`` caches the statuses of redirect targets by path: most redirect to signing in.
    """
    found: list[Any] = []
    client.cookies.pop("messages", None)  # a message that the previous response left for the next page
    for method in ("get", "post"):
        response = getattr(client, method)(at)
        leads_to = response.get("Location", "")
        texts = [leads_to, "" if response.streaming else response.content.decode()]
        found += [response.status_code, *(_without(text, *numbers) for text in texts)]
        path = leads_to.partition("?")[0]
        if path and path not in led:
            led[path] = client.get(leads_to).status_code
        found.append(led.get(path))
    return found


def _without(text: str, *numbers: Any) -> str:
    text = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", unquote(unquote(text)))
    return re.sub(rf"(?<![\w-])(?:{'|'.join(map(str, numbers))})(?![\w-])", "KEY", text)


@pytest.mark.parametrize("who", ["nobody", "alice", "nils"])
def test_without_a_role_existing_and_missing_rows_look_alike(
    who: str, keys: dict[str, Any], refusals_as_made: None
) -> None:
    """Every address of the console responds the same for an existing and for a missing row."""
    missing = {route: NOT_THERE[type(key)] for route, key in keys.items()}
    client, differ = signed_in(who), set()
    led: dict[str, int] = {}
    for name in EXPECTED:
        there, gone = address(name, keys), address(name, missing)
        if there != gone:
            both = {*keys.values(), *NOT_THERE.values()}
            if revealed(client, there, led, *both) != revealed(client, gone, led, *both):
                differ.add(name)
    assert differ == set()


@pytest.mark.parametrize("name", ["messaging_message_change", "view_on_site=message"])
def test_the_refusal_page_is_the_same_for_existing_and_missing_rows(name: str, keys: dict[str, Any]) -> None:
    """This includes the frame, for a refused page and for one that is not found."""
    missing = {route: NOT_THERE[type(key)] for route, key in keys.items()}
    client, led = signed_in("nils"), dict[str, int]()
    both = {*keys.values(), *NOT_THERE.values()}
    existing = revealed(client, address(name, keys), led, *both)
    assert existing == revealed(client, address(name, missing), led, *both)
    assert {403, 404} & {existing[0]}


def row_addresses(keys: dict[str, Any]) -> dict[str, Any]:
    """Return ``/console/r/…`` of a row of each registered model, with the model's admin and the row's key."""
    found = {}
    for model, model_admin in admin.site._registry.items():
        key = keys.get(f"{model._meta.app_label}/{model._meta.model_name}/")
        if key is not None:
            found[f"/console/r/{ContentType.objects.get_for_model(model).pk}/{key}/"] = (model_admin, key)
    return found


@pytest.mark.parametrize("who", ["nils", "rita", "lena", "sue", "dan", "otto", "rosa"])
def test_the_address_of_a_row_redirects_only_if_its_page_opens(
    who: str, keys: dict[str, Any], plain_refusals: None
) -> None:
    """For every model and role, it redirects to a page that opens, or it is not found."""
    client = signed_in(who)
    addresses = row_addresses(keys)
    assert len(addresses) >= 10
    for at, (model_admin, key) in addresses.items():
        way = client.get(at)
        if way.status_code == 302:
            assert (at, client.get(way["Location"], follow=True).status_code) == (at, 200)
        else:
            page = client.get(f"/console/{model_admin.opts.app_label}/{model_admin.opts.model_name}/{key}/change/")
            may_open = page.status_code == 200 or (page.status_code == 302 and page["Location"] != "/console/")
            assert (at, way.status_code, may_open) == (at, 404, False)


@pytest.mark.parametrize("key", ["987654321", "0", "-1", "9" * 40, "x", "1%00", "%F0%9F%98%80", "1/2", "'", "_5F"])
@pytest.mark.parametrize("kind", ["conversation", "unregistered", "987654321", "9" * 40, "x", "-1", "1%00"])
def test_an_address_of_no_row_is_not_found(client: Client, rosa: Any, kind: str, key: str) -> None:
    """This holds for a superuser, too, and for any text as the key."""
    client.force_login(rosa)
    known = {"conversation": ("messaging", "conversation"), "unregistered": ("sessions", "session")}
    number = ContentType.objects.get_by_natural_key(*known[kind]).pk if kind in known else kind
    assert client.get(f"/console/r/{number}/{key}/").status_code == 404


def test_any_text_as_a_key_is_not_found_for_every_model(client: Client, rosa: Any) -> None:
    client.force_login(rosa)
    for model in admin.site._registry:
        kind = ContentType.objects.get_for_model(model).pk
        for key in ("x", "9" * 40, "1%00", "-1"):
            assert (model, client.get(f"/console/r/{kind}/{key}/").status_code) == (model, 404)
