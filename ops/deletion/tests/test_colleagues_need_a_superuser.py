"""An account that became staff after its deletion was requested is not deleted without a superuser."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from ops.accounts.models import User
from ops.audit.models import Entry
from ops.deletion import approval, requests
from ops.deletion.erasing import running
from ops.deletion.events import DeletionEvent
from ops.deletion.models import Basis, DeletionRequest, State
from ops.deletion.refusals import NEEDS_SUPERUSER, DeletionRefused
from ops.deletion.tests.deleting import REASON, approved, ask, work_on
from ops.deletion.tests.screens import page_of, sam, signed_in, sue, words

__all__ = ["sam", "sue"]


def give_power(user: Any, flag: str = "is_staff") -> None:
    User.objects.filter(pk=user.pk).update(**{flag: True})


def when_due(request: DeletionRequest) -> DeletionRequest:
    """End a request's grace period and run it as a worker would; return it."""
    DeletionRequest.objects.filter(pk=request.pk).update(runs_at=timezone.now() - timedelta(seconds=1))
    assert running.start_due(timezone.now()) == 1
    return work_on(request)


@pytest.mark.parametrize("flag", ["is_staff", "is_superuser"])
@pytest.mark.parametrize("alone", [True, False])
def test_approval_checks_again_whether_the_account_is_staff(
    sue: Any, sam: Any, rosa: Any, alice: Any, settings: Any, flag: str, alone: bool
) -> None:
    settings.DELETION_ONE_PERSON = alone
    request = ask(alice, by=sue)
    give_power(alice, flag)
    with pytest.raises(DeletionRefused) as refusal:
        approval.approve(request, by=sue if alone else sam)
    assert str(refusal.value) == NEEDS_SUPERUSER
    assert str(NEEDS_SUPERUSER) in words(signed_in(sam).get(page_of(request)))
    approval.approve(request, by=rosa)
    assert work_on(request).state == State.DONE


def test_a_request_by_a_former_superuser_does_not_count(sam: Any, rosa: Any, rita: Any) -> None:
    request = ask(rita, by=rosa)
    User.objects.create_superuser("root")
    User.objects.filter(pk=rosa.pk).update(is_superuser=False)
    with pytest.raises(DeletionRefused, match="no superuser requested its deletion"):
        approval.approve(request, by=sam)


@pytest.mark.parametrize("own", [True, False])
def test_the_job_checks_again_before_deleting_and_sends_the_request_back(
    sue: Any, sam: Any, rosa: Any, alice: Any, settings: Any, own: bool
) -> None:
    """The request then awaits a superuser, and no worker tries it again every minute."""
    settings.DELETION_GRACE_DAYS = 7
    request = requests.request_own_deletion(alice) if own else approved(alice, by=sue, approver=sam)
    give_power(alice)
    when_due(request)
    assert request.job is not None and request.job.result == {"stopped": NEEDS_SUPERUSER}
    assert (request.state, request.approved_by, request.approved_at, request.runs_at) == ("requested", None, None, None)
    assert User.objects.filter(username="alice").exists()
    entry = Entry.objects.get(event=DeletionEvent.DELETION_SENT_BACK)
    assert (entry.target_id, entry.actor) == (str(request.pk), None)
    assert running.start_due(timezone.now()) == 0
    assert "Approve deletion…" in words(signed_in(rosa).get(page_of(request)))
    with pytest.raises(DeletionRefused, match="no superuser requested its deletion"):
        approval.approve(request, by=sam)
    approval.approve(request, by=rosa)
    assert when_due(request).state == State.DONE


def test_a_request_by_a_command_needs_no_superuser(sam: Any, alice: Any) -> None:
    request = requests.request_deletion([alice], by=None, reason=REASON, basis=Basis.POLICY).requests.get()
    give_power(alice)
    approval.approve(request, by=sam)
    assert work_on(request).state == State.DONE
