"""Numbers by a worker of the previous version, which runs until it is restarted, are discarded: they are never read,
and an erased account does not stay in them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from messaging.tests.conversations import write
from ops.dashboard.models import DayNumbers, Keeping
from ops.dashboard.periods import Period
from ops.dashboard.rollups import measures, rounds
from ops.dashboard.rollups.numbers import blocks

DAYS = 40
OTHER_SIZES = (8, 64, 512)


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["", settings.TIME_ZONE])
def test_numbers_of_another_version_are_recounted(
    alice: Any, bob: Any, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counted during the migration, or after it, in a round of its own."""
    now = timezone.now()
    for days in range(DAYS):
        write(alice, bob, timestamp=now - timedelta(days=days))
    with monkeypatch.context() as other:
        other.setattr(blocks, "SIZES", OTHER_SIZES)
        rounds.keep()
        Keeping.objects.update(zone=zone)
    rounds.keep()
    period = Period.of_days(DAYS)
    by_sender = blocks.by_key(measures.SENDERS, period.first, period.last)
    assert by_sender == {str(alice.pk): DAYS}
    key = str(alice.pk)
    alice.delete()
    assert not [one for one in DayNumbers.objects.filter(measure__startswith=measures.SENDERS) if key in one.numbers]
    assert not DayNumbers.objects.filter(measure=blocks.name_of(measures.SENDERS, OTHER_SIZES[0])).exists()
