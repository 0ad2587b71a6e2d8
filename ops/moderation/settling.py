"""Updating cases after messages are changed or erased, by any code path."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import F
from django.utils import timezone

from messaging.database.statements import Statement, compiled_statement, slot
from ops.audit.recording import record_each
from ops.moderation import cases
from ops.moderation.decisions import end_all_in_force
from ops.moderation.events import ModerationEvent
from ops.moderation.models import Case, Cause, CoveredMessage, Decision, Flag, Note, Outcome
from ops.moderation.notices import notices
from ops.moderation.transitions import CaseEvent


def lapse(ids: Collection[int], *, using: str) -> int:
    """Lapse the decisions in force that cover these messages, whose texts were changed, and reopen their cases.

    If another case of the conversation is pending, the decision lapses but its case stays closed. Measures keep their
    effect until somebody decides again: no hidden message reappears by itself. Removing words does not lapse a
    decision. Call it in the transaction of the change, which has locked the conversations, so that no other case is
    opened meanwhile. Returns the number of decided cases.
    """
    if len(ids) == 1:
        (message,) = ids
        case_ids = sorted(pk for (pk,) in _decided_on_one(using).ask(using=using, message=message))
    else:
        case_ids = sorted(pk for (pk,) in _decided_on(message__in=cases.id_lookup(ids, using=using)).using(using))
    lapsed = cases.all_locked(case_ids, using=using)
    if lapsed:
        now = timezone.now()
        among = cases.id_lookup([case.pk for case in lapsed], using=using)
        standing = Decision.objects.using(using).in_force().filter(case__in=among)
        ended = {case: (pk, maker) for case, pk, maker in standing.values_list("case", "pk", "decided_by")}
        end_all_in_force(lapsed, Cause.TEXT_CHANGED, at=now, using=using)
        cases.reopen_all(_to_be_decided_instead(lapsed, using), CaseEvent.LAPSED, since=now, using=using)
        about = [(case, {"decision": ended[case.pk][0] if case.pk in ended else None}) for case in lapsed]
        record_each(ModerationEvent.DECISION_LAPSED, about, actor=None, using=using)
        notices.notify_lapsed([(case, maker) for case, (_, maker) in ended.items()], using=using)
    return len(case_ids)


def _to_be_decided_instead(lapsed: Sequence[Case], using: str) -> list[Case]:
    """Return, for each conversation of the lapsed cases, its pending case, locked, or else the first lapsed one."""
    among = cases.id_lookup({one.conversation_id for one in lapsed if one.conversation_id is not None}, using=using)
    pending = cases.locked(using).pending().filter(conversation__in=among).order_by("pk")
    found = {case.conversation_id: case for case in pending}
    for case in lapsed:
        if case.conversation_id is not None:
            found.setdefault(case.conversation_id, case)
    return list(found.values())


def _decided_on(**these: Any) -> Any:
    """Select the cases with a decision in force on any of these messages, skipping messages whose latest change was a
    removal of words."""
    covered = CoveredMessage.objects.filter(decision__in_force=True, **these)
    covered = covered.exclude(message__redaction__isnull=False, message__redaction=F("message__revision"))
    return covered.order_by().values_list("decision__case").distinct()


@cache
def _decided_on_one(using: str) -> Statement:
    """The same query for one message, compiled once per database: every edit runs it."""
    return compiled_statement(_decided_on(message=slot("message")), using=using)


def settle_erased(*, using: str = DEFAULT_DB_ALIAS) -> int:
    """Settle the waiting flags of erased messages, close the cases that have no other waiting flag and those whose
    conversation was erased (one may be pending without flags, after a decision lapsed), and delete notes on erased
    conversations.

    Returns the number of flags settled. Runs after each erasure, and in the worker for messages deleted by other code.
    """
    left = Flag.objects.using(using).left_behind()
    gone = Case.objects.using(using).pending().filter(conversation=None).order_by()
    case_ids = sorted({*left.values_list("case", flat=True), *gone.values_list("pk", flat=True)})
    settled = 0
    for case_id in case_ids:
        with transaction.atomic(using=using):
            for case in cases.all_locked([case_id], using=using):
                settled += left.filter(case=case).update(outcome=Outcome.ERASED, settled_at=timezone.now())
                cases.close_if_settled(case, using=using)
    Note.objects.using(using).left_behind().delete()
    return settled
