"""Functions that change a case: open, reopen, rank, close. Callers hold the lock on the case or on its conversation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from messaging.database.alike import bulk_store, insert_missing
from messaging.models import Conversation
from messaging.writing import ids_subquery
from ops.audit.recording import record_each
from ops.moderation import ranking
from ops.moderation.events import ModerationEvent
from ops.moderation.labels.targets import target_of
from ops.moderation.models import Case, CasePerson, Cause, CoveredMessage, Decision, State
from ops.moderation.transitions import CaseEvent, after

REOPENED_WITHIN = timedelta(days=30)  # a case closed longer ago stays closed: a new flag opens another case


def locked(using: str) -> Any:
    """Return a queryset of cases that locks rows as it reads them."""
    return Case.objects.using(using).select_for_update(of=("self",))


def id_lookup(ids: Collection[int], *, using: str) -> Any:
    """Return ids for an ``__in`` lookup: one id as a value, which gets the best plan; several as a single parameter."""
    return list(ids) if len(ids) == 1 else ids_subquery(ids, using=using)


def all_locked(ids: Collection[int], *, using: str) -> list[Case]:
    """Return these cases, locked in key order, without any that were deleted."""
    return list(locked(using).filter(pk__in=id_lookup(ids, using=using)).order_by("pk")) if ids else []


def all_locked_in_conversations(ids: Collection[int], *, using: str) -> list[Case]:
    """Lock the conversations of these cases, then return the cases as ``all_locked`` does."""
    places = Case.objects.using(using).filter(pk__in=id_lookup(ids, using=using), conversation__isnull=False).order_by()
    conversations = list(places.values_list("conversation", flat=True))
    Conversation.objects.using(using).filter(pk__in=id_lookup(conversations, using=using)).lock()
    return all_locked(ids, using=using)


def locked_in_conversation(case_id: int, *, using: str) -> Case:
    """Return a case, locked after its conversation: the lock order of reporting, editing and deciding.

    Raises Case.DoesNotExist.
    """
    while True:
        place = Case.objects.using(using).values_list("conversation", flat=True).get(pk=case_id)
        Conversation.objects.using(using).filter(pk__in=[place]).lock()
        case: Case = locked(using).get(pk=case_id)
        if case.conversation_id == place:  # otherwise its messages moved to another conversation meanwhile
            return case


def case_for(conversation_id: int, severity: str, now: datetime, *, using: str) -> Case:
    """Return the case that a new flag in a locked conversation joins: the pending case, or the latest one closed within
    REOPENED_WITHIN, which is reopened, or a new one."""
    cases = locked(using).filter(conversation=conversation_id)
    case: Case | None = cases.pending().first()
    if case is None:
        case = cases.filter(closed_at__gt=now - REOPENED_WITHIN).order_by("-id").first()
    if case is None:
        return _open(conversation_id, severity, now, using)
    was_closed = case.state == State.CLOSED
    reopen(case, CaseEvent.FLAGGED, since=now, using=using)
    if was_closed:
        record_openings([case], using=using)
    return case


def reopen(case: Case, happening: CaseEvent, *, since: datetime, using: str) -> None:
    """Move a case to the pending state that ``happening`` leads to; a closed case is pending from ``since`` on."""
    reopen_all([case], happening, since=since, using=using)


def reopen_all(cases: Sequence[Case], happening: CaseEvent, *, since: datetime, using: str) -> None:
    """Do the same for several cases, in one statement for each set of equal changes."""
    save_changes([(case, reopening(case, happening, since=since)) for case in cases], using=using)


def reopening(case: Case, happening: CaseEvent, *, since: datetime) -> dict[str, Any]:
    """Return the fields of a case that ``reopen`` changes, with their new values."""
    changed: dict[str, Any] = {"state": after(case.state, happening)}
    if case.state == State.CLOSED:
        due_at, rank_at = ranking.rank(since, target_of(case.severity), ())
        changed |= {"pending_since": since, "due_at": due_at, "rank_at": rank_at}
    return changed


def save_change(case: Case, *, using: str, **changed: Any) -> None:
    """Store these fields of a case as its next version, and clear the waiting fields of a case that is not waiting."""
    save_changes([(case, changed)], using=using)


def save_changes(changes: Sequence[tuple[Case, dict[str, Any]]], *, using: str) -> None:
    """Do the same for several cases, each with its own fields; cases with equal changes share one statement."""
    alike: defaultdict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
    for case, changed in changes:
        alike[tuple(sorted(change(case, **changed).items()))].append(case.pk)
    for same, ids in alike.items():
        Case.objects.using(using).filter(pk__in=id_lookup(ids, using=using)).update(
            **dict(same), version=F("version") + 1
        )


def change(case: Case, **changed: Any) -> dict[str, Any]:
    """Set these fields on a case as its next version, without storing it; return them with the fields that follow."""
    state = changed.get("state", case.state)
    if state != State.WAITING:
        changed |= {"waiting_from": None, "waits_until": None, "waits_for_reply": False}
    if state != State.CLOSED:
        changed["closed_at"] = None
    for name, value in changed.items():
        setattr(case, name, value)
    case.version += 1
    return changed


def rank_case(case: Case, *, using: str) -> None:
    """Set a case's place in the queue from its waiting flags; without any, its place does not change."""
    rank_all([case], using=using)


