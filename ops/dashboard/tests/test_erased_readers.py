"""An erased reader is removed from the numbers of readings, and does not return when the day is counted again."""

from __future__ import annotations

from typing import Any

import pytest

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.audit import recording
from ops.audit.events import Event
from ops.audit.models import ShownMessages
from ops.dashboard.models import DayNumbers
from ops.dashboard.rollups import measures, rounds


def read(reader: Any, message: Any) -> None:
    entry = recording.record(Event.LIST_READ, actor=reader, target=Message)
    ShownMessages.objects.bulk_create([ShownMessages(entry=entry, first=message.pk, last=message.pk)])
    recording.record(Event.SEARCH_MADE, actor=reader, label="otto")


def named(key: str) -> list[str]:
    rows = DayNumbers.objects.exclude(measure__endswith="_days")
    return [row.measure for row in rows.filter(measure__regex="^(readings|staff_searches)") if key in row.numbers]


@pytest.mark.django_db
def test_readings_of_erased_readers_are_not_counted_again(alice: Any, bob: Any) -> None:
    message = write(alice, bob)
    rita, otto = (make_user(name, is_staff=True) for name in ("rita", "otto"))
    read(rita, message)
    rounds.keep()
    key = str(rita.pk)
    assert {measures.READINGS, measures.STAFF_SEARCHES} <= set(named(key))
    rita.delete()
    assert not named(key)
    read(otto, message)
    rounds.keep()
    assert not named(key)
    assert measures.READINGS in named(str(otto.pk))
    days = DayNumbers.objects.filter(measure=f"{measures.READINGS}_days")
    assert [sum(row.numbers.values()) for row in days] == [1]
