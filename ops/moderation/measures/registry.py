"""The registry of acts, and the functions by which deciding and undoing use them without naming an act."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from messaging.database.alike import bulk_insert
from ops.moderation.measures.deleting import Deletion, lock_requests
from ops.moderation.measures.hiding import Hiding, Nothing
from ops.moderation.measures.kinds import Acting, Asked, Kind, Order, lock_people, names_of
from ops.moderation.measures.people import Restrict, Suspend, Warn
from ops.moderation.measures.redacting import Redacting
from ops.moderation.models import Act, Decision, Measure

ALL = (Hiding(), Redacting(), Warn(), Restrict(), Suspend(), Deletion(), Nothing())
KINDS: dict[Act, Kind] = {kind.act: kind for kind in ALL}


@dataclass
class Reversal:
    """What undoing measures would do now: the measures undone, and a sentence by primary key for each that stays."""

    undone: list[Measure] = field(default_factory=list)
    stays: dict[int, str] = field(default_factory=dict)


@dataclass
class Again:
    """What taking measures again would do now: the orders by decision, and a sentence by primary key for each measure
    that is not taken again."""

    orders: dict[int, list[Order]] = field(default_factory=dict)
    skipped: dict[int, str] = field(default_factory=dict)


def refuse_invalid(asked: Sequence[Asked], acting: Acting) -> None:
    """Raise DecisionRefused if these orders, of one decision or many, must not be carried out. The number of queries
    does not grow with the decisions."""
    by_act: dict[Act, list[Asked]] = {}
    for one in asked:
        for act, some in _by_act(one.orders):
            by_act.setdefault(act, []).append(one._replace(orders=some))
    for act, kind in KINDS.items():
        if act in by_act:
            kind.refuse(by_act[act], acting)


def carry_out(measures: Sequence[Measure], acting: Acting) -> list[Measure]:
    """Carry out these measures, of one decision or many, and store them. Their decisions are stored already."""
    for act, some in _by_act(measures):
        KINDS[act].carry_out(some, acting)
    return bulk_insert(measures, using=acting.using)


def reversal(measures: Sequence[Measure], acting: Acting) -> Reversal:
    """Return what undoing these stored measures would do; changes nothing."""
    found = Reversal()
    for act, some in _by_act(measures):
        stays = KINDS[act].stays(some, acting)
        found.stays |= stays
        found.undone += [one for one in some if one.pk not in stays and act != Act.NONE]
    return found


def lock(measures: Sequence[Measure], *, using: str) -> None:
    """Lock the deletion requests that undoing cancels, then the people concerned. Call it before locking cases."""
    lock_requests(measures)
    lock_people([one.user_id for one in measures if one.user_id is not None], using=using)


def undo(plan: Reversal, acting: Acting) -> None:
    """Undo the measures that do not stay. The decisions are marked as undone already."""
    for act, some in _by_act(plan.undone):
        KINDS[act].undo(some, acting)


def again(measures: Sequence[Measure], acting: Acting) -> Again:
    """Return what taking these undone measures again would do; changes nothing."""
    found = Again()
    for act, some in _by_act(measures):
        answers = KINDS[act].again(some, acting)
        for one in some:
            answer = answers.get(one.pk)
            if isinstance(answer, Order):
                found.orders.setdefault(one.decision_id, []).append(answer)
            elif answer:
                found.skipped[one.pk] = answer
    return found


def will_undo(plan: Reversal, *, using: str) -> list[str]:
    """Return the sentences that announce what undoing will do, one for each act."""
    names = names_of(plan.undone, using=using)
    return [words for act, some in _by_act(plan.undone) if (words := KINDS[act].will_undo(some, names))]


def in_words(measures: Sequence[Measure], names: Mapping[Any, str], *, upholds: bool) -> list[str]:
    """Return what the measures of one decision did, in a few words for each act; "reports upheld" if it upheld reports
    and took no measure."""
    if upholds and {one.act for one in measures} <= {Act.NONE}:
        return [_("reports upheld")]
    return [KINDS[act].words(some, names) for act, some in _by_act(measures)]


def attach_summaries(decisions: Sequence[Decision]) -> None:
    """Set ``did`` of each decision to what it did, in words. Runs two queries, however many decisions there are."""
    prefetch_related_objects(decisions, "measures")
    names = names_of([each for one in decisions for each in one.measures.all()], using=DEFAULT_DB_ALIAS)
    for one in decisions:
        one.did = in_words(list(one.measures.all()), names, upholds=one.upholds)  # type: ignore[attr-defined]


def _by_act(some: Iterable[Any]) -> list[tuple[Act, list[Any]]]:
    """Group orders or measures by act, in the order of the acts."""
    found: dict[str, list[Any]] = {}
    for one in some:
        found.setdefault(one.act, []).append(one)
    return [(act, found[act]) for act in KINDS if act in found]
