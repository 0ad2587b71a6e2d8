"""Deciding on deletion requests: approve, refuse, or cancel before the erasure begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.editors import editing_as
from ops.deletion.erasing import running
from ops.deletion.events import DeletionEvent
from ops.deletion.models import DeletionGroup, DeletionRequest, DeletionRequestQuerySet, State
from ops.deletion.notices import notices
from ops.deletion.recording import record
from ops.deletion.refusals import NEEDS_SUPERUSER, DeletionRefused

PERMISSION = "deletion.approve_deletionrequest"
COLLEAGUE = gettext_lazy("This account may use the console. Only a superuser can reopen it.")


def why_not_approve(request: DeletionRequest, *, by: Any) -> str | None:
    """Return a sentence on why ``by`` (None: a command) cannot approve this request, or None if they can."""
    if request.state != State.REQUESTED:
        return _("This no longer needs approval.")
    if by is not None and by.pk == request.user_id:
        return _("This is your own account, so someone else must approve its deletion.")
    if request.needs_superuser(approving=by):
        return str(NEEDS_SUPERUSER)
    if settings.DELETION_ONE_PERSON:
        return None
    if by is None:
        return _("Say who approves it: someone other than the person who requested it.")
    if by.pk == request.requested_by_id:
        return _("You requested this, so someone else must approve it.")
    return None


def awaiting(user: Any) -> DeletionRequestQuerySet | None:
    """Return the requests that ``user`` may approve now, as in ``why_not_approve``; None without the permission."""
    if not user.has_perm(PERMISSION):
        return None
    rows = DeletionRequest.objects.filter(state=State.REQUESTED).exclude(user=user.pk)
    if not settings.DELETION_ONE_PERSON:
        rows = rows.exclude(requested_by=user.pk)
    return rows if user.is_superuser else rows.needing_no_superuser()


def approve(request: DeletionRequest, *, by: Any) -> None:
    """Approve a request; the erasure starts when the grace period is over. Raises DeletionRefused.

    With DELETION_ONE_PERSON the requester may approve it; the request and its receipt record this.
    """
    with transaction.atomic():
        stored = _locked(request)
        refused = why_not_approve(stored, by=by)
        if refused:
            raise DeletionRefused(refused)
        alone = by is None or by.pk == stored.requested_by_id
        _store_approval(stored, approved_by=by, one_person=alone)
        record(DeletionEvent.DELETION_APPROVED, stored, by=by)
        notices.notify("approved", stored, by=by)
        _start_if_due(stored)
    request.refresh_from_db()


def approve_own(request: DeletionRequest) -> None:
    """Approve a person's request to delete their own account. The caller starts the erasure."""
    _store_approval(request, approved_by=None, one_person=False)


def approve_group(group: DeletionGroup, *, by: Any) -> int:
    """Approve all pending requests of a group, all or none; returns how many. Raises DeletionRefused."""
    return _decide_all(group, (State.REQUESTED,), lambda request: approve(request, by=by))


def refuse(request: DeletionRequest, *, by: Any, reason: str) -> None:
    """Refuse a request and reopen the account. Raises DeletionRefused."""
    _close(request, (State.REQUESTED,), State.REFUSED, DeletionEvent.DELETION_REFUSED, by, reason)


def cancel(request: DeletionRequest, *, by: Any, reason: str) -> None:
    """Cancel a request before its erasure begins and reopen the account. Raises DeletionRefused."""
    _close(request, (State.REQUESTED, State.APPROVED), State.CANCELLED, DeletionEvent.DELETION_CANCELLED, by, reason)


def cancel_group(group: DeletionGroup, *, by: Any, reason: str) -> int:
    """Cancel all requests of a group whose erasure has not begun; returns how many. Raises DeletionRefused."""
    return _decide_all(group, (State.REQUESTED, State.APPROVED), lambda request: cancel(request, by=by, reason=reason))


def lock(ids: Iterable[Any]) -> None:
    """Lock these requests, for callers that lock accounts and then cancel requests."""
    # Requests are always locked before accounts, as in approvals and erasures, to avoid deadlocks.
    rows = DeletionRequest.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    list(rows.values_list("pk"))


def _store_approval(request: DeletionRequest, *, approved_by: Any, one_person: bool) -> None:
    now = timezone.now()
    request.state, request.approved_at = State.APPROVED, now
    request.approved_by, request.one_person = approved_by, one_person
    request.runs_at = now + timedelta(days=settings.DELETION_GRACE_DAYS)
    request.save()


def _start_if_due(request: DeletionRequest) -> None:
    if request.runs_at is not None and request.runs_at <= timezone.now() and not request.is_held:
        running.start(request)


def _decide_all(group: DeletionGroup, states: tuple[State, ...], decide: Callable[[DeletionRequest], None]) -> int:
    with transaction.atomic():
        waiting = list(group.requests.filter(state__in=states).order_by("pk"))
        for request in waiting:
            decide(request)
    return len(waiting)


def _locked(request: DeletionRequest) -> DeletionRequest:
    return DeletionRequest.objects.select_for_update(of=("self",)).select_related("group").get(pk=request.pk)


def _close(request: DeletionRequest, states: tuple[State, ...], state: State, event: str, by: Any, reason: str) -> None:
    if not reason.strip():
        raise DeletionRefused(_("Enter a reason: it is recorded."))
    with transaction.atomic(), editing_as(by):
        stored = _locked(request)
        if stored.state not in states:
            raise DeletionRefused(_("Too late: this was already decided, or the erasure has started."))
        stored.state, stored.ended_at, stored.ended_by = state, timezone.now(), by
        stored.save()
        for user in get_user_model().objects.select_for_update().filter(pk=stored.user_id):
            if user.is_active != stored.was_active:
                if by is not None and not by.is_superuser and (user.is_staff or user.is_superuser):
                    raise DeletionRefused(COLLEAGUE)
                # By update(), which adds no audit entry: one about the account would connect it with the request.
                get_user_model().objects.filter(pk=user.pk).update(is_active=stored.was_active)
        record(event, stored, by=by, reason=reason)
        notices.notify(state.value, stored, by=by)
    request.refresh_from_db()
