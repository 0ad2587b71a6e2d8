"""Counting messages by days: what each quarter of an hour brought, who wrote, and how soon replies came."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from django.db import connections

from ops.dashboard.models import Beginning, Family
from ops.dashboard.rollups import beginnings, measures, noted
from ops.dashboard.rollups.bins import kind_of
from ops.dashboard.rollups.noted import moment
from ops.dashboard.rollups.numbers import blocks
from ops.dashboard.rollups.numbers.storing import Place, put
from ops.dashboard.rollups.quarters import QUARTER, place, quarter_of, span
from ops.dashboard.rollups.statements import Span, imported_messages, quarter_in_span, spans_table

# {spans} first: an index finds the messages of each.
WITHIN = "{spans} CROSS JOIN messaging_message message WHERE message.timestamp >= first AND message.timestamp < after"
BY_QUARTER = (
    "SELECT number, {quarter}, {imported}, COUNT(*), SUM(CASE WHEN message.edited THEN 1 ELSE 0 END),"
    f" SUM(CASE WHEN message.read THEN 0 ELSE 1 END) FROM {WITHIN} GROUP BY 1, 2, 3"
)
BY_PEOPLE = f"SELECT number, {{imported}}, sender_id, receiver_id, COUNT(*) FROM {WITHIN} GROUP BY 1, 2, 3, 4"
BEGINNINGS = f"{{spans}} CROSS JOIN {Beginning._meta.db_table} beginning WHERE"
BEGUN = (
    f"SELECT number, {{began}}, imported, COUNT(*) FROM {BEGINNINGS} began_at >= first AND began_at < after"
    " GROUP BY 1, 2, 3"
)
REPLIED = f"SELECT number, imported, began_at, replied_at FROM {BEGINNINGS} replied_at >= first AND replied_at < after"
COUNTED = (measures.SENT, measures.EDITED, measures.UNREAD)

Numbers = defaultdict[Place, Counter[str]]


def count(quarters: Collection[datetime], days: set[date], zone: tzinfo, using: str) -> None:
    """Count these days anew, in which these quarters changed. Within a transaction.

    Where a conversation began, or was first replied to, at another time than before, that time is noted.
    """
    changed = beginnings.keep(quarters, using)
    noted.note(Family.MESSAGES, {quarter_of(at) for at in changed} - set(quarters), using)
    ordered = sorted(days)
    spans = [span(day, zone) for day in ordered]
    imported = imported_messages(using)
    found: Numbers = defaultdict(Counter)
    for number, quarter, was_imported, *numbers in _ask(BY_QUARTER, spans, using, imported):
        for measure, value in zip(COUNTED, numbers, strict=True):
            found[Place(ordered[number - 1], measure, bool(was_imported))][str(quarter)] = value
    for number, quarter, was_imported, value in _ask(BEGUN, spans, using):
        found[Place(ordered[number - 1], measures.BEGUN, bool(was_imported))][str(quarter)] = value
    for number, was_imported, sender, receiver, value in _ask(BY_PEOPLE, spans, using, imported):
        day = ordered[number - 1]
        found[Place(day, measures.SENDERS, bool(was_imported))][str(sender)] += value
        found[Place(day, measures.RECEIVERS, bool(was_imported))][str(receiver)] += value
    for number, was_imported, began_at, replied_at in _ask(REPLIED, spans, using):
        kind = kind_of(moment(replied_at) - moment(began_at))
        found[Place(ordered[number - 1], measures.REPLIED, bool(was_imported))][str(kind)] += 1
    blocks.keep(put(found, ordered, measures.MESSAGES, using), using)


def of_quarters(quarters: Collection[datetime], zone: tzinfo, using: str) -> Numbers:
    """Return what was sent, edited and is unread in a few quarters, as it is now."""
    ordered = sorted(quarters)
    found: Numbers = defaultdict(Counter)
    spans = [(at, at + QUARTER) for at in ordered]
    for number, _, was_imported, *numbers in _ask(BY_QUARTER, spans, using, imported_messages(using)):
        day, key = place(ordered[number - 1], zone)
        for measure, value in zip(COUNTED, numbers, strict=True):
            found[Place(day, measure, bool(was_imported))][key] = value
    return found


def _ask(statement: str, spans: Sequence[Span], using: str, imported: str = "") -> Iterator[tuple[Any, ...]]:
    if not spans:
        return iter(())
    table, params = spans_table(spans, using)
    quarter, began = (quarter_in_span(column, using) for column in ("message.timestamp", "began_at"))
    with connections[using].cursor() as cursor:
        cursor.execute(statement.format(spans=table, imported=imported, quarter=quarter, began=began), params)
        return iter(cursor.fetchall())
