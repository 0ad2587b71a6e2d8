"""Counting messages by days: what each quarter of an hour brought, who wrote, and how soon replies came."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from django.db import connections

from ops.dashboard.models import Beginning, Family
from ops.dashboard.rollups import beginnings, measures, noted
from ops.dashboard.rollups.bins import kind_of_seconds
from ops.dashboard.rollups.numbers import blocks
from ops.dashboard.rollups.numbers.storing import Place, put
from ops.dashboard.rollups.quarters import QUARTER, hours_of_week, place, span
from ops.dashboard.rollups.statements import (
    Span,
    imported_messages,
    quarter_in_span,
    seconds_between,
    spans_table,
    texts_of,
)

# {spans} first: an index finds the messages of each. What every message says is told as one text for each span, and
# counted here: that takes a third of the time of groups in SQL.
BY_SPAN = """
SELECT number, {imported}, {listed[conversation]}, {listed[quarter]}, {listed[sender]}, {listed[receiver]},
    {listed[edited]}, {listed[unread]}
FROM {spans} CROSS JOIN messaging_message message WHERE message.timestamp >= first AND message.timestamp < after
GROUP BY 1, 2
"""
BEGINNINGS = f"{{spans}} CROSS JOIN {Beginning._meta.db_table} beginning WHERE"
BEGUN = (
    f"SELECT number, {{began}}, imported, COUNT(*) FROM {BEGINNINGS} began_at >= first AND began_at < after"
    " GROUP BY 1, 2, 3"
)
REPLIED = f"SELECT number, imported, {{took}} FROM {BEGINNINGS} replied_at >= first AND replied_at < after"
QUARTERS_A_DAY = 96
SPANS_AT_ONCE = {"postgresql": 1_000, "sqlite": 1}  # SQLite sorts what it groups, which takes longer the more it is
COUNTED = (measures.SENT, measures.EDITED, measures.UNREAD)

Numbers = defaultdict[Place, Counter[str]]


def count(quarters: Collection[datetime], days: set[date], zone: tzinfo, using: str) -> None:
    """Count these days anew, in which these quarters changed. Within a transaction.

    Where a conversation began, or was first replied to, at another time than before, that time is noted.
    """
    ordered = sorted(days)
    spans = [span(day, zone) for day in ordered]
    found: Numbers = defaultdict(Counter)
    conversations: set[int] = set()
    for number, was_imported, its_conversations, counted in _by_span(spans, using):
        day = ordered[number - 1]
        conversations.update(map(int, its_conversations))
        for measure, numbers in counted.items():
            found[Place(day, measure, was_imported)] = numbers
        hours = hours_of_week(day, zone)
        for quarter, value in counted[measures.SENT].items():
            found[Place(day, measures.HOURS, was_imported)][hours[int(quarter)]] += value
    # Those of a few quarters are found sooner than those of whole days are looked at.
    most = len(quarters) * 2 > len(days) * QUARTERS_A_DAY
    changed = beginnings.keep(quarters, using, conversations=conversations if most else None)
    noted.note(Family.MESSAGES, changed - set(quarters), using)
    for number, quarter, was_imported, value in _ask(BEGUN, spans, using):
        found[Place(ordered[number - 1], measures.BEGUN, bool(was_imported))][str(quarter)] = value
    for number, was_imported, took in _ask(REPLIED, spans, using):
        found[Place(ordered[number - 1], measures.REPLIED, bool(was_imported))][str(kind_of_seconds(took))] += 1
    blocks.keep(put(found, ordered, measures.MESSAGES, using), using)


def of_quarters(quarters: Collection[datetime], zone: tzinfo, using: str) -> Numbers:
    """Return what was sent, edited and is unread in a few quarters, as it is now."""
    ordered = sorted(quarters)
    found: Numbers = defaultdict(Counter)
    if not ordered:
        return found
    for number, was_imported, _, counted in _by_span([(at, at + QUARTER) for at in ordered], using):
        day, key = place(ordered[number - 1], zone)
        for measure in COUNTED:
            found[Place(day, measure, was_imported)][key] = counted[measure].total()
    return found


def _by_span(spans: Sequence[Span], using: str) -> Iterator[tuple[int, bool, set[str], dict[str, Counter[str]]]]:
    """The number of each span, whether an import brought them, the conversations of its messages, and what these are by
    measure."""
    quarter = quarter_in_span("message.timestamp", using)
    listed = {
        "conversation": texts_of("message.conversation_id", using),
        "quarter": texts_of(quarter, using),
        "sender": texts_of("message.sender_id", using),
        "receiver": texts_of("message.receiver_id", using),
        "edited": texts_of(f"CASE WHEN message.edited THEN {quarter} END", using),
        "unread": texts_of(f"CASE WHEN message.read THEN NULL ELSE {quarter} END", using),
    }
    parts = {"imported": imported_messages(using), "listed": listed}
    names = (measures.SENT, measures.SENDERS, measures.RECEIVERS, measures.EDITED, measures.UNREAD)
    at_once = SPANS_AT_ONCE[connections[using].vendor]
    for first in range(0, len(spans), at_once):
        for number, was_imported, ids, *texts in _ask(BY_SPAN, spans[first : first + at_once], using, **parts):
            counted = {name: Counter(text.split(",") if text else ()) for name, text in zip(names, texts, strict=True)}
            yield first + number, bool(was_imported), set(ids.split(",")), counted


def _ask(statement: str, spans: Sequence[Span], using: str, **parts: Any) -> Iterator[tuple[Any, ...]]:
    if not spans:
        return iter(())
    table, params = spans_table(spans, using)
    began, took = quarter_in_span("began_at", using), seconds_between("began_at", "replied_at", using)
    with connections[using].cursor() as cursor:
        cursor.execute(statement.format(spans=table, began=began, took=took, **parts), params)
        return iter(cursor.fetchall())
