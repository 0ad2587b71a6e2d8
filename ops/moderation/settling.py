"""What happens to cases when messages change, move or go, by any road."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import F, Q
from django.utils import timezone

from messaging.writing import ids_subquery
from ops.audit.recording import record
from ops.moderation import cases
from ops.moderation.decisions import end_in_force
from ops.moderation.events import ModerationEvent
from ops.moderation.models import Case, Cause, CoveredMessage, Flag, Outcome, State
from ops.moderation.transitions import Happening


def lapse(ids: Collection[int], *, using: str) -> int:
    """Texts of these messages were changed: decisions in force that cover one lapse, and their cases are open again.

    Where another case of the conversation is pending, that one takes its place. Measures stay as they are until
    somebody decides again: nothing is shown again by itself. In the transaction of the change. Returns the number of
    decisions.
    """
    among = list(ids) if len(ids) == 1 else ids_subquery(ids, using=using)  # one id is planned best as a value
    covered = CoveredMessage.objects.using(using).filter(decision__in_force=True, message__in=among)
    case_ids = sorted(set(covered.order_by().values_list("decision__case", flat=True)))
    for case in _locked(case_ids, using):
        now = timezone.now()
        decision = end_in_force(case, Cause.TEXT_CHANGED, at=now, using=using)
        if case.conversation_id is not None:
            pending = cases.pending_beside(case, using=using) or case
            cases.reopen(pending, Happening.LAPSED, since=now, using=using)
        record(ModerationEvent.DECISION_LAPSED, actor=None, target=case, details={"decision": decision}, using=using)
    return len(case_ids)


def rejoin(conversation_ids: Collection[int], *, using: str) -> None:
    """Messages of these conversations moved to others: cases follow the messages that were flagged in them.

    In the transaction of the move, before empty conversations are removed. A case whose flags are all in one
    conversation goes there; where one is pending there already, it takes the flags. Flags of a case that are in several
    conversations by now go to the cases of those.
    """
    strayed = Q(flags__message__isnull=False) & ~Q(flags__message__conversation=F("conversation"))
    found = Case.objects.using(using).filter(strayed, conversation__in=ids_subquery(conversation_ids, using=using))
    for case in _locked(sorted(set(found.values_list("pk", flat=True))), using):
        flags = list(
            Flag.objects.using(using).filter(case=case, message__isnull=False).select_related("message", "label")
        )
        targets = {flag.message.conversation_id for flag in flags if flag.message is not None}
        pending = cases.locked(using).pending().filter(conversation__in=targets).exclude(pk=case.pk).first()
        if len(targets) == 1 and (pending is None or case.state == State.CLOSED):
            case.conversation_id = targets.pop()
            cases.save_change(case, using=using)
            continue
        for flag in flags:
            if flag.message is not None and flag.message.conversation_id != case.conversation_id:
                _move(flag, flag.message, using)
        if len(targets) == 1:
            case.conversation_id = targets.pop()
            cases.close(case, using=using)
        else:
            cases.close_if_settled(case, using=using)


def _move(flag: Flag, message: Any, using: str) -> None:
    """Put a flag into a case of the conversation that its message is in by now."""
    now = timezone.now()
    latest = cases.locked(using).filter(conversation=message.conversation_id).order_by("-id").first()
    if latest is None or flag.outcome == Outcome.WAITING:
        latest = cases.case_for(message.conversation_id, flag.label.severity, now, using=using)
    Flag.objects.using(using).filter(pk=flag.pk).update(case=latest)
    cases.name_people(latest, {message.sender_id, message.receiver_id}, using=using)
    cases.close_if_settled(latest, using=using)


def settle_erased(*, using: str = DEFAULT_DB_ALIAS) -> int:
    """Flags whose messages were erased wait no longer, and cases in which nothing else waits are closed; so are those
    whose conversation was erased, such as one that was open because a decision had lapsed.

    Returns the number of flags. Called after each erasure, and by the worker, for messages that go by another road.
    """
    left = Flag.objects.using(using).left_behind()
    gone = Case.objects.using(using).pending().filter(conversation=None).order_by()
    case_ids = sorted({*left.values_list("case", flat=True), *gone.values_list("pk", flat=True)})
    settled = 0
    for case_id in case_ids:
        with transaction.atomic(using=using):
            for case in _locked([case_id], using):
                settled += left.filter(case=case).update(outcome=Outcome.ERASED, settled_at=timezone.now())
                cases.close_if_settled(case, using=using)
    return settled


def _locked(case_ids: list[int], using: str) -> list[Case]:
    return (
        list(cases.locked(using).filter(pk__in=ids_subquery(case_ids, using=using)).order_by("pk")) if case_ids else []
    )
