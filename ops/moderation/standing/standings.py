"""The standing of a conversation or message in review: the labels of its reports, and the state of its case.

A conversation can have several cases, of which at most one is pending. The pending case determines the standing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy, pgettext_lazy

from messaging.database.statements import Statement, compiled_statement
from messaging.writing import ids_given, ids_slot
from ops.moderation.models import Case, Cause, Decision, Flag, Label, Outcome, Severity, State


class Path(NamedTuple):
    """The lookups from a case, and from a flag, to a row of a list."""

    from_case: str
    from_flag: str


PATHS = {
    "messaging.conversation": Path("conversation", "case__conversation"),
    "messaging.message": Path("flags__message", "message"),
}
REPORTED, NEVER, OVERDUE, DECIDED, LAPSED = "reported", "never", "overdue", "decided", "lapsed"
CHOICES = (
    (REPORTED, pgettext_lazy("reports of a conversation", "Reported")),
    (State.OPEN.value, pgettext_lazy("state of a case", "Open")),
    (State.WAITING.value, pgettext_lazy("state of a case", "Waiting")),
    (State.ESCALATED.value, pgettext_lazy("state of a case", "Escalated")),
    (OVERDUE, pgettext_lazy("reports of a conversation", "Overdue")),
    (LAPSED, gettext_lazy("Decision lapsed")),
    (DECIDED, pgettext_lazy("reports of a conversation", "Decided")),
    (State.CLOSED.value, gettext_lazy("Closed without a decision in force")),
    (NEVER, gettext_lazy("Never reported")),
)


@dataclass
class Standing:
    """What a row shows of its reports: labels, worst first, each with its number of reports; the case, its state,
    whether it is overdue, and whether a decision on it lapsed. ``state`` is DECIDED for a case with a decision in
    force."""

    labels: list[tuple[Label, int]] = field(default_factory=list)
    case_id: int = 0
    state: str = ""
    overdue: bool = False
    lapsed: bool = False

    @property
    def worst(self) -> Label:
        return self.labels[0][0]

    @property
    def others(self) -> list[Label]:
        """The labels besides the worst one."""
        return [label for label, _ in self.labels[1:]]

    @property
    def reports(self) -> int:
        return sum(number for _, number in self.labels)


def of_rows(model: str, keys: Collection[Any]) -> dict[Any, Standing]:
    """Return the standings of reported rows of ``model`` ("app.model") by primary key. Runs three queries, however many
    rows there are.

    Counts the waiting reports or, if none is waiting, the settled ones. Withdrawn reports never count.
    """
    path = PATHS[model]
    labels = _labels(path, keys)
    found = {key: Standing(labels=some) for key, some in labels.items()}
    if found:
        _add_cases(found, path)
    return {key: standing for key, standing in found.items() if standing.case_id}


def of_conversation(conversation_id: int) -> Standing | None:
    """Return the standing of a conversation; None if nothing in it was reported."""
    return of_rows("messaging.conversation", [conversation_id]).get(conversation_id)


def matching(rows: QuerySet, standing: str) -> QuerySet:
    """Filter ``rows``, conversations or messages, by a standing, one of CHOICES."""
    path = PATHS[rows.model._meta.label_lower]
    pending = Case.objects.pending()
    if standing == NEVER:
        return rows.exclude(_reported(path))
    if standing == REPORTED:
        return rows.filter(_reported(path))
    if standing == OVERDUE:
        return rows.filter(pk__in=_rows_of(Case.objects.overdue(), path.from_case))
    if standing == LAPSED:
        return rows.filter(pk__in=_rows_of(pending.filter(Exists(_lapsed())), path.from_case))
    if standing not in (DECIDED, State.CLOSED):
        return rows.filter(pk__in=_rows_of(pending.filter(state=standing), path.from_case))
    settled = rows.exclude(Exists(pending.filter(**{path.from_case: OuterRef("pk")})))
    decided = Exists(Decision.objects.in_force().filter(case=OuterRef("pk")))
    in_force = Exists(Case.objects.filter(decided, **{path.from_case: OuterRef("pk")}))
    return settled.filter(in_force) if standing == DECIDED else settled.filter(_reported(path)).exclude(in_force)


def of_label(rows: QuerySet, slug: str) -> QuerySet:
    """Filter ``rows``, conversations or messages, by the label of their reports."""
    path = PATHS[rows.model._meta.label_lower]
    return rows.filter(_reported(path, label__slug=slug))


def reported(model: str, **reports: Any) -> Exists:
    """Return the condition that a row of ``model`` ("app.model") has such reports."""
    return _reported(PATHS[model], **reports)


def _reported(path: Path, **reports: Any) -> Exists:
    """Return the condition that a row has such reports. For conversations it nests cases and flags: if many rows match,
    PostgreSQL walks the list in its order, instead of first joining all reports with all cases."""
    if path.from_case != "conversation":
        return Exists(Flag.objects.not_withdrawn().filter(**{path.from_flag: OuterRef("pk")}, **reports))
    of_case = Exists(Flag.objects.not_withdrawn().filter(case=OuterRef("pk"), **reports))
    return Exists(Case.objects.filter(of_case, conversation=OuterRef("pk")))


def _rows_of(found: QuerySet, path: str) -> QuerySet:
    """Return the keys of rows as a subquery: if few rows match, the database does not scan the list for them."""
    return found.filter(**{f"{path}__isnull": False}).order_by().values(path)


def _lapsed() -> Any:
    """Select the decisions on the outer query's case that lapsed because a text changed, and were not undone."""
    return Decision.objects.filter(case=OuterRef("pk"), cause=Cause.TEXT_CHANGED, reverses=None, reversed_by=None)


