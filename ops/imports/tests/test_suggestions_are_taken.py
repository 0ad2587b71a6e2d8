"""Suggestions of a check are shown, taken by one click or one option of the command, and deleted with the file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ops.files.sources import Reading
from ops.files.suggestions import MOST_SAMPLES, Sample, Suggestion
from ops.imports import options
from ops.imports.models import Import
from ops.imports.options import Choices
from ops.imports.pages import previews
from ops.imports.pages.page import state_token
from ops.imports.tests.importing import checked

pytestmark = pytest.mark.django_db

BERLIN = Suggestion(
    "time_zone",
    "Europe/Berlin",
    "The times are those of Berlin.",
    "Take Europe/Berlin",
    [Sample(number, "10:00", "09:00 UTC") for number in range(2, 9)],
)


def suggest(import_: Import, *suggestions: Suggestion) -> None:
    """Write suggestions where a check writes them."""
    preview = json.loads(previews.path_of(import_, previews.PREVIEW).read_text(encoding="utf-8"))
    previews._write_json({**preview, "suggestions": [one.as_json() for one in suggestions]}, import_.upload)


def test_a_suggestion_is_an_option_of_the_reading_or_of_the_choices() -> None:
    reading, choices = options.take(BERLIN.as_json(), Reading(encoding="Latin-1"), Choices(notify=True))
    assert (reading, choices) == (Reading(encoding="Latin-1", time_zone="Europe/Berlin"), Choices(notify=True))
    create = Suggestion("create_users", True, "Two people have no account.", "Create them")
    assert options.take(create.as_json(), reading, choices) == (reading, Choices(create_users=True, notify=True))
    with pytest.raises(KeyError):
        options.take({"option": "password", "value": "x"}, reading, choices)


@pytest.mark.parametrize(
    ("option", "value", "argument"),
    [
        ("time_zone", "Europe/Berlin", "--time-zone Europe/Berlin"),
        ("create_users", True, "--create-users"),
        ("columns", {"content": "Text der Nachricht"}, "--column 'content=Text der Nachricht'"),
        ("nothing", ["NULL", "n/a; none"], "--nothing NULL 'n/a; none'"),
    ],
)
def test_suggestions_are_written_as_command_options(option: str, value: Any, argument: str) -> None:
    assert options.as_argument(Suggestion(option, value, "", "").as_json()) == argument


def test_only_the_first_samples_are_kept() -> None:
    assert [sample["row"] for sample in BERLIN.as_json()["samples"]] == list(range(2, 2 + MOST_SAMPLES))


def test_one_click_takes_a_suggestion_and_checks_again(client: Client, dan: Any) -> None:
    import_ = checked(("1", "", "alice", "bob", "2026-01-05T10:00:00", "Hello"), by=dan)
    suggest(import_, BERLIN)
    client.force_login(dan)
    page = client.get(reverse("admin:imports_import_change", args=[import_.pk])).content.decode()
    assert "The times are those of Berlin." in page
    assert ">Take Europe/Berlin</button>" in page
    take = reverse("admin:imports_import_take", args=[import_.pk])
    client.post(take, {"state_token": state_token(import_), "suggestion": "0"})
    import_.refresh_from_db()
    assert import_.get_reading().time_zone == "Europe/Berlin"
    assert (previews.load(import_) or {})["suggestions"] == []


@pytest.mark.parametrize("place", ["1", "-1", "x", "", "٠"])
def test_only_suggestions_can_be_taken(client: Client, dan: Any, place: str) -> None:
    import_ = checked(("1", "", "alice", "bob", "2026-01-05T10:00:00", "Hello"), by=dan)
    suggest(import_, BERLIN)
    client.force_login(dan)
    take = reverse("admin:imports_import_take", args=[import_.pk])
    client.post(take, {"state_token": state_token(import_), "suggestion": place})
    import_.refresh_from_db()
    assert import_.get_reading().time_zone == "UTC"
