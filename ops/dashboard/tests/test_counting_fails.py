"""A round that is broken off by an error of the database stores nothing, says so, and leaves everything to the next."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, ProgrammingError, connection, transaction

from messaging.tests.conversations import write
from ops.dashboard.models import Beginning, DayNumbers, Noted
from ops.dashboard.rollups import beginnings, keeping, measures
from ops.dashboard.rollups.statements import sent_on

WRONG = "SELECT nothing"


@pytest.mark.django_db
def test_what_was_not_counted_stays_noted(alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beginnings are kept while the rest is counted and stored: their error shows after that."""
    message = write(alice, bob)
    with monkeypatch.context() as broken:
        broken.setattr(beginnings, "STATEMENTS", {connection.vendor: (WRONG,)})
        with pytest.raises(DatabaseError, match="nothing"), transaction.atomic():
            keeping.keep()
    assert not (DayNumbers.objects.exists() or Beginning.objects.exists())
    keeping.keep()
    assert not Noted.objects.exists()
    assert DayNumbers.objects.get(measure=measures.SENT).total == 1
    assert Beginning.objects.get().conversation == message.conversation_id


@pytest.mark.postgresql
@pytest.mark.django_db
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite works in this process")
def test_postgresql_works_while_python_goes_on() -> None:
    """An error shows where the next answer is fetched, as one of Django's, and at the end at the latest."""
    with connection.cursor() as cursor, connection.cursor() as other:
        with pytest.raises(ProgrammingError), transaction.atomic(), sent_on("default"):
            cursor.execute(WRONG)
            reached = True
        assert reached
        with pytest.raises(ProgrammingError), transaction.atomic(), sent_on("default"):
            cursor.execute(WRONG)
            other.execute("SELECT 1")
            other.fetchone()
        with sent_on("default"):
            cursor.execute("SELECT 1")
            other.execute("SELECT 2")
            assert (cursor.fetchone(), other.fetchone()) == ((1,), (2,))
