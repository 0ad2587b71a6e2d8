"""Undoing an undo: the same decision is made again, unless something has happened since that needs another review.

It is a new decision, made by the person who restores, and refers to the undo (``Decision.restores``). It can be undone
like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ops.moderation import cases, claims, decisions
from ops.moderation.decisions import Choice
from ops.moderation.measures import registry
from ops.moderation.measures.kinds import Acting, Asked, Order, names_of
from ops.moderation.models import Act, Case, Claim, Decision, Flag, Measure, Outcome, State
from ops.moderation.notices import notices
from ops.moderation.refusals import DecisionRefused


@dataclass
class Restoring:
    """What restoring would do: the choice that is made again; ``skipped``, a sentence for each measure that is not
    taken again; and ``refusal``, a sentence if nothing can be restored."""

    choice: Choice | None = None
    skipped: list[str] = field(default_factory=list)
    refusal: str = ""


def restoring(undo: Decision, *, by: Any, using: str = DEFAULT_DB_ALIAS) -> Restoring:
    """Return what ``restore`` would do now with ``undo``, a decision that undid another; changes nothing."""
    refusal = _why_not(undo, by, using)
    if refusal or undo.reverses is None:
        return Restoring(refusal=refusal)
    measures = list(undo.reverses.measures.using(using).order_by("pk"))
    acting = Acting(by, timezone.now(), using)
    again = registry.again(measures, acting)
    choice = choice_again(undo.reverses, again.orders.get(undo.reverses.pk, ()), by=undo)
    found = Restoring(choice, list(again.skipped.values()))
    try:
        registry.refuse_invalid([Asked(undo.case, choice.sent, choice.orders)], acting)
    except DecisionRefused as refused:
        found.refusal = str(refused)
    return found


def choice_again(decision: Decision, orders: Sequence[Order], *, by: Decision, note: str = "") -> Choice:
    """Return the choice that makes ``decision`` again with these orders; ``by`` is the decision that undid it."""
    assert decision.label is not None
    return Choice(
        decision.label,
        decision.reason,
        decision.sent,
        note.strip() or decision.note,
        upholds=decision.upholds,
        measures=orders,
        restores=by,
    )


def restore(undo_id: int, *, by: Any, note: str = "", using: str = DEFAULT_DB_ALIAS) -> Decision:
    """Make the decision again that this one undid, close the case, and return the new decision.

    Raises DecisionRefused if this one undid nothing, ``by`` may restore only their own undos, or something has happened
    since: the case or a text changed, or the covered messages were erased.
    """
    with transaction.atomic(using=using):
        undo = _undo(using).get(pk=undo_id)
        measures = Measure.objects.using(using).filter(decision=undo.reverses_id, user__isnull=False)
        registry.lock(list(measures), using=using)
        undo.case = cases.locked_in_conversation(undo.case_id, using=using)
        found = restoring(undo, by=by, using=using)
        if found.refusal or found.choice is None or undo.reverses is None:
            raise DecisionRefused(found.refusal)
        choice = choice_again(undo.reverses, found.choice.measures, by=undo, note=note)
        made = decisions.store([(undo.case, choice)], by=by, using=using)[0]
        notices.notify_restored([undo], by=by, group=None, using=using)
    return made


def in_words(choice: Choice, *, using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Return what a restored choice does, in a few words for each act."""
    measures = [order.measure for order in choice.orders]
    return registry.in_words(measures, names_of(measures, using=using), upholds=choice.outcome == Outcome.UPHELD)


def _undo(using: str) -> Any:
    return Decision.objects.using(using).select_related("case", "reverses__label", "reverses__reason")


def _why_not(undo: Decision, by: Any, using: str) -> str:
    """Return why nothing can be restored, as a sentence; "" if restoring is possible."""
    case = undo.case
    if undo.reverses is None:
        return _("This decision undid nothing: there is nothing to restore.")
    if undo.decided_by_id != by.pk and not by.has_perm("moderation.undo_decision"):
        return _("Only who undid it, or a Lead, can restore a decision.")
    unfit = claims.why_unfit(by, case, using=using)
    if unfit:
        return unfit
    newer = Decision.objects.using(using).filter(case=case, reverses=None, version_after__gt=undo.version_after)
    if newer.exists():
        return _("The case was decided again since.")
    return _why_outdated(undo, undo.reverses, using) or _why_held(case, by, using)


def _why_outdated(undo: Decision, decision: Decision, using: str) -> str:
    """Return what has happened since that needs another review, as a sentence; "" if nothing has."""
    case = undo.case
    covered = decision.covered.using(using).filter(message__isnull=False)
    if case.conversation_id is None or not covered.exists():
        return _("What it was about was erased: there is nothing left to restore.")
    if case.state == State.CLOSED:
        return _("This case is closed: no report waits in it any more.")
    if _has_other_texts(decision, covered):
        return _("A text that it was about was changed since: decide the case again instead.")
    waiting = Flag.objects.using(using).waiting().filter(case=case, message__isnull=False)
    if waiting.exclude(message__in=covered.values("message"), created_at__lte=decision.decided_at).exists():
        return _("The case was reported again since: decide it again instead.")
    if case.version != undo.version_after or covered.exclude(message__conversation=case.conversation_id).exists():
        return _("The case changed since: decide it again instead.")
    return ""


def _has_other_texts(decision: Decision, covered: Any) -> bool:
    """Return whether a covered message's text differs from the decided one. Undone removals of words do not count."""
    measures = decision.measures.using(covered.db).filter(act=Act.REDACT, message__isnull=False)
    removed: Mapping[Any, Any] = dict(measures.values_list("message", "facts"))
    rows = covered.values_list("message", "revision", "message__revision", "message__redaction")
    return any(
        now != then and not (pk in removed and (now, redaction) == (removed[pk]["revision"] + 1, removed[pk]["before"]))
        for pk, then, now, redaction in rows
    )


def _why_held(case: Case, by: Any, using: str) -> str:
    held = Claim.objects.using(using).live().filter(~Q(reviewer=by.pk), case=case).select_related("reviewer").first()
    return _("%(name)s holds this case.") % {"name": held.reviewer.get_username()} if held is not None else ""
