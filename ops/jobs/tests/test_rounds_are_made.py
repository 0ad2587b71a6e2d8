"""The worker runs the commands of JOBS_ROUNDS besides, each in its time."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.conf import settings as configured
from django.utils import timezone

from ops.jobs.supervision import make_rounds

pytestmark = pytest.mark.django_db

Session = import_module(configured.SESSION_ENGINE).SessionStore.get_model_class()


def let_a_session_expire(now: datetime) -> None:
    Session.objects.create(session_key="old", session_data="", expire_date=now - timedelta(days=1))


def test_a_command_is_run_when_its_time_has_come_and_not_before(settings: Any) -> None:
    settings.JOBS_ROUNDS = {"clearsessions": 60}
    now, made = timezone.now(), dict[str, datetime]()
    let_a_session_expire(now)
    make_rounds(made, now)
    assert not Session.objects.exists()
    let_a_session_expire(now)
    make_rounds(made, now + timedelta(seconds=59))
    assert Session.objects.exists()
    make_rounds(made, now + timedelta(seconds=60))
    assert not Session.objects.exists()


def test_a_command_that_fails_stops_neither_the_others_nor_the_worker(
    settings: Any, tmp_path: Any, caplog: Any
) -> None:
    settings.PRIVATE_DIR = tmp_path / "private"
    settings.PRIVATE_DIR.write_text("no folder")
    settings.JOBS_ROUNDS = {"sweep_files": 60, "clearsessions": 60}
    now = timezone.now()
    let_a_session_expire(now)
    make_rounds({}, now)
    assert "“sweep_files” failed, and is run again later:" in caplog.text
    assert not Session.objects.exists()
