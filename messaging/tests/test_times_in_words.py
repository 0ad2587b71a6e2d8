"""Relative times equal those of Django's own filters, whatever is cached between two rows of a list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone
from django.utils.timesince import timesince
from hypothesis import given
from hypothesis import strategies as st

from messaging.templatetags import times

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
PLAIN = Template(
    """<time datetime="{{ moment|date:'c' }}" title="{{ moment|date:'j F Y, H:i:s T' }}">{{ ago }}"""
    """<span class="visually-hidden"> ({{ moment|date:'j F Y, H:i' }})</span></time>"""
)


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(times.timezone, "now", lambda: NOW)


def plain(moment: datetime) -> str:
    return PLAIN.render(Context({"moment": moment, "ago": f"{timesince(moment, NOW, depth=1)} ago"}))


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/St_Johns"])
@pytest.mark.parametrize(
    "moment",
    [
        NOW - timedelta(minutes=3),
        NOW - timedelta(hours=23, minutes=59, seconds=59),
        NOW - timedelta(days=1),
        NOW - timedelta(days=1, microseconds=-1),
        NOW - timedelta(days=6, hours=23),
        NOW - timedelta(days=31),
        datetime(2026, 2, 28, 12, tzinfo=UTC),
        datetime(2026, 2, 28, 12, 0, 0, 1, tzinfo=UTC),
        datetime(2025, 3, 31, 12, tzinfo=UTC),
        datetime(2025, 3, 31, 12, 0, 1, tzinfo=UTC),
        datetime(1969, 7, 20, 20, 17, 40, tzinfo=UTC),
        datetime(101, 1, 5, tzinfo=UTC),
    ],
)
def test_a_time_is_written_as_django_writes_it(moment: datetime, zone: str) -> None:
    with timezone.override(ZoneInfo(zone)):
        assert times.when(moment) == plain(moment)


@given(st.timedeltas(min_value=timedelta(days=1), max_value=timedelta(days=5_000)))
def test_the_time_since_is_that_of_django(ago: timedelta) -> None:
    assert times._ago(NOW - ago) == f"{timesince(NOW - ago, NOW, depth=1)} ago"


def test_present_and_future_times_have_their_own_words() -> None:
    assert times._ago(NOW) == "just now"
    assert times._ago(NOW + timedelta(hours=2)) == "in 2\xa0hours"


def test_a_missing_time_gives_an_empty_text() -> None:
    assert times.when(None) == ""
