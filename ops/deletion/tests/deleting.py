"""Shorthand for tests of deletions: request, approve, and run the job as a worker would."""

from __future__ import annotations

from typing import Any

import pytest

from ops.conftest import make_staff
from ops.deletion import approval, requests
from ops.deletion.models import Basis, DeletionRequest, Receipt
from ops.jobs import starting

REASON = "They wrote to us"


@pytest.fixture
def sue(db: Any) -> Any:
    """Sue supports users, and requests deletions."""
    return make_staff("sue", "view_user", "delete_user", "approve_deletionrequest", "hold_account")


@pytest.fixture
def sam(db: Any) -> Any:
    """Sam supports users as well, and approves Sue's requests."""
    return make_staff("sam", "view_user", "delete_user", "approve_deletionrequest", "hold_account")


def ask(user: Any, *, by: Any, **options: Any) -> DeletionRequest:
    """Request the deletion of one account; return the request."""
    options = {"reason": REASON, "basis": Basis.USER_REQUEST, "ticket": "SUP-17", **options}
    return requests.request_deletion([user], by=by, **options).requests.get()


def approved(user: Any, *, by: Any, approver: Any, **options: Any) -> DeletionRequest:
    """Return a request that a second person has approved."""
    request = ask(user, by=by, **options)
    approval.approve(request, by=approver)
    return request


def work_on(request: DeletionRequest) -> DeletionRequest:
    """Run the job of a request as a worker would; return the updated request."""
    request.refresh_from_db()
    assert request.job is not None
    starting.run_now(request.job)
    request.refresh_from_db()
    return request


def erased(user: Any, *, by: Any, approver: Any, **options: Any) -> Receipt:
    """Delete an account, from the request to the end; return the receipt."""
    receipt = work_on(approved(user, by=by, approver=approver, **options)).receipt
    assert receipt is not None
    return receipt
