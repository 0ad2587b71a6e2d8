"""Changing a case: opening, opening again, ranking, closing. Callers hold its lock, or its conversation's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from ops.audit.recording import record
from ops.moderation import ranking
from ops.moderation.events import ModerationEvent
from ops.moderation.labels.targets import target_of
from ops.moderation.models import Case, CasePerson, Cause, Decision, Flag, State
from ops.moderation.transitions import Happening, after

REOPENED_WITHIN = timedelta(days=30)  # a case closed before that stays closed: a new flag opens another one


def locked(using: str) -> Any:
    """Cases that are locked as they are read."""
    return Case.objects.using(using).select_for_update(of=("self",))


def case_for(conversation_id: int, severity: str, now: datetime, *, using: str) -> Case:
    """Return the case that a new flag in a locked conversation joins: the pending one, or the last one if it was closed
    within REOPENED_WITHIN, which is open again then, or a new one."""
    cases = locked(using).filter(conversation=conversation_id)
    case: Case | None = cases.pending().first()
    if case is None:
        case = cases.filter(closed_at__gt=now - REOPENED_WITHIN).order_by("-id").first()
    if case is None:
        return _open(conversation_id, severity, now, using)
    was_closed = case.state == State.CLOSED
    reopen(case, Happening.FLAGGED, since=now, using=using)
    if was_closed:
        _record_opening(case, using)
    return case


def reopen(case: Case, happening: Happening, *, since: datetime, using: str) -> None:
    """Have a case pending because of ``happening``; one that was closed is pending anew ``since`` then."""
    was_closed = case.state == State.CLOSED
    case.state = after(case.state, happening)
    if was_closed:
        case.pending_since = since
        case.due_at, case.rank_at = ranking.rank(since, target_of(case.severity), ())
    save_change(case, using=using)


def save_change(case: Case, *, using: str) -> None:
    """Store what was changed of a case, as its next version. What it waited for is forgotten once it does not wait."""
    if case.state != State.WAITING:
        case.waiting_from = case.waits_until = None
        case.waits_for_reply = False
    if case.state != State.CLOSED:
        case.closed_at = None
    case.version += 1
    case.save(using=using)


def rank_case(case: Case, *, using: str) -> None:
    """Set the place of a case in the queue by its waiting flags; without any it stays where it is."""
    ranked = ranking.rank_of(case.pk, case.pending_since, using=using)
    if ranked is not None:
        case.severity, (case.due_at, case.rank_at) = ranked
        case.save(using=using, update_fields=["severity", "due_at", "rank_at"])


def close_if_settled(case: Case, *, using: str) -> None:
    """Close a pending case in which no flag is waiting any more; else rank it by those that are.

    One stays pending without flags where a decision lapsed: what it did is still to be looked at.
    """
    if case.state == State.CLOSED:
        return
    if Flag.objects.using(using).waiting().filter(case=case).exists():
        rank_case(case, using=using)
    elif not _is_to_be_reviewed(case, using):
        close(case, using=using)


def close(case: Case, *, using: str) -> None:
    """Close a pending case without a decision."""
    case.state = after(case.state, Happening.SETTLED)
    case.closed_at = timezone.now()
    save_change(case, using=using)


def pending_beside(case: Case, *, using: str) -> Case | None:
    """Return the other case of the same conversation that is pending, locked; None where there is none."""
    others = locked(using).pending().filter(conversation=case.conversation_id).exclude(pk=case.pk)
    found: Case | None = others.first()
    return found


def _is_to_be_reviewed(case: Case, using: str) -> bool:
    """A text changed since the latest decision about the conversation, which was not undone, and is still there."""
    if case.conversation_id is None:
        return False
    decisions = Decision.objects.using(using).filter(case__conversation=case.conversation_id, reverses=None)
    last = decisions.filter(reversed_by=None).order_by("-decided_at", "-id").first()
    if last is None or last.cause != Cause.TEXT_CHANGED:
        return False
    return last.covered.using(using).filter(message__isnull=False).exists()


def name_people(case: Case, ids: set[Any], *, using: str) -> None:
    """Note who sent and received what was flagged."""
    people = [CasePerson(case=case, user_id=pk) for pk in sorted(ids)]
    CasePerson.objects.using(using).bulk_create(people, ignore_conflicts=True)


def _open(conversation_id: int, severity: str, now: datetime, using: str) -> Case:
    due_at, rank_at = ranking.rank(now, target_of(severity), ())
    case: Case = Case.objects.using(using).create(
        conversation_id=conversation_id,
        severity=severity,
        rank_at=rank_at,
        due_at=due_at,
        pending_since=now,
        first_flag_at=now,
    )
    _record_opening(case, using)
    return case


def _record_opening(case: Case, using: str) -> None:
    details = {"conversation": case.conversation_id}
    record(ModerationEvent.CASE_OPENED, actor=None, target=case, details=details, using=using)
