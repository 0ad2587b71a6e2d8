"""Dates and times are written as the language of the reader does: no template names an order of its own."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.test import override_settings
from django.utils import translation

from messaging.languages import moments
from messaging.languages.unmarked import templates

MOMENT = datetime(2007, 9, 7, 18, 58, 7, tzinfo=UTC)
FORMAT = re.compile(r"""\|(?:date|time):(["'])(.*?)\1""")
# For machines, and parts that are words by themselves.
OTHERS = {"c", "Y-m-d", "l", "T"}


@pytest.mark.parametrize("path", list(templates()), ids=lambda path: path.name)
def test_no_template_has_a_format_of_its_own(path: Path) -> None:
    found = {format for _, format in FORMAT.findall(path.read_text(encoding="utf-8"))}
    assert {format for format in found - OTHERS if not format.endswith("_FORMAT")} == set()


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
