"""Updates to cases when texts change or messages are erased, by whatever code path."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import F
from django.utils import timezone

from messaging.database.statements import Statement, slot, written
from ops.audit.recording import record_each
from ops.moderation import cases
from ops.moderation.decisions import end_all_in_force
from ops.moderation.events import ModerationEvent
from ops.moderation.models import Case, Cause, CoveredMessage, Decision, Flag, Note, Outcome
from ops.moderation.notices import notices
from ops.moderation.transitions import Happening


def lapse(ids: Collection[int], *, using: str) -> int:
    """End the decisions in force that cover one of these messages, whose texts were changed, and reopen their cases.

    If another case of the conversation is pending, that one is reviewed instead. Measures stay until somebody decides
    again: nothing hidden is shown automatically. A redaction by moderators ends no decision. Runs in the transaction of
    the change, which has locked the conversations, so no other case of one opens meanwhile. Returns the number of
    decisions.
    """
    if len(ids) == 1:
        (message,) = ids
        case_ids = sorted(pk for (pk,) in _decided_on_one(using).ask(using=using, message=message))
    else:
        case_ids = sorted(pk for (pk,) in _decided_on(message__in=cases.among(ids, using=using)).using(using))
    lapsed = cases.all_locked(case_ids, using=using)
    if lapsed:
        now = timezone.now()
        among = cases.among([case.pk for case in lapsed], using=using)
        standing = Decision.objects.using(using).in_force().filter(case__in=among)
        ended = {case: (pk, maker) for case, pk, maker in standing.values_list("case", "pk", "decided_by")}
        end_all_in_force(lapsed, Cause.TEXT_CHANGED, at=now, using=using)
        cases.reopen_all(_to_be_decided_instead(lapsed, using), Happening.LAPSED, since=now, using=using)
        about = [(case, {"decision": ended[case.pk][0] if case.pk in ended else None}) for case in lapsed]
        record_each(ModerationEvent.DECISION_LAPSED, about, actor=None, using=using)
        notices.notify_lapsed([(case, maker) for case, (_, maker) in ended.items()], using=using)
    return len(case_ids)


def _to_be_decided_instead(lapsed: Sequence[Case], using: str) -> list[Case]:
    """Return one locked case for each of their conversations: the pending one, or else the first of the lapsed
    cases."""
    among = cases.among({one.conversation_id for one in lapsed if one.conversation_id is not None}, using=using)
    pending = cases.locked(using).pending().filter(conversation__in=among).order_by("pk")
    found = {case.conversation_id: case for case in pending}
    for case in lapsed:
        if case.conversation_id is not None:
            found.setdefault(case.conversation_id, case)
    return list(found.values())


def _decided_on(**these: Any) -> Any:
    """Return the cases with a decision in force on any of these messages, unless a redaction was the last change of its
    text."""
    covered = CoveredMessage.objects.filter(decision__in_force=True, **these)
    covered = covered.exclude(message__redaction__isnull=False, message__redaction=F("message__revision"))
    return covered.order_by().values_list("decision__case").distinct()


@cache
def _decided_on_one(using: str) -> Statement:
    """Return the same query for one message, compiled once, because every edit runs it."""
    return written(_decided_on(message=slot("message")), using=using)


def settle_erased(*, using: str = DEFAULT_DB_ALIAS) -> int:
    """Settle the waiting flags of erased messages, and close cases that have no other waiting flag. Also close pending
    cases whose conversation was erased, such as one reopened when a decision lapsed, and delete notes on erased
    conversations.

    Returns the number of flags. Called after each erasure, and by the worker for messages deleted in other ways.
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