def rank_all(some: Sequence[Case], *, using: str) -> set[int]:
    """Do the same for several cases, in three statements; return the keys of those with a waiting flag."""
    ranks = ranking.ranks_of({case.pk: case.pending_since for case in some}, using=using)
    ranked = [case for case in some if case.pk in ranks]
    for case in ranked:
        case.severity, (case.due_at, case.rank_at) = ranks[case.pk]
    bulk_store(ranked, ["severity", "due_at", "rank_at"], using=using)
    return set(ranks)


def close_if_settled(case: Case, *, using: str) -> None:
    """Close a pending case without waiting flags, unless it needs another review; rank one that has some."""
    close_settled([case], using=using)


def close_settled(some: Sequence[Case], *, using: str) -> None:
    """Do the same for several cases, in a few statements."""
    pending = [case for case in some if case.state != State.CLOSED]
    if not pending:
        return
    waiting = rank_all(pending, using=using)
    settled = [case for case in pending if case.pk not in waiting]
    # What a decision did that lapsed because a text changed still needs a review.
    reviewed = _to_be_reviewed({one.conversation_id for one in settled}, using)
    now = timezone.now()
    closing = [case for case in settled if case.conversation_id not in reviewed]
    changes = [(case, {"state": after(case.state, CaseEvent.SETTLED), "closed_at": now}) for case in closing]
    save_changes(changes, using=using)


def pending_beside(case: Case, *, using: str) -> Case | None:
    """Return the other pending case of the same conversation, locked; None if there is none."""
    others = locked(using).pending().filter(conversation=case.conversation_id).exclude(pk=case.pk)
    found: Case | None = others.first()
    return found


def _to_be_reviewed(conversation_ids: Collection[int | None], using: str) -> set[int]:
    """Return those of these conversations whose latest decision (undone ones aside) lapsed because a text changed, and
    covers a message that still exists."""
    ids = [pk for pk in conversation_ids if pk is not None]
    if not ids:
        return set()
    decisions = Decision.objects.using(using).filter(case__conversation__in=id_lookup(ids, using=using), reverses=None)
    rows = decisions.filter(reversed_by=None).order_by("decided_at", "id")
    latest = {place: (pk, cause) for place, pk, cause in rows.values_list("case__conversation", "pk", "cause")}
    lapsed = {pk: place for place, (pk, cause) in latest.items() if cause == Cause.TEXT_CHANGED}
    if not lapsed:
        return set()
    covered = CoveredMessage.objects.using(using).filter(decision__in=id_lookup(lapsed, using=using))
    there = covered.filter(message__isnull=False).order_by().values_list("decision", flat=True).distinct()
    return {lapsed[pk] for pk in there}


def new_case(conversation_id: int, severity: str, now: datetime) -> Case:
    """Return an unsaved case for a flag made at ``now``."""
    due_at, rank_at = ranking.rank(now, target_of(severity), ())
    moments = {"rank_at": rank_at, "due_at": due_at, "pending_since": now, "first_flag_at": now}
    return Case(conversation_id=conversation_id, severity=severity, **moments)


def record_openings(some: Sequence[Case], *, using: str) -> None:
    """Record in the audit trail that these cases were opened or reopened."""
    about = [(case, {"conversation": case.conversation_id}) for case in some]
    record_each(ModerationEvent.CASE_OPENED, about, actor=None, using=using)


def name_people(case: Case, ids: set[Any], *, using: str) -> None:
    """Add the senders and receivers of flagged messages to the people of a case."""
    insert_missing([CasePerson(case=case, user_id=pk) for pk in sorted(ids)], using=using)


def _open(conversation_id: int, severity: str, now: datetime, using: str) -> Case:
    case = new_case(conversation_id, severity, now)
    case.save(using=using, force_insert=True)
    record_openings([case], using=using)
    return case
