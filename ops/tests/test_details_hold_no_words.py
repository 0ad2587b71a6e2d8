"""The details of an entry, which are sealed for ever, hold no words from a request or a person."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging.tests.examples import examples
from ops.audit.details import Key, check_details
from ops.audit.models import Entry
from ops.audit.recording import record
from ops.conftest import confirm
from ops.events import ConsoleEvent
from ops.tests.asking import EXPECTED, address, of_where_it_leads, opened_by, signed_in
from ops.tests.test_who_may_open_what import keys

__all__ = ["keys"]

pytestmark = pytest.mark.once

WORDS = "zwieback"
CHOICES = {"format": "csv", "basis": "policy", "kind": "legal", "mode": "erase", "post": "yes"}
OTHERS = ("q", "name", "username", "email", "reason", "content", "title", "ticket", "css_header_background_color")


@given(st.text() | st.lists(st.text(), min_size=1) | st.dictionaries(st.text(), st.text(), min_size=1))
def test_free_text_is_refused(details: Any) -> None:
    with pytest.raises(TypeError):
        check_details(details)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), st.integers() | st.none() | st.booleans()))
def test_keys_and_numbers_are_accepted(details: Any) -> None:
    check_details({**details, "chosen": Key("yes"), "list": [uuid4()]})


def test_an_entry_with_words_in_its_details_is_not_recorded(db: Any) -> None:
    with pytest.raises(TypeError, match="keys and numbers"):
        record(ConsoleEvent.MESSAGE_EDITED, actor=None, details={"name": "walter"})
    assert not Entry.objects.filter(event=ConsoleEvent.MESSAGE_EDITED).exists()


def fields_of(page: Any) -> tuple[str, ...]:
    """Return the names of the form fields on a page."""
    form = page.context.get("form") if page.context else None
    return tuple(getattr(form, "fields", ()))


@pytest.mark.parametrize("who", ["rosa", "otto"])
def test_no_form_or_address_puts_words_into_details(who: str, keys: dict[str, Any], plain_refusals: None) -> None:
    """A superuser covers all that roles may do; one role covers refusals, which are recorded alike for everybody."""
    client = signed_in(who)
    confirm(client, who)
    newest = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    asked_for = EXPECTED.keys() - {"logout"} if who == "otto" else opened_by(who)
    led: dict[str, tuple[str, ...]] = {}  # form fields of redirect targets, by path
    for at in (address(name, keys) for name in asked_for if name != "login"):
        page = client.get(at, {"q": WORDS, WORDS: WORDS})
        fields = of_where_it_leads(client, at, page, led, fields_of)
        data = {name: CHOICES.get(name, WORDS) for name in (*OTHERS, *fields)}
        client.post(at, data, headers={"User-Agent": WORDS, "X-Request-ID": WORDS})
    entries = Entry.objects.filter(pk__gt=newest)
    assert entries.exists()
    assert [entry.event for entry in entries if WORDS in json.dumps(entry.details)] == []


@settings(max_examples=examples(5), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.integers(10**6, 10**12))
def test_search_terms_are_recorded_in_the_label_only(number: int, rosa: Any) -> None:
    client, words = Client(), f"{WORDS}{number}"
    client.force_login(rosa)
    for model in admin.site._registry:
        client.get(f"/console/{model._meta.app_label}/{model._meta.model_name}/", {"q": words})
    found = Entry.objects.filter(target_label=words)
    assert found.exists()
    assert not any(words in json.dumps(entry.details) for entry in found)


def test_groups_are_recorded_by_their_numbers_and_shown_by_their_names(client: Client, rosa: Any, bob: Any) -> None:
    group = Group.objects.create(name="Friends of Walter")
    bob.groups.add(group)
    (entry,) = Entry.objects.filter(event="account.roles_changed", target_id=str(bob.pk))
    assert entry.details == {"field": "groups", "added": [group.pk]}
    client.force_login(rosa)
    address = f"/console/audit/entry/{entry.pk}/change/"
    assert "Friends of Walter" in client.get(address).content.decode()
    group.delete()
    assert f"a deleted group ({entry.details['added'][0]})" in client.get(address).content.decode()
