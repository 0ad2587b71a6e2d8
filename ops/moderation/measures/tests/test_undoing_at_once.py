"""A decision is undone while somebody decides on the deletion that it requested: one waits for the other."""

from __future__ import annotations

from typing import Any

from django.db import connection  # noqa: F401 - needs_row_locks asks it

from messaging.tests.concurrency import needs_row_locks, run_overlapping
from ops.conftest import make_staff
from ops.deletion import approval
from ops.deletion.models import DeletionRequest, State
from ops.moderation import decisions
from ops.moderation.measures.kinds import Order
from ops.moderation.models import Act, Decision
from ops.moderation.tests.desk import LEADING, decided

pytestmark = needs_row_locks


def test_undoing_succeeds_while_the_deletion_request_is_refused(
    reported: Any, spam: Any, alice: Any, lena: Any
) -> None:
    lead = make_staff("lead", *LEADING, "request_deletion")
    decision = decided(reported(spam).case, lead, spam, measures=[Order(Act.DELETE, user=alice.pk)], sent="Spam")
    request = DeletionRequest.objects.get()

    def lock() -> None:
        approval.lock([request.pk])  # the first step of both the decision on it and the erasure

    def undo() -> Decision:
        return decisions.undo(decision.pk, by=lead)

    run_overlapping(lock, undo, then=lambda: approval.refuse(request, by=lena, reason="They wrote to us."))
    request.refresh_from_db()
    alice.refresh_from_db()
    assert (request.state, alice.is_active) == (State.REFUSED, True)
    assert Decision.objects.filter(reverses=decision).exists()
