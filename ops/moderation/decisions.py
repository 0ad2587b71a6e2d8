"""Deciding cases, and undoing decisions. Every step of a case is one function here, which records it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils import timezone

from messaging.models import Conversation, Message
from messaging.texts import hiding
from ops.audit.details import Key
from ops.audit.recording import record
from ops.moderation import cases, claims
from ops.moderation.events import ModerationEvent
from ops.moderation.labels import placeholders
from ops.moderation.models import (
    Act,
    CannedReason,
    Case,
    Cause,
    CoveredMessage,
    Decision,
    Flag,
    Label,
    Measure,
    Outcome,
)
from ops.moderation.refusals import DecisionRefused
from ops.moderation.transitions import Happening, after

LONGEST_WAIT = timedelta(days=90)


@dataclass(frozen=True)
class Choice:
    """What somebody decides: about what, what is sent to the author, and the messages to hide (their ids).

    Reports are upheld where something is done, or where ``upholds`` says so; else they are dismissed.
    """

    label: Label
    reason: CannedReason | None = None
    sent: str = ""
    note: str = ""
    hides: Collection[int] = ()
    upholds: bool = False


def decide(
    case_id: int, choice: Choice, *, by: Any, token: UUID | None, version: int, using: str = DEFAULT_DB_ALIAS
) -> Decision:
    """Decide the ``version`` of a case that ``by`` saw, under their claim; close it and release it.

    The decision covers what was reported and what is hidden. Raises Outdated where the case changed since, and
    DecisionRefused where the choice does not hold.
    """
    with transaction.atomic(using=using):
        case = claims.locked_case(by, case_id, token=token, version=version, using=using)
        _refuse_unsound(choice)
        now = timezone.now()
        covered = _covered(case, choice, using)
        before = case.version
        end_in_force(case, Cause.NEW_DECISION, at=now, using=using)
        case.state = after(case.state, Happening.DECIDED)
        case.closed_at = now
        case.first_decided_at = case.first_decided_at or now
        cases.save_change(case, using=using)
        decision = _append(
            case,
            before,
            by,
            now,
            using,
            label=choice.label,
            reason=choice.reason,
            sent=choice.sent.strip(),
            note=choice.note.strip(),
        )
        CoveredMessage.objects.using(using).bulk_create(
            CoveredMessage(decision=decision, message_id=pk, revision=revision) for pk, revision in covered.items()
        )
        measures = _carry_out(decision, choice.hides, using)
        upheld = bool(choice.hides) or choice.upholds
        Flag.objects.using(using).waiting().filter(case=case).update(
            outcome=Outcome.UPHELD if upheld else Outcome.DISMISSED, settled_at=now
        )
        claims.release(by, case.pk, using=using)
        details = {
            "decision": decision.pk,
            "label": Key(choice.label.slug),
            "measures": {Key(act): number for act, number in Counter(one.act for one in measures).items()},
        }
        record(ModerationEvent.CASE_DECIDED, actor=by, target=case, details=details, using=using)
    return decision


def escalate(case_id: int, *, by: Any, token: UUID | None, version: int, using: str = DEFAULT_DB_ALIAS) -> Case:
    """Hand a case to the Leads. Raises Outdated or DecisionRefused."""
    return _step(case_id, Happening.ESCALATED, ModerationEvent.CASE_ESCALATED, by, token, version, using)


def return_to_queue(case_id: int, *, by: Any, token: UUID | None, version: int, using: str = DEFAULT_DB_ALIAS) -> Case:
    """Have an escalated or waiting case decided by anybody again. Raises Outdated or DecisionRefused."""
    return _step(case_id, Happening.RETURNED, ModerationEvent.CASE_RETURNED, by, token, version, using)


def wait(
    case_id: int,
    *,
    until: datetime | None,
    for_reply: bool,
    by: Any,
    token: UUID | None,
    version: int,
    using: str = DEFAULT_DB_ALIAS,
) -> Case:
    """Have a case wait ``until`` a time, for a reply in its conversation, or for whichever comes first.

    Raises Outdated, or DecisionRefused where it would wait for nothing or for too long.
    """
    now = timezone.now()
    if until is None and not for_reply:
        raise DecisionRefused("Say what the case waits for: a time, a reply, or both.")
    if until is not None and not now < until <= now + LONGEST_WAIT:
        raise DecisionRefused(f"A case can wait until a time within the next {LONGEST_WAIT.days} days.")
    hours = None if until is None else round((until - now).total_seconds() / 3600, 1)
    return _step(
        case_id,
        Happening.WAITED,
        ModerationEvent.CASE_WAITS,
        by,
        token,
        version,
        using,
        details={"hours": hours, "reply": for_reply},
        waiting_from=now,
        waits_until=until,
        waits_for_reply=for_reply,
    )


@dataclass(frozen=True)
class Undoing:
    """What undoing a decision would do: the messages that are shown again, and those that stay hidden, each with why.

    ``refusal`` is a sentence where it cannot be undone at all.
    """

    shows: list[int]
    stays: dict[int, str]
    refusal: str = ""


def undoing(decision: Decision, *, using: str = DEFAULT_DB_ALIAS) -> Undoing:
    """Return what ``undo`` would do with a decision now; changes nothing."""
    hidden = list(decision.measures.using(using).filter(act=Act.HIDE).values_list("message", "before"))
    stored = Message._base_manager.using(using).filter(pk__in=[pk for pk, _ in hidden if pk is not None])
    now, revisions = dict(stored.values_list("pk", "hidden")), dict(stored.values_list("pk", "revision"))
    covered = dict(decision.covered.using(using).values_list("message", "revision"))
    # By a later decision that was not undone: it hides the message for a reason of its own.
    later = set(
        Measure.objects.using(using)
        .filter(act=Act.HIDE, message__in=now, decision__decided_at__gt=decision.decided_at)
        .exclude(decision=decision)
        .filter(decision__reversed_by=None, decision__reverses=None)
        .values_list("message", flat=True)
    )
    shows, stays = [], {}
    for pk, before in hidden:
        if pk is None or pk not in now or not now[pk]:
            continue
        if before:
            stays[pk] = "it was hidden before this decision"
        elif pk in later:
            stays[pk] = "a later decision hides it too"
        elif covered.get(pk) != revisions[pk]:
            stays[pk] = "its text was changed since"
        else:
            shows.append(pk)
    refusal = ""
    if decision.reverses_id is not None:
        refusal = "This entry undid a decision: decide the case again instead."
    elif Decision.objects.using(using).filter(reverses=decision.pk).exists():
        refusal = "This decision was undone already."
    return Undoing(sorted(shows), stays, refusal)


def undo(decision_id: int, *, by: Any, note: str = "", using: str = DEFAULT_DB_ALIAS) -> Decision:
    """Undo a decision: append one that reverses it, show what only it hides, and open its case again.

    Its flags wait again. Raises DecisionRefused where it was undone before, where a newer one was made, where
    another case of the conversation is pending, and where ``by`` may undo only their own decisions.
    """
    with transaction.atomic(using=using):
        decision = Decision.objects.using(using).select_related("case").get(pk=decision_id)
        # Locked first, as by who reports: no other case of the conversation is opened meanwhile.
        Conversation.objects.using(using).filter(pk__in=[decision.case.conversation_id]).lock()
        case = Case.objects.using(using).select_for_update(of=("self",)).get(pk=decision.case_id)
        decision.refresh_from_db(using=using)
        if decision.decided_by_id != by.pk and not by.has_perm("moderation.undo_decision"):
            raise DecisionRefused("Only its author or a Lead can undo a decision.")
        if not Case.objects.using(using).about_strangers_to(by.pk).filter(pk=case.pk).exists():
            raise DecisionRefused("This case is about you or somebody you exchanged messages with: ask a colleague.")
        plan = undoing(decision, using=using)
        if plan.refusal:
            raise DecisionRefused(plan.refusal)
        if Decision.objects.using(using).filter(case=case, decided_at__gt=decision.decided_at, reverses=None).exists():
            raise DecisionRefused("A newer decision was made on this case: undo that one first.")
        if case.conversation_id is None:
            raise DecisionRefused("The conversation was erased: there is nothing left to restore.")
        if cases.pending_beside(case, using=using) is not None:
            raise DecisionRefused("Another case of this conversation is pending: decide that one first.")
        now = timezone.now()
        before = case.version
        end_in_force(case, Cause.UNDONE, at=now, using=using)
        _wait_again(case, decision, using)
        cases.reopen(case, Happening.UNDONE, since=now, using=using)
        reversing = _append(case, before, by, now, using, note=note.strip(), in_force=False, reverses=decision)
        hiding.show(plan.shows, using=using)
        details = {"decision": decision.pk, "shown": len(plan.shows), "skipped": len(plan.stays)}
        record(ModerationEvent.DECISION_UNDONE, actor=by, target=case, details=details, using=using)
    return reversing


def _append(case: Case, version_before: int, by: Any, at: datetime, using: str, **fields: Any) -> Decision:
    """Store a decision on a case that it has changed already, with a copy of who made it."""
    return Decision.objects.using(using).create(
        case=case,
        decided_by=by,
        decided_by_name=by.get_username(),
        decided_at=at,
        version_before=version_before,
        version_after=case.version,
        **fields,
    )


def end_in_force(case: Case, cause: Cause, *, at: datetime, using: str) -> int | None:
    """Have the decision of a locked case that is in force lapse; returns its id, None where there is none."""
    standing = Decision.objects.using(using).in_force().filter(case=case)
    pk = standing.values_list("pk", flat=True).first()
    if pk is not None:
        standing.update(in_force=False, lapsed_at=at, cause=cause)
    return pk


def _wait_again(case: Case, decision: Decision, using: str) -> None:
    """The flags that a decision settled wait again; the time at which they were settled says which."""
    settled = Flag.objects.using(using).filter(case=case, settled_at=decision.decided_at)
    settled.exclude(outcome=Outcome.WITHDRAWN).update(outcome=Outcome.WAITING, settled_at=None)


def _step(
    case_id: int,
    happening: Happening,
    event: str,
    by: Any,
    token: UUID | None,
    version: int,
    using: str,
    details: dict[str, Any] | None = None,
    **changes: Any,
) -> Case:
    """Change a case's state, and these fields, under a claim; release it, and record that."""
    with transaction.atomic(using=using):
        case = claims.locked_case(by, case_id, token=token, version=version, using=using)
        case.state = after(case.state, happening)
        for name, value in changes.items():
            setattr(case, name, value)
        cases.save_change(case, using=using)
        claims.release(by, case.pk, using=using)
        record(event, actor=by, target=case, details=details, using=using)
    return case


