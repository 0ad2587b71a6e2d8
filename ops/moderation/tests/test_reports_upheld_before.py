"""Decisions that did not keep whether they upheld reports keep it after the migration, where it shows."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from ops.moderation import decisions, triggers
from ops.moderation.measures.kinds import Order
from ops.moderation.models import Act, Decision
from ops.moderation.tests.desk import decided, many_reports, message_of

migration = import_module("ops.moderation.migrations.0024_reports_upheld")


@pytest.fixture(autouse=True)
def as_migrations_run(monkeypatch: pytest.MonkeyPatch, db: Any) -> Iterator[None]:
    """Without the triggers, and in batches of one key."""
    monkeypatch.setattr(migration, "BATCH_SIZE", 1)
    triggers.remove("default")
    yield
    triggers.install("default")


def test_what_shows_is_derived(spam: Any, mona: Any) -> None:
    hidden, upheld, dismissed, warned, undone = many_reports(spam, 5)
    sender = message_of(warned.flags.get()).sender_id
    decided(hidden, mona, spam, hides=[message_of(hidden.flags.get()).pk])
    decided(upheld, mona, spam, upholds=True)
    decided(dismissed, mona, spam)
    decided(warned, mona, spam, sent="Stop", measures=[Order(Act.WARN, user=sender)])
    decisions.undo(decided(undone, mona, spam, upholds=True).pk, by=mona)
    Decision.objects.update(upholds=False)
    migration.derive(apps, SimpleNamespace(connection=connection))
    assert set(Decision.objects.filter(upholds=True).values_list("case", flat=True)) == {hidden.pk, upheld.pk}
