"""Whatever an address says, a list runs its declared filters, its search and its place, and nothing else."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.contrib import admin
from django.core.checks import run_checks
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ops.audit.models import Entry
from ops.conftest import confirm
from ops.console.declared_lists import UNKNOWN_FILTER
from ops.tests.test_who_may_open_what import EXPECTED, address, keys, signed_in

__all__ = ["keys"]  # a fixture

pytestmark = pytest.mark.crawl

LOOKUPS = ("", "__icontains", "__startswith", "__regex", "__isnull", "__gt")
# Some answer questions, some cost minutes, some are no value of the field.
VALUES = {"__regex": "^(.?){25}(.|.){0,200}[\x01]$", "__isnull": "maybe", "__gt": "99999999999"}
WORD = "zwieback"  # in no query but one that an address caused
JUNK = ("\x00", "9" * 40, "-1", "²", "x" * 5_000, "(", "9999-12-31T23:59:59Z~1", "0001-01-01T00:00:00+14:00~1", "~")
PLACES = ("after", "before", "page", "p", "o", "all", "e", "q", "_to_field", "_popup", "_facets", "person")
OF_PAGES = (
    "part", "position", "message", "edits", "id", "ids", "said", "next", "term", "field_name", "model_name",
    "app_label", "_changelist_filters", "fetch", "content", "username", "groups", "permissions", "email", "reason",
)  # fmt: skip


def lookups_of(model: Any) -> set[str]:
    """Each lookup of each field of a model, and one of each field of what it points to."""
    own = [field for field in model._meta.get_fields() if hasattr(field, "name")]
    near = [field for field in own if isinstance(field, models.ForeignKey)]
    return {
        *(f"{field.name}{lookup}" for field, lookup in product(own, LOOKUPS)),
        *(f"{field.name}__{other.name}__startswith" for field in near for other in field.related_model._meta.fields),
    }


def lists() -> dict[str, Any]:
    """The address of each list of the console, with its model."""
    return {reverse(f"admin:{m._meta.app_label}_{m._meta.model_name}_changelist"): m for m in admin.site._registry}


@pytest.mark.once
@pytest.mark.parametrize("at", lists())
def test_no_lookup_of_an_address_is_run(at: str, keys: dict[str, Any]) -> None:
    client = signed_in("rosa")
    listed: Any = admin.site.get_model_admin(lists()[at])
    client.get(at)
    for name in sorted(lookups_of(lists()[at]) - {one.parameter_name for one in listed.list_filter}):
        value = VALUES.get(name[name.rfind("__") :], WORD)
        before = Entry.objects.count()
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(f"{at}?{name}={quote(value)}")
        assert (answer.status_code, answer["Location"]) == (302, f"{at}?e=1"), name
        assert not any(WORD in query["sql"] or " REGEXP " in query["sql"] for query in queries), name
        assert Entry.objects.count() == before, name
    assert str(UNKNOWN_FILTER) in client.get(f"{at}?e=1&content__regex=(", follow=True).content.decode()


def _kind(spec: Any) -> Any:
    """The class that reads a filter's value: the one below its own, or its own where that is Django's."""
    return spec if spec.__mro__[1] is admin.SimpleListFilter else spec.__mro__[1]


def _is_first_of_its_kind(spec: Any) -> bool:
    """Whether no list before has a filter of this kind: one is asked for all values, the others for one each."""
    filters = [one for listed in admin.site._registry.values() for one in listed.list_filter]
    return spec is next(one for one in filters if _kind(one) is _kind(spec))


PAGES = [name for name, cells in EXPECTED.items() if cells["rosa"].startswith("ok")]
# The rows that a test needs take longer to make than a page to ask for: several pages, or lists, share them.
PARTS = 16


@pytest.mark.parametrize("part", range(PARTS))
def test_no_page_fails_over_an_address(part: int, keys: dict[str, Any]) -> None:
    client = signed_in("rosa")
    client.raise_request_exception = False
    asked = [f"{address(page, keys)}?{query}" for page in PAGES[part::PARTS] for query in queries_for(page, keys)]
    assert [at for at in asked if client.get(at).status_code >= 500] == []


def queries_for(page: str, keys: dict[str, Any]) -> list[str]:
    """What is asked of a page: junk as the values of its parameters, and of those of other pages."""
    model_admin: Any = admin.site._registry.get(lists().get(address(page, keys)))  # type: ignore[arg-type]
    if model_admin is None:
        return [urlencode(dict.fromkeys((*PLACES, *OF_PAGES), value)) for value in JUNK]
    # What a list does not declare leads away from it at once: one name at a time.
    turn = PAGES.index(page)
    asked = [urlencode({name: JUNK[(nth + turn) % len(JUNK)]}) for nth, name in enumerate(PLACES)]
    for nth, spec in enumerate(model_admin.list_filter):
        values = JUNK if _is_first_of_its_kind(spec) else [JUNK[(nth + turn) % len(JUNK)]]
        asked += [urlencode({spec.parameter_name: value}) for value in values]
    return asked


@pytest.mark.parametrize("part", range(4))
def test_whatever_a_search_leads_to_is_recorded(part: int, keys: dict[str, Any]) -> None:
    """An action on rows, and the form of an export, tell what a search found as the list itself does."""
    client = confirm(signed_in("rosa"), "rosa")
    searched = [at for at, model in lists().items() if admin.site.get_model_admin(model).search_fields]
    for at in searched[part::4]:
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


@pytest.mark.parametrize("part", range(4))
def test_rows_that_cannot_be_are_not_chosen(part: int, keys: dict[str, Any]) -> None:
    client = signed_in("rosa")
    for at in list(lists())[part::4]:
        listed: Any = admin.site.get_model_admin(lists()[at])
        names = listed.get_actions(client.get(at).wsgi_request)
        for name, key in product(names, ["abc", "\x00", "9" * 40, "²", "-1", ""]):
            answer = client.post(at, {"action": name, "_selected_action": [key]})
            assert answer.status_code < 500, (at, name, key)


def test_every_admin_is_checked_at_start_up() -> None:
    class Plain(admin.ModelAdmin):
        pass

    model, registered = Entry, admin.site._registry[Entry]
    admin.site._registry[model] = Plain(model, admin.site)
    try:
        assert [fault.id for fault in run_checks() if fault.obj is Plain] == ["console.E002"]
    finally:
        admin.site._registry[model] = registered
