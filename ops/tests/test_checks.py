"""A wrong configuration is reported at start-up, with the remedy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.checks import Error, Warning
from django.core.exceptions import ImproperlyConfigured

from ops.accounts.apps import AccountsConfig
from ops.audit import events
from ops.checks import safe_workbooks, shared_cache
from ops.console.checks import every_declaration_exists
from ops.jobs.worker.rounds import scheduled

LOCAL = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SHARED = {"default": {"BACKEND": "ops.caches.FaultTolerantRedisCache", "LOCATION": "redis://cache"}}


def test_one_process_may_keep_its_cache_to_itself(settings: Any) -> None:
    settings.CACHES, settings.WEB_CONCURRENCY = LOCAL, 1
    assert shared_cache(None) == []


def test_several_processes_may_share_redis(settings: Any) -> None:
    settings.CACHES, settings.WEB_CONCURRENCY = SHARED, 3
    assert shared_cache(None) == []


def test_several_processes_with_a_cache_each_are_warned_of(settings: Any) -> None:
    settings.CACHES, settings.WEB_CONCURRENCY = LOCAL, 3
    assert shared_cache(None) == [
        Warning(
            "3 web processes with a cache in local memory: each shows old pages of its own.",
            hint="Set REDIS_URL, or WEB_CONCURRENCY=1.",
            id="ops.W001",
        )
    ]


def test_workbooks_are_read_with_defusedxml() -> None:
    assert safe_workbooks(None) == []


def test_without_defusedxml_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openpyxl, "DEFUSEDXML", False)
    assert safe_workbooks(None) == [
        Error(
            "openpyxl does not use defusedxml: a workbook of a few kilobytes could fill the memory.",
            hint="Install defusedxml (requirements.txt has it), and unset OPENPYXL_DEFUSEDXML.",
            id="ops.E001",
        )
    ]


def test_what_rooms_declare_exists() -> None:
    assert every_declaration_exists(None) == []


def test_each_event_of_the_trail_has_words_of_its_own() -> None:
    labels = [str(label) for label in events.declared().values()]
    assert sorted(set(labels)) == sorted(labels)


def test_the_documents_name_each_scheduled_command() -> None:
    documented = re.findall(r"^\| `(\w+)` \|", Path("docs/jobs.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(scheduled()) == sorted(documented)


@pytest.mark.parametrize(
    ("where", "declared"),
    [
        ("menu", {"accounts.Nobody": None}),
        ("menu", {"admin:no_such_page": None}),
        ("finds", {"nowhere.User": "user"}),
        ("readings", {"accounts": "person.read"}),
        ("rounds", {"no_such_command": 60}),
        ("slots", {"account.menu": "accounts/no_such_template.html"}),
    ],
)
def test_a_declaration_of_what_does_not_exist_is_named(
    monkeypatch: pytest.MonkeyPatch, where: str, declared: dict[str, Any]
) -> None:
    monkeypatch.setattr(AccountsConfig, where, declared)
    [fault] = every_declaration_exists(None)
    name = declared["account.menu"] if where == "slots" else next(iter(declared))
    assert (fault.id, fault.msg) == (
        "console.E005", f"The room accounts declares {name} in {where}, which does not exist."
    )  # fmt: skip


def test_events_that_cannot_be_imported_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AccountsConfig, "events", "ops.accounts.events.Nothing")
    with pytest.raises(ImproperlyConfigured, match=r"accounts declares its events at ops\.accounts\.events\.Nothing"):
        events.declared.__wrapped__()
