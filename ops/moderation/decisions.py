"""Decide cases and undo decisions. Each step of a case is one function here, which also records it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from messaging.database.alike import bulk_insert, like
from messaging.languages.wording import numbered
from messaging.models import Message
from ops.audit.details import Key
from ops.audit.recording import record, record_each
from ops.moderation import cases, claims
from ops.moderation.events import ModerationEvent
from ops.moderation.labels import placeholders
from ops.moderation.measures import registry
from ops.moderation.measures.kinds import Acting, Asked, Order, lock_people
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
from ops.moderation.notices import notices
from ops.moderation.refusals import DecisionRefused
from ops.moderation.transitions import CaseEvent, after

LONGEST_WAIT = timedelta(days=90)


@dataclass(frozen=True)
class Choice:
    """What a user decides: the label, the text sent to the participants concerned, the ids of the messages to hide, and
    other measures.

    Reports are upheld if a measure concerns a message or ``upholds`` is set; otherwise they are dismissed, because a
    measure on a person may concern the reporter. ``restores`` is the undo whose decision is made again.
    """

    label: Label
    reason: CannedReason | None = None
    sent: str = ""
    note: str = ""
    hides: Collection[int] = ()
    upholds: bool = False
    measures: Sequence[Order] = ()
    restores: Decision | None = None

    @cached_property
    def orders(self) -> list[Order]:
        """All measures to take, including the messages to hide, each once."""
        found = [*(Order(Act.HIDE, message=pk) for pk in sorted(self.hides)), *self.measures]
        return [*{(one.act, one.message, one.user): one for one in found}.values()]

    @property
    def outcome(self) -> Outcome:
        """The outcome of the reports that this choice settles."""
        upheld = self.upholds or any(order.message is not None for order in self.orders)
        return Outcome.UPHELD if upheld else Outcome.DISMISSED


def decide(
    case_id: int, choice: Choice, *, by: Any, token: UUID | None, version: int, using: str = DEFAULT_DB_ALIAS
) -> Decision:
    """Decide the ``version`` of a case that ``by`` saw, under their claim; close the case and release it.

    The decision covers the messages that were reported and those that it hides or redacts. Raises Outdated if the case
    has changed since, and DecisionRefused if the choice is not valid.
    """
    with transaction.atomic(using=using):
        orders = choice.orders
        lock_people([order.user for order in orders if order.user is not None], using=using)
        case = claims.locked_case(by, case_id, token=token, version=version, using=using)
        refuse_invalid(choice)
        return store([(case, choice)], by=by, using=using)[0]


def store(
    decided: Sequence[tuple[Case, Choice]], *, by: Any, group: UUID | None = None, using: str = DEFAULT_DB_ALIAS
) -> list[Decision]:
    """Store decisions on cases that the caller has locked and may decide, in a constant number of statements. Raises
    DecisionRefused if a choice is not valid for its case."""
    acting = Acting(by, timezone.now(), using)
    orders = {case.pk: choice.orders for case, choice in decided}
    registry.refuse_invalid([Asked(case, choice.sent.strip(), orders[case.pk]) for case, choice in decided], acting)
    covered = _covered([case for case, _ in decided], orders, using)
    end_all_in_force([case for case, _ in decided], Cause.NEW_DECISION, at=acting.at, using=using)
    before = {case.pk: case.version for case, _ in decided}
    cases.save_changes([(case, _closing(case, acting.at)) for case, _ in decided], using=using)
    made = _append([(case, before[case.pk], _fields(choice)) for case, choice in decided], group, acting)
    empty = CoveredMessage()
    bulk_insert(
        (
            like(empty, decision_id=decision.pk, message_id=pk, revision=revision)
            for decision in made
            for pk, revision in covered[decision.case_id].items()
        ),
        using=using,
    )
    measures = [one for decision in made for one in _measures(decision, orders[decision.case_id])]
    registry.carry_out(measures, acting)
    by_decision = [(decision, choice) for decision, (_, choice) in zip(made, decided, strict=True)]
    _settle(by_decision, acting)
    claims.release(by, *before, using=using)
    _record_decided(by_decision, measures, acting)
    return made


def _fields(choice: Choice) -> dict[str, Any]:
    """Return the fields of a decision that come from the choice."""
    texts = {"sent": choice.sent.strip(), "note": choice.note.strip()}
    upholds = choice.outcome == Outcome.UPHELD
    return {"label": choice.label, "reason": choice.reason, "upholds": upholds, "restores": choice.restores, **texts}


def _record_decided(decided: Sequence[tuple[Decision, Choice]], measures: Sequence[Measure], acting: Acting) -> None:
    done: defaultdict[int, list[Measure]] = defaultdict(list)
    for measure in measures:
        done[measure.decision_id].append(measure)
    about: dict[bool, list[tuple[Case, Any]]] = {False: [], True: []}
    for one, choice in decided:
        details = {"decision": one.pk, "label": Key(choice.label.slug), "measures": _counted(done[one.pk])}
        if choice.restores is not None:
            details["restores"] = choice.restores.pk
        about[one.restores_id is not None].append((one.case, {**details, **_grouped(one.group)}))
    for restored, some in about.items():
        event = ModerationEvent.DECISION_RESTORED if restored else ModerationEvent.CASE_DECIDED
        record_each(event, some, actor=acting.by, using=acting.using)


def _grouped(group: UUID | None) -> dict[str, UUID]:
    """Return the group of a decision as details of an audit entry."""
    return {"group": group} if group else {}


def escalate(case_id: int, *, by: Any, token: UUID | None, version: int, using: str = DEFAULT_DB_ALIAS) -> Case:
    """Hand a case to the Leads. Raises Outdated or DecisionRefused."""
    return _step(case_id, CaseEvent.ESCALATED, ModerationEvent.CASE_ESCALATED, by, token, version, using)


def return_to_queue(case_id: int, *, by: Any, token: UUID | None, version: int, using: str = DEFAULT_DB_ALIAS) -> Case:
    """Return an escalated or waiting case to the usual queue. Raises Outdated or DecisionRefused."""
    return _step(case_id, CaseEvent.RETURNED, ModerationEvent.CASE_RETURNED, by, token, version, using)


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
    """Set a case to wait ``until`` a time, for a reply in its conversation, or for whichever comes first.

    Raises Outdated, or DecisionRefused if there is nothing to wait for, or if the time is past or too far ahead.
    """
    now = timezone.now()
    if until is None and not for_reply:
        raise DecisionRefused(_("Say what the case waits for: a time, a reply, or both."))
    if until is not None and not now < until <= now + LONGEST_WAIT:
        words = ngettext(
            "A case can wait until a time within the next %(number)s day.",
            "A case can wait until a time within the next %(number)s days.",
            LONGEST_WAIT.days,
        )
        raise DecisionRefused(numbered(words, LONGEST_WAIT.days))
    hours = None if until is None else round((until - now).total_seconds() / 3600, 1)
    return _step(
        case_id,
        CaseEvent.WAITED,
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
class UndoPreview:
    """What undoing a decision would do; ``refusal`` is a sentence if it cannot be undone at all."""

    plan: registry.Reversal
    refusal: str = ""


def preview_undo(decision: Decision, *, by: Any, using: str = DEFAULT_DB_ALIAS) -> UndoPreview:
    """Return what ``undo`` would do with a decision now, without changing anything."""
    return preview_undos([decision], by=by, using=using)[decision.pk]


def preview_undos(decisions: Sequence[Decision], *, by: Any, using: str = DEFAULT_DB_ALIAS) -> dict[int, UndoPreview]:
    """Do the same for several decisions, by primary key, in as many queries as for one."""
    among = cases.id_lookup([one.pk for one in decisions], using=using)
    measures = list(Measure.objects.using(using).filter(decision__in=among).select_related("decision").order_by("pk"))
    undone = set(Decision.objects.using(using).filter(reverses__in=among).values_list("reverses", flat=True))
    plans = {one.pk: UndoPreview(registry.Reversal(), _why_not(one, undone)) for one in decisions}
    whole = registry.reversal(measures, Acting(by, timezone.now(), using))
    for measure in measures:
        if measure.pk in whole.stays:
            plans[measure.decision_id].plan.stays[measure.pk] = whole.stays[measure.pk]
    for measure in whole.undone:
        plans[measure.decision_id].plan.undone.append(measure)
    return plans


def _why_not(decision: Decision, undone: Collection[int | None]) -> str:
    if decision.reverses_id is not None:
        return _("This entry undid a decision: restore that one instead.")
    return _("This decision was undone already.") if decision.pk in undone else ""


def undo(decision_id: int, *, by: Any, note: str = "", using: str = DEFAULT_DB_ALIAS) -> Decision:
    """Undo a decision: append one that reverses it, undo its measures where possible, and reopen its case.

    Its flags wait again. Raises DecisionRefused if the decision is an undo or was undone already, if a newer one was
    made, if another case of the conversation is pending or the conversation was erased, and if ``by`` may not undo it
    or the case concerns them.
    """
    with transaction.atomic(using=using):
        decision = Decision.objects.using(using).select_related("case").get(pk=decision_id)
        registry.lock(list(decision.measures.using(using).filter(user__isnull=False)), using=using)
        case = cases.locked_in_conversation(decision.case_id, using=using)
        decision.refresh_from_db(using=using)
        if decision.decided_by_id != by.pk and not by.has_perm("moderation.undo_decision"):
            raise DecisionRefused(_("Only its author or a Lead can undo a decision."))
        if not Case.objects.using(using).about_strangers_to(by.pk).filter(pk=case.pk).exists():
            raise DecisionRefused(_("This case is about you or somebody you exchanged messages with: ask a colleague."))
        found = preview_undo(decision, by=by, using=using)
        if found.refusal:
            raise DecisionRefused(found.refusal)
        if Decision.objects.using(using).filter(case=case, decided_at__gt=decision.decided_at, reverses=None).exists():
            raise DecisionRefused(_("A newer decision was made on this case: undo that one first."))
        if case.conversation_id is None:
            raise DecisionRefused(_("The conversation was erased: there is nothing left to restore."))
        if cases.pending_beside(case, using=using) is not None:
            raise DecisionRefused(_("Another case of this conversation is pending: decide that one first."))
        return store_undone([(case, decision, found.plan)], by=by, note=note, using=using)[0]


def store_undone(
    undone: Sequence[tuple[Case, Decision, registry.Reversal]],
    *,
    by: Any,
    note: str,
    group: UUID | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> list[Decision]:
    """Undo decisions on cases that the caller has locked, each by its plan, in as many statements as for one.

    Returns the decisions that reverse them.
    """
    acting = Acting(by, timezone.now(), using)
    its_cases = [case for case, _, _ in undone]
    before = {case.pk: case.version for case in its_cases}
    end_all_in_force(its_cases, Cause.UNDONE, at=acting.at, using=using)
    _wait_again([decision for _, decision, _ in undone], using)
    cases.reopen_all(its_cases, CaseEvent.UNDONE, since=acting.at, using=using)
    cases.rank_all(its_cases, using=using)
    fields = {"note": note.strip(), "in_force": False}
    made = _append([(case, before[case.pk], {**fields, "reverses": one}) for case, one, _ in undone], group, acting)
    registry.undo(registry.Reversal([measure for _, _, plan in undone for measure in plan.undone]), acting)
    about = []
    for case, decision, plan in undone:
        details = {"decision": decision.pk, "restored": _counted(plan.undone), "skipped": len(plan.stays)}
        about.append((case, {**details, **_grouped(group)}))
    record_each(ModerationEvent.DECISION_UNDONE, about, actor=by, using=using)
    notices.notify_undone((decision for _, decision, _ in undone), by=by, group=group, using=using)
    return made


def _append(about: Sequence[tuple[Case, int, dict[str, Any]]], group: UUID | None, acting: Acting) -> list[Decision]:
    """Store decisions, each given as its case (already changed), the case's version before the change, and other
    fields."""
    by = {"decided_by": acting.by, "decided_by_name": acting.by.get_username()}
    shared = Decision(group=group, decided_at=acting.at, **by)
    made = (
        like(shared, case=case, version_before=before, version_after=case.version, **fields)
        for case, before, fields in about
    )
    return bulk_insert(made, using=acting.using)


def end_all_in_force(some: Sequence[Case], cause: Cause, *, at: datetime, using: str) -> None:
    """End the decisions in force on these locked cases."""
    standing = Decision.objects.using(using).in_force()
    standing = standing.filter(case__in=cases.id_lookup([case.pk for case in some], using=using))
    standing.update(in_force=False, lapsed_at=at, cause=cause)


def _settle(decided: Sequence[tuple[Decision, Choice]], acting: Acting) -> None:
    """Uphold or dismiss the waiting flags of these cases, as decided."""
    by_outcome: defaultdict[Outcome, list[int]] = defaultdict(list)
    for decision, choice in decided:
        by_outcome[choice.outcome].append(decision.case_id)
    for outcome, ids in by_outcome.items():
        waiting = Flag.objects.using(acting.using).waiting().filter(case__in=cases.id_lookup(ids, using=acting.using))
        waiting.update(outcome=outcome, settled_at=acting.at)


def _wait_again(decisions: Sequence[Decision], using: str) -> None:
    """Reset to waiting the flags that these decisions settled: those whose ``settled_at`` is the time of the
    decision."""
    these = Decision.objects.using(using).filter(pk__in=cases.id_lookup([one.pk for one in decisions], using=using))
    at = these.filter(case=OuterRef("case")).values("decided_at")[:1]
    among = cases.id_lookup([one.case_id for one in decisions], using=using)
    flags = Flag.objects.using(using).filter(case__in=among, settled_at=Subquery(at))
    flags.not_withdrawn().update(outcome=Outcome.WAITING, settled_at=None)


def _step(
    case_id: int,
    happening: CaseEvent,
    event: str,
    by: Any,
    token: UUID | None,
    version: int,
    using: str,
    details: dict[str, Any] | None = None,
    **changes: Any,
) -> Case:
    """Change a case's state and these fields under a claim, release the case, and record ``event``."""
    with transaction.atomic(using=using):
        case = claims.locked_case(by, case_id, token=token, version=version, using=using)
        cases.save_change(case, state=after(case.state, happening), **changes, using=using)
        claims.release(by, case.pk, using=using)
        record(event, actor=by, target=case, details=details, using=using)
    return case


