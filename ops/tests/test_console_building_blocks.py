"""Features that the frame gives every room: lists without a template of their own, and look-ups in forms."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory

from messaging.models import Message
from ops.audit.models import Entry
from ops.conftest import make_staff
from ops.console.keyset import KeysetAdmin, Order
from ops.exports.models import Export


class PlainGroupAdmin(KeysetAdmin):
    keyset = ("name",)
    list_display = ("name", "length")

    @admin.display(description="letters")
    def length(self, group: Group) -> int:
        return len(group.name)


def asked(user: Any, address: str = "/console/auth/group/", **data: str) -> Any:
    request: Any = RequestFactory().get(address, data)
    request.user, request.session = user, {}
    request._messages = FallbackStorage(request)
    return request


def page(user: Any, **data: str) -> str:
    response: Any = PlainGroupAdmin(Group, admin.site).changelist_view(asked(user, **data))
    return response.render().content.decode()


def test_a_list_without_a_template_of_rows_is_djangos_own(rosa: Any) -> None:
    Group.objects.create(name="Night shift")
    shown = page(rosa)
    assert f'href="/console/auth/group/{Group.objects.get().pk}/change/"' in shown
    assert "Letters" in shown
    assert ">11<" in shown
    assert "sortable" not in shown


def test_a_plain_list_has_keyset_pages_of_fifty_rows(rosa: Any) -> None:
    Group.objects.bulk_create(Group(name=f"group {number:03}") for number in range(60))
    assert ("group 049" in page(rosa), "group 050" in page(rosa)) == (True, False)
    assert ("group 049" in page(rosa, after="group 049"), "group 050" in page(rosa, after="group 049")) == (False, True)


class FullGroupAdmin(KeysetAdmin):
    """A list as an engineer who knows Django's admin would write it."""

    orders = (Order("name", "Name", ("name",)), Order("newest", "Newest first", ("-id",)))
    list_display = ("id", "name", "is_long")
    list_display_links: Any = ("name",)
    search_fields = ("name",)
    actions = ("count",)

    @admin.display(boolean=True, ordering="name")
    def is_long(self, group: Group) -> bool:
        return len(group.name) > 10

    @admin.action(description="Count selected")
    def count(self, request: Any, queryset: Any) -> None:
        """Do nothing."""


def test_columns_links_actions_search_and_orders_are_as_django_has_them(rosa: Any) -> None:
    for name in ("Night shift", "Day shift", "Others"):
        Group.objects.create(name=name)

    def names(**data: str) -> list[str]:
        response: Any = FullGroupAdmin(Group, admin.site).changelist_view(asked(rosa, **data))
        return re.findall(r'field-name"><a href="[^"]+">(.*?)</a>', response.render().content.decode())

    assert names() == ["Day shift", "Night shift", "Others"]
    assert names(o="newest") == ["Others", "Day shift", "Night shift"]
    assert names(q="shift") == ["Day shift", "Night shift"]
    response: Any = FullGroupAdmin(Group, admin.site).changelist_view(asked(rosa))
    shown = response.render().content.decode()
    assert shown.count('class="action-select"') == 3 and "Count selected" in shown
    assert 'alt="True"' in shown and "Is long" in shown


LOOKED_UP = {"app_label": "exports", "model_name": "export", "field_name": "by", "term": "ali"}


@pytest.fixture
def looked_up(monkeypatch: Any) -> None:
    """Let the form of exports look up its person."""
    monkeypatch.setattr(type(admin.site._registry[Export]), "autocomplete_fields", ("by",))


def answer(user: Any, **data: str) -> Any:
    return json.loads(admin.site.autocomplete_view(asked(user, "/console/autocomplete/", **data)).content)


def test_a_look_up_by_a_permitted_person_is_recorded(looked_up: None, alice: Any) -> None:
    found = answer(make_staff("sue", "view_user"), **LOOKED_UP)
    assert [row["text"] for row in found["results"]] == ["alice"]
    entry = Entry.objects.get(event="search.made")
    assert (entry.actor_name, entry.target_type, entry.target_label) == ("sue", "accounts.user", "ali")


def test_a_look_up_without_permission_is_refused(looked_up: None, nils: Any, alice: Any) -> None:
    with pytest.raises(PermissionDenied):
        answer(nils, **LOOKED_UP)


def test_a_field_that_no_form_declares_is_not_looked_up(rosa: Any, alice: Any) -> None:
    with pytest.raises(PermissionDenied):
        answer(rosa, **LOOKED_UP)


def test_texts_are_searched_in_the_lists_only(rosa: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(type(admin.site._registry[Message]), "autocomplete_fields", ("parent_message",))
    asked_for = {"app_label": "messaging", "model_name": "message", "field_name": "parent_message", "term": "a"}
    with pytest.raises(PermissionDenied):
        answer(rosa, **asked_for)
