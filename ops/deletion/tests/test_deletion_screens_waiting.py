"""What the pages show while a deletion waits for a person, a hold or a worker, and while it runs."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from ops.deletion import holds
from ops.deletion.erasing import running
from ops.deletion.models import AccountDeletion, Hold
from ops.deletion.tests.deleting import approved, erased
from ops.deletion.tests.screens import page_of, sam, signed_in, sue, words

__all__ = ["sam", "sue"]

HOLD_INSTEAD = "A deletion that has started cannot be cancelled. Place a hold on the account to stop it."


def test_the_job_of_a_deletion_cannot_be_cancelled(sue: Any, sam: Any, alice: Any) -> None:
    """A cancelled job would be started again a few minutes later."""
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


def test_a_page_waiting_for_the_worker_updates_itself(sue: Any, sam: Any, alice: Any) -> None:
    """Once its hold is lifted, a deletion starts with the next round, within a minute."""
    hold = holds.place(alice, kind=Hold.Kind.LEGAL, reason="The blue bicycle", by=sue)
    asked = approved(alice, by=sue, approver=sam)
    client, part = signed_in(sam), f"{reverse('admin:deletion_deletionrequest_progress', args=[asked.pk])}?waits"
    assert part not in client.get(page_of(asked)).content.decode()
    holds.lift(hold, reason="Settled", by=sue)
    assert "Approved. Starts within a minute." in words(client.get(page_of(asked)))
    assert part in client.get(page_of(asked)).content.decode()
    assert client.get(part, headers={"hx-request": "true"}).status_code == 204
    group = reverse("admin:deletion_deletiongroup_progress", args=[asked.group_id])
    assert "approved" in words(client.get(group, headers={"hx-request": "true"}))
    running.start_due(timezone.now())
    assert client.get(part, headers={"hx-request": "true"})["HX-Refresh"] == "true"
    assert part not in client.get(page_of(asked)).content.decode()


def test_the_record_of_a_deleted_account_is_shown_in_words(sue: Any, sam: Any, alice: Any) -> None:
    erased(alice, by=sue, approver=sam)
    record = AccountDeletion.objects.get()
    page = words(signed_in(sam).get(reverse("admin:deletion_accountdeletion_change", args=[record.pk])))
    assert "Messages received 0" in page
    assert "messages_received" not in page
