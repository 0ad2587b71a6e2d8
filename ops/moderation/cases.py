"""Changing a case: opening, opening again, ranking, closing. Callers hold its lock, or its conversation's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.utils import timezone

from messaging.models import Conversation
from messaging.writing import ids_subquery
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


def among(ids: Collection[int], *, using: str) -> Any:
    """Return ids for an ``__in`` lookup: one of them is planned best as a value, many are a single parameter."""
    return list(ids) if len(ids) == 1 else ids_subquery(ids, using=using)


def all_locked(ids: Collection[int], *, using: str) -> list[Case]:
    """Return cases, locked in the order of their keys; those that are gone are not among them."""
    return list(locked(using).filter(pk__in=among(ids, using=using)).order_by("pk")) if ids else []


def all_locked_in_conversations(ids: Collection[int], *, using: str) -> list[Case]:
    """The same, after their conversations."""
    places = Case.objects.using(using).filter(pk__in=among(ids, using=using), conversation__isnull=False).order_by()
    conversations = list(places.values_list("conversation", flat=True))
    Conversation.objects.using(using).filter(pk__in=among(conversations, using=using)).lock()
    return all_locked(ids, using=using)


def locked_in_conversation(case_id: int, *, using: str) -> Case:
    """Return a case that is locked after its conversation: the order in which people report, edit and decide.

    Raises Case.DoesNotExist.
    """
    while True:
        place = Case.objects.using(using).values_list("conversation", flat=True).get(pk=case_id)
        Conversation.objects.using(using).filter(pk__in=[place]).lock()
        case: Case = locked(using).get(pk=case_id)
        if case.conversation_id == place:  # else its messages were moved to another one meanwhile
            return case


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
    reopen_all([case], happening, since=since, using=using)


def reopen_all(cases: Sequence[Case], happening: Happening, *, since: datetime, using: str) -> None:
    """The same for a set of cases, in as many statements as they have severities."""
    changes = []
    for case in cases:
        changed: dict[str, Any] = {"state": after(case.state, happening)}
        if case.state == State.CLOSED:
            due_at, rank_at = ranking.rank(since, target_of(case.severity), ())
            changed |= {"pending_since": since, "due_at": due_at, "rank_at": rank_at}
        changes.append((case, changed))
    save_changes(changes, using=using)


def save_change(case: Case, *, using: str, **changed: Any) -> None:
    """Store these fields of a case, as its next version. What it waited for is forgotten once it does not wait."""
    save_changes([(case, changed)], using=using)


def save_changes(changes: Sequence[tuple[Case, dict[str, Any]]], *, using: str) -> None:
    """The same for a set of cases, each with its fields; those with the same changes take one statement."""
    alike: defaultdict[tuple[tuple[str, Any], ...], list[int]] = defaultdict(list)
    for case, changed in changes:
        state = changed.get("state", case.state)
        if state != State.WAITING:
            changed = {**changed, "waiting_from": None, "waits_until": None, "waits_for_reply": False}
        if state != State.CLOSED:
            changed = {**changed, "closed_at": None}
        for name, value in changed.items():
            setattr(case, name, value)
        case.version += 1
        alike[tuple(sorted(changed.items()))].append(case.pk)
    for same, ids in alike.items():
        Case.objects.using(using).filter(pk__in=among(ids, using=using)).update(**dict(same), version=F("version") + 1)


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


def close(case: Case, *, using: str, **changed: Any) -> None:
    """Close a pending case without a decision; ``changed`` are other fields that change with it."""
    state = after(case.state, Happening.SETTLED)
    save_change(case, state=state, closed_at=timezone.now(), **changed, using=using)


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
