"""Undoing an undo: what was decided is decided again, as far as nothing has happened since that calls for another look.

The decision is a new one, in the name of whoever restores it, which names the undo (``Decision.restores``). So it can
be undone as every other.
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
    """What restoring would do: the choice that is made again, why measures are not taken again, as sentences, and
    ``refusal``, a sentence where nothing can be restored at all."""

    choice: Choice | None = None
    skipped: list[str] = field(default_factory=list)
    refusal: str = ""


def restoring(undo: Decision, *, by: Any, using: str = DEFAULT_DB_ALIAS) -> Restoring:
    """Return what ``restore`` would do with this decision, which undid another one, now; changes nothing."""
    refusal = _why_not(undo, by, using)
    if refusal or undo.reverses is None:
        return Restoring(refusal=refusal)
    measures = list(undo.reverses.measures.using(using).order_by("pk"))
    acting = Acting(by, timezone.now(), using)
    again = registry.again(measures, acting)
    choice = choice_again(undo.reverses, again.orders.get(undo.reverses.pk, ()), by=undo)
    found = Restoring(choice, list(again.skipped.values()))
    try:
        registry.refuse_unsound([Asked(undo.case, choice.sent, choice.orders)], acting)
    except DecisionRefused as refused:
        found.refusal = str(refused)
    return found


def choice_again(decision: Decision, orders: Sequence[Order], *, by: Decision, note: str = "") -> Choice:
    """Return what is chosen where ``decision``, which was undone ``by`` another one, is made again, with these
    orders."""
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
    """Decide again what this decision undid, and close the case; returns the new decision.

    Raises DecisionRefused where it undid nothing, where ``by`` may restore only what they undid themselves, and where
    something has happened since: the case changed in any way, a text did, or what it was about was erased.
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
    """Return what the choice that is made again does, in a few words for each act."""
    measures = [order.measure for order in choice.orders]
    return registry.in_words(measures, names_of(measures, using=using), upholds=choice.outcome == Outcome.UPHELD)


def _undo(using: str) -> Any:
    return Decision.objects.using(using).select_related("case", "reverses__label", "reverses__reason")


def _why_not(undo: Decision, by: Any, using: str) -> str:
    """Why nothing can be restored at all, as a sentence; "" where it can."""
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
    """What has happened since that calls for another look, as a sentence."""
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
    """Whether a covered message has another text than when it was decided; that a removal was undone is no change."""
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
