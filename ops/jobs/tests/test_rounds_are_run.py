"""The worker runs the commands that rooms schedule, each when it is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings
from django.core.management import get_commands
from django.utils import timezone

from ops.jobs.worker import rounds

pytestmark = pytest.mark.django_db

Session = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()


def schedule(monkeypatch: Any, **commands: int) -> None:
    monkeypatch.setattr(rounds, "scheduled", lambda: commands)


def let_a_session_expire(now: datetime) -> None:
    Session.objects.create(session_key="old", session_data="", expire_date=now - timedelta(days=1))


def test_a_command_is_run_when_its_time_has_come_and_not_before(monkeypatch: Any) -> None:
    schedule(monkeypatch, clearsessions=60)
    now, last_runs = timezone.now(), dict[str, datetime]()
    let_a_session_expire(now)
    rounds.run_due(last_runs, now)
    assert not Session.objects.exists()
    let_a_session_expire(now)
    rounds.run_due(last_runs, now + timedelta(seconds=59))
    assert Session.objects.exists()
    rounds.run_due(last_runs, now + timedelta(seconds=60))
    assert not Session.objects.exists()


def test_a_command_that_fails_stops_neither_the_others_nor_the_worker(monkeypatch: Any, caplog: Any) -> None:
    schedule(monkeypatch, no_such_command=60, clearsessions=60)
    now = timezone.now()
    let_a_session_expire(now)
    rounds.run_due({}, now)
    assert "“no_such_command” failed, and is run again later:" in caplog.text
    assert not Session.objects.exists()


def test_no_command_starts_once_the_worker_is_to_end(monkeypatch: Any) -> None:
    schedule(monkeypatch, clearsessions=60)
    now = timezone.now()
    let_a_session_expire(now)
    rounds.run_due({}, now, is_over=lambda: True)
    assert Session.objects.exists()


def test_rooms_schedule_commands_that_exist() -> None:
    scheduled = rounds.scheduled()
    assert scheduled["start_deletions"] == 60
    assert scheduled.keys() <= get_commands().keys()