def _refuse_unsound(choice: Choice) -> None:
    unfilled = placeholders.unfilled(choice.sent)
    if unfilled:
        names = ", ".join(f"{{{name}}}" for name in unfilled)
        raise DecisionRefused(f"The text to send still has {names}: replace it by what the participant is to read.")


def _covered(case: Case, choice: Choice, using: str) -> dict[int, int]:
    """The revision of each message that the decision covers: of what was reported, and of what it hides.

    Raises DecisionRefused for a message of another conversation.
    """
    flagged = Flag.objects.using(using).filter(case=case, message__isnull=False).values_list("message", flat=True)
    wanted = {*flagged, *choice.hides}
    messages = Message._base_manager.using(using).filter(pk__in=wanted, conversation=case.conversation_id)
    found = dict(messages.order_by("pk").select_for_update(of=("self",)).values_list("pk", "revision"))
    if not set(choice.hides) <= found.keys():
        raise DecisionRefused("A message that you chose is not in this conversation any more. Look again.")
    return found


def _carry_out(decision: Decision, hides: Iterable[int], using: str) -> list[Measure]:
    """Hide messages, and keep what that changed; without any, the measure says that nothing was done."""
    ids = sorted(set(hides))
    before = dict(Message._base_manager.using(using).filter(pk__in=ids).values_list("pk", "hidden"))
    made = [Measure(decision=decision, act=Act.HIDE, message_id=pk, before=before[pk], after=True) for pk in ids]
    made = made or [Measure(decision=decision, act=Act.NONE)]
    if ids:
        hiding.hide([pk for pk in ids if not before[pk]], using=using)
    return Measure.objects.using(using).bulk_create(made)
