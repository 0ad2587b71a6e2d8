"""The files of an export with reports, decisions and measures.

They contain reviewers' notes and texts for authors, so exporting them has a permission of its own. Flags are those of
exported messages, decisions those on their cases, and measures what these decisions did to exported messages or to
persons.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import F, Model, Q, QuerySet, Value

from ops.exports.columns import (
    FLAG,
    NUMBER,
    TIMESTAMP,
    WIDE,
    BooleanText,
    Column,
    IsoTimestamp,
    OwnExternalId,
    Table,
    TextExpression,
)
from ops.imports import own_ids
from ops.moderation.models import Decision, Flag, Measure

PERMISSION = "exports.export_reviews"


class OwnFlagId(TextExpression):
    """The external id that exports make from the primary key of a report without one."""

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        template = f"('{own_ids.prefix(compiler.using)}{own_ids.FLAG}' || %(expressions)s)"
        return super().as_sql(compiler, connection, *args, template=template, **extra)


class FlagTable(Table):
    """Reports, with the columns that an import of reports reads."""

    external_id = Column(F("external_id"), OwnFlagId("pk"))
    message = Column(F("message__external_id"), OwnExternalId("message_id"))
    revision = Column(F("revision"), kind=NUMBER)
    label = Column(F("label__slug"))
    source = Column(F("source"))
    reporter = Column(F("reporter__username"), Value(""))
    note = Column(F("note"), width=WIDE)
    created_at = Column(IsoTimestamp("created_at"), kind=TIMESTAMP)
    outcome = Column(F("outcome"))
    settled_at = Column(IsoTimestamp("settled_at"), kind=TIMESTAMP)
    case = Column(F("case_id"), kind=NUMBER)

    class Meta:
        model = Flag


class DecisionTable(Table):
    """Decisions, including those that were undone and those that undo others."""

    decision = Column(F("pk"), kind=NUMBER)
    case = Column(F("case_id"), kind=NUMBER)
    label = Column(F("label__slug"), Value(""))
    decided_at = Column(IsoTimestamp("decided_at"), kind=TIMESTAMP)
    decided_by = Column(F("decided_by_name"))
    in_force = Column(BooleanText("in_force"), kind=FLAG)
    ended_at = Column(IsoTimestamp("lapsed_at"), kind=TIMESTAMP)
    cause = Column(F("cause"))
    reverses = Column(F("reverses_id"), kind=NUMBER)
    restores = Column(F("restores_id"), kind=NUMBER)
    upholds = Column(BooleanText("upholds"), kind=FLAG)
    reason = Column(F("reason__slug"), Value(""))
    sent = Column(F("sent"), width=WIDE)
    note = Column(F("note"), width=WIDE)

    class Meta:
        model = Decision


class MeasureTable(Table):
    """Measures: what decisions did, and to which message or person."""

    decision = Column(F("decision_id"), kind=NUMBER)
    act = Column(F("act"))
    message = Column(F("message__external_id"), OwnExternalId("message_id"), Value(""))
    person = Column(F("user__username"), Value(""))
    until = Column(IsoTimestamp("until"), kind=TIMESTAMP)
    in_force = Column(BooleanText("decision__in_force"), kind=FLAG)

    class Meta:
        model = Measure


TABLES: Mapping[str, type[Table]] = {"flags": FlagTable, "decisions": DecisionTable, "measures": MeasureTable}
MODELS: Mapping[str, type[Model]] = {"flags": Flag, "decisions": Decision, "measures": Measure}


def may_export_reviews(user: Any) -> bool:
    """Return whether a user may export reports and decisions with messages."""
    return user is not None and user.has_perm(PERMISSION)


def rows_of(messages: QuerySet) -> dict[str, QuerySet]:
    """Return the rows of each of TABLES for these messages."""
    chosen = messages.order_by().values("pk")
    flags = Flag.objects.filter(message__in=chosen)
    decisions = Decision.objects.filter(case__in=flags.order_by().values("case"))
    about = Q(message=None) | Q(message__in=chosen)
    measures = Measure.objects.filter(about, decision__in=decisions.order_by().values("pk"))
    return {"flags": flags, "decisions": decisions, "measures": measures}
