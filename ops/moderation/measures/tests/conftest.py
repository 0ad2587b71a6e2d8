from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from ops.moderation.tests.desk import lena, mike, mona, reported, spam, threat

__all__ = ["lena", "mike", "mona", "reported", "spam", "threat"]


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 28, 12, tzinfo=UTC)

    def tick(self, period: timedelta) -> None:
        self.now += period


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Replace Django's current time with a clock that the test moves."""
    found = Clock()
    monkeypatch.setattr(timezone, "now", lambda: found.now)
    return found
