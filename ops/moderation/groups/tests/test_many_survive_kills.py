"""Workers are killed at any moment while they decide many cases: each case is decided once."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from messaging.models import Message
from ops.audit.models import Entry
from ops.jobs import starting
from ops.jobs.pacing import Pace
from ops.jobs.tests.killing import databases
from ops.moderation.groups import kinds, preparing
from ops.moderation.groups.tests.many import previewed
from ops.moderation.models import Case, Decision, Flag, Label
from ops.moderation.tests.desk import many_reports

__all__ = ["databases"]
pytestmark = pytest.mark.processes

CASES = 16


def prepare() -> None:
    """Start a group whose job has not run yet, and will run in batches of two cases."""
    kinds.Pace = lambda *_, **__: Pace(2, most=2)  # type: ignore[assignment, misc]
    starting.do_here = lambda job: None
    lead = get_user_model().objects.create_superuser("lead")
    spam = Label.objects.create(name="Spam", slug="spam")
    preparing.start(previewed(many_reports(spam, CASES), lead, spam), by=lead)


def look() -> Any:
    return {
        "decided": sorted(Decision.objects.values_list("case", flat=True)),
        "versions": sorted(set(Case.objects.values_list("state", "version"))),
        "hidden": Message.objects.filter(hidden=True).count(),
        "upheld": Flag.objects.filter(outcome="upheld").count(),
        "entries": Entry.objects.filter(event="moderation.decided").count(),
    }


def test_each_case_is_decided_once(databases: Any) -> None:
    calm, killed = databases.compare(f"{__name__}.prepare", f"{__name__}.look", kills=6, seed=3, share=10)
    assert (killed.states, killed.errors) == (["finished"], [""])
    assert killed.found == calm.found
    assert (len(killed.found["decided"]), killed.found["entries"], killed.found["hidden"]) == (CASES, CASES, CASES)
    assert killed.deaths == 6
