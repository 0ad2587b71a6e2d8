"""Whatever an address contains, a list runs only its declared filters, its search and its cursor."""

from __future__ import annotations

import sys
from functools import partial
from itertools import count, product
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.contrib import admin
from django.contrib.admin.options import TO_FIELD_VAR
from django.core.checks import run_checks
from django.db import connection, models
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ops.audit.models import Entry
from ops.conftest import confirm
from ops.console.declared_lists import UNKNOWN_FILTER
from ops.tests.asking import EXPECTED, address, signed_in, unrendered
from ops.tests.test_who_may_open_what import keys

__all__ = ["keys"]  # a fixture

pytestmark = pytest.mark.crawl

LOOKUPS = ("", "__icontains", "__startswith", "__regex", "__isnull", "__gt")
# Some would reveal data, some would take minutes, some are invalid for the field.
VALUES = {"__regex": "^(.?){25}(.|.){0,200}[\x01]$", "__isnull": "maybe", "__gt": "99999999999"}
WORD = "zwieback"  # in no query except one caused by an address
JUNK = ("\x00", "9" * 40, "-1", "²", "x" * 5_000, "(", "9999-12-31T23:59:59Z~1", "0001-01-01T00:00:00+14:00~1", "~")
PLACES = ("after", "before", "page", "p", "o", "all", "e", "q", "_to_field", "_popup", "_facets", "person")
OF_PAGES = (
    "part", "position", "message", "edits", "id", "ids", "said", "next", "term", "field_name", "model_name",
    "app_label", "_changelist_filters", "fetch", "content", "username", "groups", "permissions", "email", "reason",
)  # fmt: skip


def lookups_of(model: Any) -> set[str]:
    """Return each lookup of each field of a model, and one of each field of the models that it points to."""
    own = [field for field in model._meta.get_fields() if hasattr(field, "name")]
    near = [field for field in own if isinstance(field, models.ForeignKey)]
    return {
        *(f"{field.name}{lookup}" for field, lookup in product(own, LOOKUPS)),
        *(f"{field.name}__{other.name}__startswith" for field in near for other in field.related_model._meta.fields),
    }


def lists() -> dict[str, Any]:
    """Return the address of each list of the console, with its model."""
    return {reverse(f"admin:{m._meta.app_label}_{m._meta.model_name}_changelist"): m for m in admin.site._registry}


# Creating the rows for a test takes longer than requesting a page: several pages, or lists, share them.
PARTS = 4


@pytest.mark.once
@pytest.mark.parametrize("part", range(PARTS))
def test_no_lookup_of_an_address_is_run(part: int, keys: dict[str, Any]) -> None:
    client = signed_in("rosa")
    for at, model in list(lists().items())[part::PARTS]:
        listed: Any = admin.site.get_model_admin(model)
        request = client.get(at).wsgi_request
        before = Entry.objects.count()
        with CaptureQueriesContext(connection) as queries:
            for name in sorted(lookups_of(model) - {one.parameter_name for one in listed.list_filter}):
                value = VALUES.get(name[name.rfind("__") :], WORD)
                answer = unrendered(request, f"{at}?{name}={quote(value)}")
                assert (answer.status_code, answer.get("Location")) == (302, f"{at}?e=1"), (at, name)
        assert [query for query in queries if WORD in query["sql"] or " REGEXP " in query["sql"]] == [], at
        assert Entry.objects.count() == before, at
        assert str(UNKNOWN_FILTER) in client.get(f"{at}?e=1&content__regex=(", follow=True).content.decode()


def _kind(spec: Any) -> Any:
    """Return the class that reads a filter's value: its parent class, or itself if the parent is Django's."""
    return spec if spec.__mro__[1] is admin.SimpleListFilter else spec.__mro__[1]


def _is_first_of_its_kind(spec: Any) -> bool:
    """Return whether no earlier list has a filter of this kind: the first gets all values, the others one each."""
    filters = [one for listed in admin.site._registry.values() for one in listed.list_filter]
    return spec is next(one for one in filters if _kind(one) is _kind(spec))


PAGES = [name for name, cells in EXPECTED.items() if cells["rosa"].startswith("ok")]


@pytest.mark.parametrize("part", range(PARTS))
def test_no_parameter_makes_a_list_fail(part: int, keys: dict[str, Any]) -> None:
    client = signed_in("rosa")
    client.raise_request_exception = False
    asked = [f"{at}?{query}" for at in list(lists())[part::PARTS] for query in queries_for(at)]
    assert [at for at in asked if client.get(at).status_code >= 500] == []


