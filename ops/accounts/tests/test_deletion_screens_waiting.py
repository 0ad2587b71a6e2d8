"""What the pages say while a deletion waits, for a person, a hold or a worker, and while one works on it."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from ops.accounts.deletion_models import DeletionRequest
from ops.accounts.tests.deleting import approved
from ops.accounts.tests.screens import make_support, signed_in, words

HOLD_INSTEAD = "A deletion that was begun is not cancelled; putting a hold on the account stops it."


@pytest.fixture
def sue(db: Any) -> Any:
    """Sue is of Support, and asks for deletions."""
    return make_support("sue")


@pytest.fixture
def sam(db: Any) -> Any:
    """Sam is of Support as well."""
    return make_support("sam")


def page_of(asked: DeletionRequest) -> str:
    return reverse("admin:accounts_deletionrequest_change", args=[asked.pk])


def test_the_job_of_a_deletion_is_not_cancelled_but_held(sue: Any, sam: Any, alice: Any) -> None:
    """It would go on by itself a few minutes later."""
    asked = approved(alice, by=sue, approver=sam)
    asked.refresh_from_db()
    job: Any = asked.job
    client = signed_in(sue)
    page = words(client.get(reverse("admin:jobs_job_change", args=[job.pk])))
    assert HOLD_INSTEAD in page
    assert "Cancel" not in page
    assert HOLD_INSTEAD in words(client.post(reverse("admin:jobs_job_cancel", args=[job.pk]), follow=True))
    job.refresh_from_db()
    assert job.cancel_requested_at is None
