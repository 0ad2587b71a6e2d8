"""Participants delete their own accounts: nobody has to approve it, and the grace period and holds apply."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from messaging.models import Message
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.accounts.models import User
from ops.audit.models import Entry
from ops.audit.readings import record_reading
from ops.deletion import approval, holds, requests
from ops.deletion.erasing import running
from ops.deletion.models import DeletionRequest, Hold, Receipt, State
from ops.deletion.requests import DeletionRefused
from ops.deletion.tests.deleting import sue, work_on
from ops.events import ConsoleEvent

__all__ = ["sue"]

ADDRESS = reverse("messaging:delete_user")


@pytest.fixture
def leaving(client: Client, alice: Any) -> Client:
    """The browser of Alice, who is signed in."""
    client.force_login(alice)
    return client


def leave(client: Client) -> str:
    """Send the password; return the page that follows."""
    return client.post(ADDRESS, {"password": "alice's password"}, follow=True).content.decode()


def test_an_own_deletion_runs_at_once_and_leaves_a_receipt(leaving: Client, alice: Any, bob: Any) -> None:
    write(alice, bob)
    assert "Your account and its messages were deleted, and you are signed out." in leave(leaving)
    assert not User.objects.filter(username="alice").exists() and not Message.objects.exists()
    receipt = Receipt.objects.get()
    assert (receipt.own, receipt.basis, receipt.requester, receipt.approver) == (True, "user_request", None, None)
    assert not receipt.one_person


def test_an_own_deletion_can_be_cancelled_in_the_grace_period(
    leaving: Client, sue: Any, alice: Any, settings: Any
) -> None:
    settings.DELETION_GRACE_DAYS = 30
    page = leave(leaving)
    day = f"{timezone.localtime() + timedelta(days=30):%Y-%m-%d}"
    assert f"Your account is closed. It will be deleted on {day}; until then, this site can reopen it." in page
    alice.refresh_from_db()
    assert not alice.is_active
    assert leaving.get(reverse("messaging:inbox")).status_code == 302
    request = DeletionRequest.objects.get()
    assert (request.state, request.own, request.job) == (State.APPROVED, True, None)
    approval.cancel(request, by=sue, reason="She wrote to us")
    alice.refresh_from_db()
    assert alice.is_active


def test_participants_are_not_told_about_a_hold(leaving: Client, sue: Any, alice: Any) -> None:
    placed = holds.place(alice, kind=Hold.Kind.INVESTIGATION, reason="Case 4", by=sue)
    page = leave(leaving)
    assert "Your account is closed, and its deletion is under way." in page and "hold" not in page.lower()
    assert User.objects.filter(username="alice").exists()
    holds.lift(placed, reason="Case closed", by=sue)
    assert running.start_due(timezone.now()) == 1
    assert work_on(DeletionRequest.objects.get()).state == State.DONE


def test_a_second_own_request_is_refused(alice: Any, settings: Any) -> None:
    settings.DELETION_GRACE_DAYS = 30
    requests.request_own_deletion(alice)
    with pytest.raises(DeletionRefused, match=r"This account is already being deleted."):
        requests.request_own_deletion(alice)


def test_the_last_superuser_cannot_delete_their_account(db: Any) -> None:
    with pytest.raises(DeletionRefused, match=r"This is the last active superuser: make somebody else one first."):
        requests.request_own_deletion(make_user("root", is_superuser=True))


def test_console_users_cannot_delete_their_own_account(client: Client, rita: Any) -> None:
    """Deleting an account removes its name from the audit trail."""
    record_reading(write(rita, rita), actor=rita)
    rita.set_password("rita's password")
    rita.save()
    client.force_login(rita)
    page = client.post(ADDRESS, {"password": "rita's password"}, follow=True).content.decode()
    assert "This account may use the console: ask a superuser to have it deleted." in page
    rita.refresh_from_db()
    assert rita.is_active and not DeletionRequest.objects.exists()
    assert Entry.objects.get(event=ConsoleEvent.MESSAGE_READ).actor_name == "rita"
