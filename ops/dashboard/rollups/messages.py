"""Counting messages by days: what each quarter of an hour brought, who wrote, and how soon replies came."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, tzinfo
from functools import cache
from itertools import product
from typing import Any

from django.db import connections

from ops.dashboard.models import Beginning
from ops.dashboard.rollups import beginnings, measures
from ops.dashboard.rollups.bins import kind_of_seconds
from ops.dashboard.rollups.numbers import blocks
from ops.dashboard.rollups.numbers.storing import Place, put
from ops.dashboard.rollups.quarters import QUARTER, hours_of_week, moment, place, span, spans_of
from ops.dashboard.rollups.statements import (
    Span,
    imported_messages,
    quarter_in_span,
    seconds_between,
    spans_table,
    texts_of,
)

# Spans first: an index finds the messages of each. What every message says is told as one text for each span, and
# counted here: that takes a third of the time of groups in SQL.
BY_SPAN = """
SELECT number, {listed[conversation]}, {listed[quarter]}, {listed[sender]} FILTER (WHERE NOT {imported}),
    {listed[receiver]} FILTER (WHERE NOT {imported}), {listed[sender]} FILTER (WHERE {imported}),
    {listed[receiver]} FILTER (WHERE {imported})
FROM spans CROSS JOIN messaging_message message WHERE message.timestamp >= first AND message.timestamp < after
{grouped}
"""
# SQLite would find a span's moments anew for each row; PostgreSQL no longer knew their order.
SPANS = {
    "postgresql": "WITH spans AS NOT MATERIALIZED (SELECT * FROM {spans})",
    "sqlite": "WITH spans AS MATERIALIZED (SELECT * FROM {spans})",
}
# What a message is beside its quarter, as a number below FLAGS.
IS_EDITED, IS_UNREAD, IS_IMPORTED, FLAGS = 1, 2, 4, 8
BEGINNINGS = f"spans CROSS JOIN {Beginning._meta.db_table} beginning WHERE"
BEGUN = (
    f"SELECT number, {{began}}, imported, COUNT(*) FROM {BEGINNINGS} began_at >= first AND began_at < after"
    " GROUP BY 1, 2, 3"
)
REPLIED = f"SELECT number, imported, {{took}} FROM {BEGINNINGS} replied_at >= first AND replied_at < after"
QUARTERS_A_DAY = 96
TELLING = [
    [
        (measure, bool(flags & IS_IMPORTED))
        for measure, flag in ((measures.SENT, 0), (measures.EDITED, IS_EDITED), (measures.UNREAD, IS_UNREAD))
        if flags & flag == flag
    ]
    for flags in range(FLAGS)
]
# How many spans one statement counts, and how: SQLite would sort what it groups.
AT_ONCE = {"postgresql": (1_000, "GROUP BY number"), "sqlite": (1, "")}
COUNTED = (measures.SENT, measures.EDITED, measures.UNREAD)

Numbers = defaultdict[Place, Counter[str]]


def count(quarters: Collection[str], days: set[date], zone: tzinfo, using: str) -> None:
    """Count these days anew, in which these quarters changed. Within a transaction.

    Where a conversation began, or was first replied to, at another time than before, that time is noted.
    """
    ordered = sorted(days)
    spans = [span(day, zone) for day in ordered]
    found: Numbers = defaultdict(Counter)
    people: dict[Place, list[str]] = {}
    conversations: set[int] = set()
    for number, its_conversations, counted, listed in _by_span(spans, using):
        day = ordered[number - 1]
        conversations.update(map(int, its_conversations))
        hours = hours_of_week(day, zone)
        people.update({Place(day, measure, was_imported): names for (measure, was_imported), names in listed.items()})
        for (measure, was_imported), numbers in counted.items():
            found[Place(day, measure, was_imported)] = numbers
            if measure == measures.SENT:
                of_hours = found[Place(day, measures.HOURS, was_imported)]
                for quarter, value in numbers.items():
                    of_hours[hours[int(quarter)]] += value
    # Those of a few quarters are found sooner than those of whole days are looked at.
    most = len(quarters) * 2 > len(days) * QUARTERS_A_DAY
    if most:
        beginnings.keep(spans, using, counted=spans, conversations=conversations)
    else:
        beginnings.keep(spans_of(map(moment, quarters)), using, counted=spans)
    for number, quarter, was_imported, value in _ask(BEGUN, spans, using):
        found[Place(ordered[number - 1], measures.BEGUN, bool(was_imported))][str(quarter)] = value
    replies = _ask(REPLIED, spans, using)
    replied = Counter([(number, was_imported, kind_of_seconds(took)) for number, was_imported, took in replies])
    for (number, was_imported, kind), value in replied.items():
        found[Place(ordered[number - 1], measures.REPLIED, bool(was_imported))][str(kind)] = value
    blocks.keep(put({**found, **people}, ordered, measures.MESSAGES, using), using)


def of_quarters(quarters: Collection[datetime], zone: tzinfo, using: str) -> Numbers:
    """Return what was sent, edited and is unread in a few quarters, as it is now."""
    ordered = sorted(quarters)
    found: Numbers = defaultdict(Counter)
    if not ordered:
        return found
    for number, _, counted, _ in _by_span([(at, at + QUARTER) for at in ordered], using):
        day, key = place(ordered[number - 1], zone)
        for (measure, was_imported), numbers in counted.items():
            found[Place(day, measure, was_imported)][key] = numbers.total()
    return found


def _by_span(
    spans: Sequence[Span], using: str
) -> Iterator[tuple[int, set[str], dict[tuple[str, bool], Counter[str]], dict[tuple[str, bool], list[str]]]]:
    """The number of each span that has messages, and of these: their conversations, how many they are by quarter, and
    the people of each, both by measure and whether an import brought them."""
    imported = imported_messages(using)
    flags = (("message.edited", IS_EDITED), ("NOT message.read", IS_UNREAD), (imported, IS_IMPORTED))
    flag = " + ".join(f"CASE WHEN {condition} THEN {number} ELSE 0 END" for condition, number in flags)
    listed = {
        "conversation": texts_of("message.conversation_id", using),
        "quarter": texts_of(f"{quarter_in_span('message.timestamp', using)} * {FLAGS} + {flag}", using),
        "sender": texts_of("message.sender_id", using),
        "receiver": texts_of("message.receiver_id", using),
    }
    at_once, grouped = AT_ONCE[connections[using].vendor]
    for first in range(0, len(spans), at_once):
        rows = _ask(BY_SPAN, spans[first : first + at_once], using, imported=imported, listed=listed, grouped=grouped)
        for number, conversations, quarters, *people in rows:
            if quarters is None:
                continue
            of_people = product((False, True), measures.PEOPLE)
            listed_people = {
                (measure, was_imported): accounts.split(",")
                for (was_imported, measure), accounts in zip(of_people, people, strict=True)
                if accounts
            }
            yield first + number, set(conversations.split(",")), _by_quarter(quarters), listed_people


def _by_quarter(texts: str) -> dict[tuple[str, bool], Counter[str]]:
    """What was sent, edited and is unread, by quarter, of quarters with flags."""
    found: defaultdict[tuple[str, bool], dict[str, int]] = defaultdict(dict)
    for text, number in Counter(texts.split(",")).items():
        quarter, telling = told_by(text)
        for told in telling:
            numbers = found[told]
            numbers[quarter] = numbers.get(quarter, 0) + number
    return {told: Counter(numbers) for told, numbers in found.items()}


@cache
def told_by(text: str) -> tuple[str, list[tuple[str, bool]]]:
    """What a quarter with flags tells: its key, and the measures that it counts for, and whether it was imported."""
    quarter, flags = divmod(int(text), FLAGS)
    return str(quarter), TELLING[flags]


def _ask(statement: str, spans: Sequence[Span], using: str, **parts: Any) -> Iterator[tuple[Any, ...]]:
    if not spans:
        return iter(())
    table, params = spans_table(spans, using)
    began, took = quarter_in_span("began_at", using), seconds_between("began_at", "replied_at", using)
    with connections[using].cursor() as cursor:
        told = f"{SPANS[connections[using].vendor]} {statement}".format(spans=table, began=began, took=took, **parts)
        cursor.execute(told, params)
        return iter(cursor.fetchall())
