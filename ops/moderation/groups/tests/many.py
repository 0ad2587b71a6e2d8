"""Shorthand for tests of groups: Leads who decide many cases, and groups from the preview to their end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ops.conftest import make_staff
from ops.jobs import starting
from ops.moderation.decisions import Choice
from ops.moderation.groups import preparing
from ops.moderation.models import Case, DecisionGroup, GroupAction, Label
from ops.moderation.tests.desk import LEADING

MANY = (*LEADING, "decide_many_cases", "view_decisiongroup")


@pytest.fixture
def lena(db: Any) -> Any:
    """Lena leads the reviewers, and may decide many cases together."""
    return make_staff("lena", *MANY)


@pytest.fixture
def lea(db: Any) -> Any:
    """Lea is a Lead like Lena."""
    return make_staff("lea", *MANY)


def previewed(
    cases: Sequence[Case],
    by: Any,
    label: Label,
    action: GroupAction = GroupAction.HIDE,
    warns: bool = False,
    **choice: Any,
) -> DecisionGroup:
    return preparing.prepare([case.pk for case in cases], Choice(label, **choice), action=action, warns=warns, by=by)


def started(group: DecisionGroup, by: Any) -> DecisionGroup:
    """Start a group as its page does, and run its job."""
    group = preparing.start(group, by=by)
    assert group.job is not None
    starting.run_now(group.job)
    group.refresh_from_db()
    return group


def decided_together(cases: Sequence[Case], by: Any, label: Label, **choice: Any) -> DecisionGroup:
    return started(previewed(cases, by, label, **choice), by)


def undone(group: DecisionGroup, by: Any, note: str = "Not spam") -> DecisionGroup:
    """Undo a group, or restore its decisions if it is an undo."""
    return started(preparing.prepare_reversal(group, note=note, by=by), by)


def outcomes(group: DecisionGroup) -> dict[int, str]:
    """Return the outcome of each case of a group."""
    return dict(group.members.order_by("pk").values_list("case", "outcome"))