def _labels(path: Path, keys: Collection[Any]) -> dict[Any, list[tuple[Label, int]]]:
    found: defaultdict[Any, list[tuple[int, int, int]]] = defaultdict(list)
    using = DEFAULT_DB_ALIAS
    for key, label, waiting, total in _counted(path, using).ask(using=using, keys=ids_given(keys, using=using)):
        found[key].append((label, waiting, total))
    labels = Label.objects.in_bulk({label for some in found.values() for label, _, _ in some}) if found else {}
    return {key: _numbers(some, labels) for key, some in found.items()}


@cache
def _counted(path: Path, using: str) -> Statement:
    """The query that counts the waiting reports and all reports by row and label. Cached: every list runs it."""
    rows = Flag.objects.not_withdrawn().filter(**{f"{path.from_flag}__in": ids_slot("keys", using=using)}).order_by()
    waits = Count("pk", filter=Q(outcome=Outcome.WAITING))
    numbers = rows.values_list(path.from_flag, "label").annotate(waiting=waits, total=Count("pk"))
    return compiled_statement(numbers, using=using)


def _numbers(counted: Iterable[tuple[int, int, int]], labels: dict[int, Label]) -> list[tuple[Label, int]]:
    """Return the labels of one row, worst first, with their waiting reports or, if none is waiting, all reports."""
    some = list(counted)
    waiting = [(labels[label], number) for label, number, _ in some if number]
    order = list(Severity)
    return sorted(
        waiting or [(labels[label], total) for label, _, total in some],
        key=lambda one: (order.index(Severity(one[0].severity)), -one[1], one[0].name),
    )


def _add_cases(found: dict[Any, Standing], path: Path) -> None:
    now = timezone.now()
    cases = Case.objects.filter(**{f"{path.from_case}__in": list(found)}).annotate(
        decided=Exists(Decision.objects.in_force().filter(case=OuterRef("pk"))), has_lapsed=Exists(_lapsed())
    )
    fields = (path.from_case, "pk", "state", "due_at", "decided", "has_lapsed")
    for key, pk, state, due_at, decided, has_lapsed in cases.order_by("pk").values_list(*fields).distinct():
        standing = found[key]
        if state != State.CLOSED:
            standing.state, standing.overdue, standing.lapsed = state, due_at < now, has_lapsed
        elif standing.state in ("", State.CLOSED, DECIDED):
            standing.state = DECIDED if decided or standing.state == DECIDED else state
        else:
            continue  # a pending case takes precedence
        standing.case_id = pk
