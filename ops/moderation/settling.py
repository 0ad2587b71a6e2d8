"""What happens to cases when messages change, move or go, by any road."""

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
    """Texts of these messages were changed: decisions in force that cover one lapse, and their cases are open again.

    Where another case of the conversation is pending, that one takes its place. Measures stay as they are until
    somebody decides again: nothing is shown again by itself. What moderators remove from a text ends no decision. In
    the transaction of the change, which has locked the conversations: no other case of one is opened meanwhile. Returns
    the number of decisions.
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
    """The pending case of each of their conversations, locked; where none is pending, the first of these."""
    among = cases.among({one.conversation_id for one in lapsed if one.conversation_id is not None}, using=using)
    pending = cases.locked(using).pending().filter(conversation__in=among).order_by("pk")
    found = {case.conversation_id: case for case in pending}
    for case in lapsed:
        if case.conversation_id is not None:
            found.setdefault(case.conversation_id, case)
    return list(found.values())


def _decided_on(**these: Any) -> Any:
    """The cases that were decided on any of these messages, of which no words were removed last, and still are."""
    covered = CoveredMessage.objects.filter(decision__in_force=True, **these)
    covered = covered.exclude(message__redaction__isnull=False, message__redaction=F("message__revision"))
    return covered.order_by().values_list("decision__case").distinct()


@cache
def _decided_on_one(using: str) -> Statement:
    """The same for one message: everybody's edit asks this."""
    return written(_decided_on(message=slot("message")), using=using)


def settle_erased(*, using: str = DEFAULT_DB_ALIAS) -> int:
    """Flags whose messages were erased wait no longer, and cases in which nothing else waits are closed; so are those
    whose conversation was erased, such as one that was open because a decision had lapsed. Notes on erased
    conversations go.

    Returns the number of flags. Called after each erasure, and by the worker, for messages that go by another road.
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