def queries_for(at: str) -> list[str]:
    """Return the queries to request a list with: junk as its cursor, and as the values of its filters.

    A list redirects as soon as it finds an undeclared name, so each query has only one name.
    """
    turn = list(lists()).index(at)
    listed: Any = admin.site.get_model_admin(lists()[at])
    asked = [urlencode({name: JUNK[(nth + turn) % len(JUNK)]}) for nth, name in enumerate(PLACES)]
    for nth, spec in enumerate(listed.list_filter):
        values = JUNK if _is_first_of_its_kind(spec) else [JUNK[(nth + turn) % len(JUNK)]]
        asked += [urlencode({spec.parameter_name: value}) for value in values]
    return asked


class Watched(QueryDict):
    """The parameters of an address; ``read`` records which ones a page reads ("" for all), and where in the code."""

    read: set[tuple[str, Any]] = set()


def _noting(method: str) -> Any:
    def call(self: Any, *arguments: Any) -> Any:
        self.read.add((arguments[0] if arguments else "", sys._getframe(1).f_code))
        return getattr(super(Watched, self), method)(*arguments)

    return call


for method in ("__contains__", "__getitem__", "__iter__", "get", "getlist", "keys", "lists", "values"):
    setattr(Watched, method, _noting(method))


def test_no_parameter_makes_a_page_fail(keys: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page is requested with junk as the values of the parameters that it reads, and of those of other pages.

    Of pages that read the same ones in the same functions, one is requested with all values, the others with one each.
    """
    monkeypatch.setattr("django.core.handlers.wsgi.QueryDict", Watched)
    client, turn, known, failed = signed_in("rosa"), count(), set[Any](), list[str]()
    client.raise_request_exception = False
    all_lists = lists()
    for at in (at for at in (address(page, keys) for page in PAGES) if at not in all_lists):
        read = parameters_of(client, at)
        values = JUNK if read not in known else [JUNK[next(turn) % len(JUNK)]]
        known.add(read)
        asked = [f"{at}?{junk_for(read, value)}" for value in values if read]
        # Django refuses a page immediately because of this one.
        asked += [f"{at}?{TO_FIELD_VAR}={quote(values[0])}"] if TO_FIELD_VAR in dict(read) else []
        failed += [one for one in asked if client.get(one).status_code >= 500]
    assert failed == []


def parameters_of(client: Client, at: str) -> frozenset[tuple[str, Any]]:
    """Return the parameters that a page reads, and where in the code."""
    Watched.read.clear()
    assert client.get(at).status_code == 200, at
    return frozenset(Watched.read)


def junk_for(read: frozenset[tuple[str, Any]], value: str) -> str:
    names = {*PLACES, *OF_PAGES, *(name for name, _ in read if name)} - {TO_FIELD_VAR}
    return urlencode(dict.fromkeys(sorted(names), value))


@pytest.mark.parametrize("part", range(PARTS))
def test_actions_and_exports_from_a_search_are_recorded(part: int, keys: dict[str, Any]) -> None:
    """Actions on rows and the form of an export show what a search found, as the list itself does."""
    client = confirm(signed_in("rosa"), "rosa")
    searched = [at for at, model in lists().items() if admin.site.get_model_admin(model).search_fields]
    for at in searched[part::PARTS]:
        listed: Any = admin.site.get_model_admin(lists()[at])
        names = listed.get_actions(client.get(at).wsgi_request)
        chosen = {"select_across": "1", "_selected_action": ["1"]}
        asked = [partial(client.post, f"{at}?q={WORD}", {"action": name, **chosen}) for name in names]
        asked += [partial(client.get, f"{at}export/?q={WORD}")] if hasattr(listed, "export_view") else []
        found = Entry.objects.filter(event="search.made", target_label=WORD)
        before = found.count()
        for number, ask in enumerate([partial(client.get, f"{at}?q={WORD}"), *asked], start=1):
            assert ask().status_code < 400, at
            assert found.count() == before + number, at


@pytest.mark.parametrize("part", range(PARTS))
def test_selecting_impossible_keys_causes_no_error(part: int, keys: dict[str, Any]) -> None:
    client = signed_in("rosa")
    for at in list(lists())[part::PARTS]:
        listed: Any = admin.site.get_model_admin(lists()[at])
        names = listed.get_actions(client.get(at).wsgi_request)
        for name, key in product(names, ["abc", "\x00", "9" * 40, "²", "-1", ""]):
            answer = client.post(at, {"action": name, "_selected_action": [key]})
            assert answer.status_code < 500, (at, name, key)


def test_every_admin_is_checked_at_start_up() -> None:
    class Plain(admin.ModelAdmin):
        pass

    reverse("admin:index")  # otherwise the checks would load the URLs, including those of Plain, for good
    model, registered = Entry, admin.site._registry[Entry]
    admin.site._registry[model] = Plain(model, admin.site)
    try:
        assert [fault.id for fault in run_checks() if fault.obj is Plain] == ["console.E002"]
    finally:
        admin.site._registry[model] = registered
