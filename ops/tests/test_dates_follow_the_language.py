"""Dates and times follow the reader's language: no template sets their format."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.template import Context, Template
from django.test import Client, override_settings
from django.utils import translation

from messaging.languages import moments
from messaging.languages.unmarked import templates
from ops.conftest import make_staff
from ops.console.person import tabs
from ops.deletion import holds
from ops.deletion.models import Hold

MOMENT = datetime(2007, 9, 7, 18, 58, 7, tzinfo=UTC)
FORMAT = re.compile(r"""\|(?:date|time):(["'])(.*?)\1""")
# Django's dateformat does not resolve names of formats: it formats each of their letters as a part of the date.
BY_LETTERS = re.compile(
    r"""utils\.dateformat|utils import dateformat|date_format\([^()]*(?:\([^()]*\))?[^()]*, "(?!\w+_FORMAT")"""
)
HOUSE = Path(settings.BASE_DIR)
MODULES = [path for room in ("messaging", "ops") for path in (HOUSE / room).rglob("*.py") if "tests" not in path.parts]
# Formats for machines, and parts that are complete words.
OTHERS = {"c", "Y-m-d", "l", "T"}


@pytest.mark.parametrize("path", list(templates()), ids=lambda path: path.name)
def test_no_template_has_a_format_of_its_own(path: Path) -> None:
    found = {format for _, format in FORMAT.findall(path.read_text(encoding="utf-8"))}
    assert {format for format in found - OTHERS if not format.endswith("_FORMAT")} == set()


def test_no_module_has_a_format_of_its_own() -> None:
    assert {str(path): found for path in MODULES if (found := BY_LETTERS.findall(path.read_text("utf-8")))} == {}


@pytest.mark.django_db
def test_the_page_of_a_person_says_since_when_there_is_a_hold(alice: Any) -> None:
    lena = make_staff("lena", "view_user", "view_conversation", "view_message", "view_hold")
    hold = holds.place(alice, by=lena, kind=Hold.Kind.LEGAL, reason="The court")
    Hold.objects.filter(pk=hold.pk).update(placed_at=MOMENT)
    client = Client()
    client.force_login(lena)
    page = client.get(tabs.address_of(alice.pk, user=lena), follow=True).content.decode()
    assert "Legal hold since 7 September 2007" in page


@pytest.mark.parametrize(
    ("language", "day", "time"),
    [("en", "7 September 2007", "18:58"), ("de", "7. September 2007", "18:58"), ("ko", "2007년 9월 7일", "오후 6:58")],
)
def test_moments_are_written_as_the_language_does(language: str, day: str, time: str) -> None:
    with override_settings(LANGUAGES=[(language, language)]), translation.override(language):
        assert (moments.day(MOMENT), moments.clock_time(MOMENT)) == (day, time)
        assert moments.with_zone(MOMENT) == f"{day}, {time} UTC"
        assert moments.exact(MOMENT) == f"{day}, 18:58:07 UTC"
        shown = Template("{% load times %}{{ moment|with_zone }} {{ none|exact }}").render(
            Context({"moment": MOMENT, "none": None})
        )
        assert shown == f"{day}, {time} UTC "


def test_an_hour_that_comes_twice_is_written_with_its_zone() -> None:
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    assert moments.with_zone(first) == "25 October 2026, 02:30 CEST"
    assert moments.exact(first.replace(fold=1)) == "25 October 2026, 02:30:00 CET"