def refuse_invalid(choice: Choice) -> None:
    """Raise DecisionRefused for a choice that is not valid for any case."""
    if refusal := placeholders.refusal(choice.sent):
        raise DecisionRefused(refusal)


def _closing(case: Case, at: datetime) -> dict[str, Any]:
    """Return the fields of a case that a decision changes."""
    first = {} if case.first_decided_at else {"first_decided_at": at}
    return {"state": after(case.state, CaseEvent.DECIDED), "closed_at": at, **first}


def _covered(some: Sequence[Case], orders: Mapping[int, Sequence[Order]], using: str) -> dict[int, dict[int, int]]:
    """Return, by case, the messages that its decision covers and their revisions: the reported ones and those with
    orders.

    Raises DecisionRefused for an order on a message of another conversation.
    """
    chosen = {case.pk: {one.message for one in orders[case.pk] if one.message is not None} for case in some}
    wanted = {pk: set(ids) for pk, ids in chosen.items()}
    flagged = Flag.objects.using(using).filter(
        case__in=cases.id_lookup(wanted.keys(), using=using), message__isnull=False
    )
    for case_id, message in flagged.order_by().values_list("case_id", "message_id"):
        wanted[case_id].add(message)
    among = cases.id_lookup({pk for ids in wanted.values() for pk in ids}, using=using)
    rows = Message._base_manager.using(using).filter(pk__in=among).order_by("pk").select_for_update(of=("self",))
    found = {pk: (place, revision) for pk, place, revision in rows.values_list("pk", "conversation_id", "revision")}
    covered = {}
    for case in some:
        here = [pk for pk in sorted(wanted[case.pk]) if pk in found and found[pk][0] == case.conversation_id]
        if not chosen[case.pk] <= set(here):
            raise DecisionRefused(_("A message that you chose is not in this conversation any more. Look again."))
        covered[case.pk] = {pk: found[pk][1] for pk in here}
    return covered


def _measures(decision: Decision, orders: Sequence[Order]) -> Iterator[Measure]:
    """Yield the measures of a decision, not yet carried out; without orders, one that records that nothing was done."""
    for order in orders or [Order(Act.NONE)]:
        measure = order.measure
        measure.decision = decision
        yield measure


def _counted(measures: Sequence[Measure]) -> dict[Key, int]:
    """Return the number of measures by act, for the audit trail."""
    return {Key(act): number for act, number in Counter(one.act for one in measures).items()}
