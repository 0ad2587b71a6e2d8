"""Which cases a group can process, and why it cannot process others. The preview and the job both use it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from django.db.models import Case as Choose
from django.db.models import CharField, Count, Exists, F, OuterRef, Q, Subquery, Sum, Value, When

from ops.moderation import cases
from ops.moderation.measures import limits
from ops.moderation.models import (
    Case,
    CasePerson,
    Cause,
    Claim,
    CoveredMessage,
    Decision,
    DecisionGroup,
    Flag,
    GroupKind,
    LeftOut,
    Measure,
    State,
)
from ops.moderation.models.cases import concerns, overturned

Conditions = list[tuple[LeftOut, Any]]


class Fitness(NamedTuple):
    """A case now: its version, the number of waiting reports, the sum of the revisions of the reported messages, and
    why it is left out ("" if it is not)."""

    version: int
    reports: int
    revisions: int
    why: str

    @property
    def seen(self) -> dict[str, int]:
        """What must be unchanged when the job reaches the case."""
        return {"version": self.version, "reports": self.reports, "revisions": self.revisions}


def fitness_of(group: DecisionGroup, ids: Collection[int], *, by: Any) -> dict[int, Fitness]:
    """Return the fitness of these cases for ``group``, whose author is ``by``; two queries."""
    among = cases.id_lookup(ids, using="default")
    conditions = CONDITIONS[GroupKind(group.kind)](group, by, among)
    choose = Choose(
        *(When(condition, then=Value(why.value)) for why, condition in conditions),
        default=Value(""),
        output_field=CharField(),
    )
    waiting = Flag.objects.waiting().filter(case__in=among).order_by().values_list("case")
    reports = {
        pk: (number, revisions or 0)
        for pk, number, revisions in waiting.annotate(number=Count("pk"), revisions=Sum("message__revision"))
    }
    rows = Case.objects.filter(pk__in=among).order_by().annotate(why=choose).values_list("pk", "version", "why")
    return {pk: Fitness(version, *reports.get(pk, (0, 0)), why) for pk, version, why in rows}


def _held(by: Any) -> Exists:
    return Exists(Claim.objects.live().filter(case=OuterRef("pk")).exclude(reviewer=by.pk))


# Each subquery for rows of a case is restricted to the cases in question. Otherwise PostgreSQL may first collect the
# rows of all cases: every waiting report, for each batch.


def _deciding(group: DecisionGroup, by: Any, among: Any) -> Conditions:
    """Return the conditions for deciding: as for claiming a case, but escalated ones are left for an individual
    decision."""
    out_of_reach = authors().filter(limits.out_of_reach(by, "user"), case=OuterRef("pk"), case__in=among)
    return [
        (LeftOut.CLOSED, Q(state=State.CLOSED)),
        (LeftOut.ERASED, Q(conversation=None)),
        (LeftOut.ESCALATED, Q(state=State.ESCALATED)),
        (LeftOut.HELD, _held(by)),
        *((LeftOut.ABOUT_YOU, condition) for condition in concerns(by.pk, among=among)),
        (LeftOut.OVERTURNED, overturned(by.pk)),
        (LeftOut.NOTHING, ~Exists(_waiting(among).filter(message__isnull=False))),
        *([(LeftOut.PROTECTED, Exists(out_of_reach))] if group.warns else []),
    ]


def _undoing(group: DecisionGroup, by: Any, among: Any) -> Conditions:
    """Return the conditions for undoing: nothing has happened since the decision that calls for another look."""
    decided = Decision.objects.filter(case=OuterRef("pk"), group=group.reverses_id)
    places = Case.objects.filter(pk__in=among).values("conversation")
    others = Case.objects.pending().filter(conversation=OuterRef("conversation"), conversation__in=places)
    others = others.exclude(pk=OuterRef("pk"))
    return [
        (LeftOut.UNDONE, Exists(decided.filter(reversed_by__isnull=False))),
        (LeftOut.ERASED, Q(conversation=None) | ~Exists(_covered(decision__group=group.reverses_id))),
        (LeftOut.DECIDED, Exists(_newer(group))),
        (LeftOut.TEXT_CHANGED, Exists(decided.filter(cause=Cause.TEXT_CHANGED))),
        (LeftOut.REPORTED, Exists(_waiting(among))),
        (LeftOut.ANOTHER_CASE, Exists(others)),
        (LeftOut.HELD, _held(by)),
        *((LeftOut.ABOUT_YOU, condition) for condition in concerns(by.pk, among=among)),
        (LeftOut.CHANGED, ~Exists(decided.filter(in_force=True))),
    ]


def _redoing(group: DecisionGroup, by: Any, among: Any) -> Conditions:
    """Return the conditions for deciding again: nothing has happened to the case since the undo."""
    undone = Decision.objects.filter(case=OuterRef("pk"), group=group.reverses_id)
    assert group.reverses is not None
    before = group.reverses.reverses_id  # the group that was undone
    covered = _covered(decision__group=before)
    measures = Measure.objects.filter(decision__group=before, decision__case=OuterRef("pk"))
    people = measures.filter(user__isnull=False, confirmed_at=None)
    elsewhere = measures.filter(message__isnull=False).exclude(message__conversation=OuterRef("conversation"))
    later = Flag.objects.filter(case=OuterRef("pk"), case__in=among, created_at__gt=_of_reversed(group, "decided_at"))
    return [
        (LeftOut.DECIDED, Exists(_newer(group))),
        (LeftOut.ERASED, Q(conversation=None) | ~Exists(covered) | Exists(people.filter(decision__sent=""))),
        (LeftOut.CLOSED, Q(state=State.CLOSED)),
        (LeftOut.TEXT_CHANGED, Exists(covered.exclude(revision=F("message__revision")))),
        (LeftOut.REPORTED, Exists(later)),
        (LeftOut.REFUSED, Exists(elsewhere)),
        (LeftOut.ESCALATED, Q(state=State.ESCALATED)),
        (LeftOut.HELD, _held(by)),
        *((LeftOut.ABOUT_YOU, condition) for condition in concerns(by.pk, among=among)),
        (LeftOut.OVERTURNED, overturned(by.pk)),
        (LeftOut.PROTECTED, Exists(people.filter(limits.out_of_reach(by, "user")))),
        (LeftOut.CHANGED, ~Exists(undone.filter(version_after=OuterRef("version")))),
    ]


def _waiting(among: Any) -> Any:
    """Return the waiting reports of a case."""
    return Flag.objects.waiting().filter(case=OuterRef("pk"), case__in=among)


def authors() -> Any:
    """Return the people of cases who wrote a message with a waiting report there."""
    waiting = Flag.objects.waiting().filter(case=OuterRef("case"), message__sender=OuterRef("user"))
    return CasePerson.objects.filter(Exists(waiting)).order_by()


def _covered(**of: Any) -> Any:
    """Return the messages that decisions cover and that still exist."""
    return CoveredMessage.objects.filter(**of, decision__case=OuterRef("pk"), message__isnull=False)


def _newer(group: DecisionGroup) -> Any:
    """Return the decisions on the case that are newer than the one to be reversed."""
    after = _of_reversed(group, "version_after")
    return Decision.objects.filter(case=OuterRef("pk"), reverses=None, version_after__gt=after)


def _of_reversed(group: DecisionGroup, name: str) -> Subquery:
    """Return a field of the decision to be reversed, as a subquery for rows with a ``case``."""
    return Subquery(Decision.objects.filter(case=OuterRef("case"), group=group.reverses_id).values(name)[:1])


CONDITIONS = {GroupKind.DECIDE: _deciding, GroupKind.UNDO: _undoing, GroupKind.REDO: _redoing}
