"""Python continues while the database executes statements. A round that a database error interrupts raises it, stores
nothing, and leaves everything to the next round."""

from __future__ import annotations

import sys
from datetime import UTC
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messaging.tests.conversations import write
from ops.dashboard.models import Beginning, DayNumbers, Family, Noted
from ops.dashboard.rollups import beginnings, measures, messages, rounds
from ops.dashboard.rollups.meanwhile import meanwhile
from ops.dashboard.rollups.quarters import quarter_of

WRONG = "SELECT nothing"


@pytest.mark.django_db
def test_changes_stay_noted_after_a_failed_round(alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beginnings are stored while the other numbers are counted and stored: their error is raised after that."""
    message = write(alice, bob)
    with monkeypatch.context() as broken:
        broken.setattr(beginnings, "STATEMENTS", {connection.vendor: (WRONG,)})
        with pytest.raises(DatabaseError, match="nothing"), transaction.atomic():
            rounds.keep()
    assert not (DayNumbers.objects.exists() or Beginning.objects.exists())
    rounds.keep()
    assert not Noted.objects.exists()
    assert DayNumbers.objects.get(measure=measures.SENT).total == 1
    assert Beginning.objects.get().conversation == message.conversation_id


@pytest.mark.django_db
def test_background_statements_return_rows_and_raise_errors_later() -> None:
    """An error is raised, as Django's, when its rows are fetched, when something else is executed, or at the end."""
    with pytest.raises(DatabaseError, match="nothing"), transaction.atomic(), meanwhile("default") as ask:
        ask(WRONG, [])
        reached = True
    assert reached
    with pytest.raises(DatabaseError, match="nothing"), transaction.atomic(), meanwhile("default") as ask:
        rows = ask(WRONG, [])
        rows()
    with pytest.raises(DatabaseError, match="nothing"), transaction.atomic(), meanwhile("default") as ask:
        ask(WRONG, [])
        Noted.objects.exists()
    with meanwhile("default") as ask:
        first, second = ask("SELECT 1", []), ask("SELECT %s + 1", [1])
        assert (second(), first()) == ([(2,)], [(1,)])


@pytest.mark.django_db
def test_other_statements_run_after_background_statements() -> None:
    at = timezone.now()
    with meanwhile("default") as ask:
        ask(f"INSERT INTO {Noted._meta.db_table} (family, at) VALUES ('desk', %s)", [str(at)])
        assert Noted.objects.filter(family=Family.DESK).count() == 1
        ask(f"DELETE FROM {Noted._meta.db_table} WHERE family = %s", [Family.DESK])
    assert not Noted.objects.filter(family=Family.DESK).exists()


@pytest.mark.django_db
def test_statements_of_a_page_are_captured_like_any_other(alice: Any, bob: Any) -> None:
    """It is limited in time and counted, and does not change how often Python switches between threads."""
    message = write(alice, bob)
    turns = sys.getswitchinterval()
    with CaptureQueriesContext(connection) as asked:
        found = messages.of_quarters([quarter_of(message.timestamp)], UTC, "default")
    assert sum(numbers.total() for place, numbers in found.items() if place.measure == measures.SENT) == 1
    assert any("FROM messaging_message" in query["sql"] for query in asked)
    rounds.keep()
    assert sys.getswitchinterval() == turns
