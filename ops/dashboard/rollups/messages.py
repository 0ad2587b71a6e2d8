"""Counting messages by day: those of each quarter of an hour, their senders and receivers, and the times to reply."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, tzinfo
from functools import cache
from itertools import compress
from typing import Any, NamedTuple

from django.db import connections

from ops.dashboard.models import Beginning
from ops.dashboard.rollups import beginnings, measures
from ops.dashboard.rollups.bins import by_kind
from ops.dashboard.rollups.meanwhile import Ask, Rows, asking, meanwhile
from ops.dashboard.rollups.numbers import blocks
from ops.dashboard.rollups.numbers.storing import Counted, Place
from ops.dashboard.rollups.quarters import QUARTER, QUARTERS_A_DAY, hours_of_week, joined, moment, place, span, spans_of
from ops.dashboard.rollups.statements import (
    Span,
    imported_messages,
    is_plain,
    keys_in,
    quarter_in_span,
    quarter_of_day,
    seconds_between,
    spans_table,
    texts_of,
)

# Spans first, so that an index finds the messages of each. The database returns each column of a span's messages as a
# list in one text, all in the same order, and Python counts: that takes a third of the time of GROUP BY.
BY_SPAN = """
SELECT number, (
    SELECT {quarter} || ';' || {conversation} || ';' || {sender} || ';' || {receiver}
    FROM messaging_message message WHERE message.timestamp >= first AND message.timestamp < after
) FROM spans
"""
# Spans per statement. Python adds up those of SQLite while it reads the next ones, those of PostgreSQL while it updates
# beginnings.
AT_ONCE = {"postgresql": 1_000, "sqlite": 16}
# SQLite would otherwise compute a span's moments for each row; materialized, PostgreSQL would lose the order of spans.
SPANS = {
    "postgresql": "WITH spans AS NOT MATERIALIZED (SELECT * FROM {spans})",
    "sqlite": "WITH spans AS MATERIALIZED (SELECT * FROM {spans})",
}
HELD = """
SELECT COUNT(*) FROM (
    SELECT 1 FROM {spans} CROSS JOIN messaging_message message
    WHERE message.timestamp >= first AND message.timestamp < after LIMIT %s
) held
"""
# The flags of a message, a number below FLAGS that is added to its quarter times FLAGS.
IS_EDITED, IS_UNREAD, IS_IMPORTED, FLAGS = 1, 2, 4, 8
OF_BEGINNINGS = f"""
SELECT number, (
    SELECT COALESCE({{listed}} FILTER (WHERE NOT imported), '') || ';'
        || COALESCE({{listed}} FILTER (WHERE imported), '')
    FROM {Beginning._meta.db_table} WHERE {{at}} >= first AND {{at}} < after
) FROM spans
"""
MEASURES_BY_FLAGS = [
    [
        (measure, bool(flags & IS_IMPORTED))
        for measure, flag in ((measures.SENT, 0), (measures.EDITED, IS_EDITED), (measures.UNREAD, IS_UNREAD))
        if flags & flag == flag
    ]
    for flags in range(FLAGS)
]
COUNTED = (measures.SENT, measures.EDITED, measures.UNREAD)
OF_MESSAGES = (*COUNTED, measures.HOURS, *measures.PEOPLE)
OF_CONVERSATIONS = (measures.BEGUN, measures.REPLIED)

Numbers = defaultdict[Place, Counter[str]]


def count(quarters: Collection[str], days: set[date], zone: tzinfo, using: str) -> None:
    """Count these days again, in which these quarters changed. Call it within a transaction.

    If the beginning or first reply of a conversation moves, its old and new times are noted.
    """
    ordered = sorted(days)
    spans = [span(day, zone) for day in ordered]
    stored = blocks.rows_before(ordered, OF_MESSAGES, using)
    stored_of_conversations = blocks.rows_before(ordered, OF_CONVERSATIONS, using)
    imported = imported_messages(using)  # runs a query, which would wait for the statements below
    of_messages: dict[Place, Counted] = {}
    with meanwhile(using) as ask:
        last: list[tuple[int, _Listed]] = []
        conversations: set[str] = set()
        for listed in _by_span(spans, imported, using, ask):
            of_messages.update(_of_messages(ordered, last, zone))
            conversations.update(*(texts.conversations.split(",") for _, texts in listed))
            last = listed
        # Finding the conversations of a few quarters is faster than checking those of whole days.
        if len(quarters) * 2 > len(days) * QUARTERS_A_DAY:
            beginnings.keep(spans, imported, using, ask, counted=spans, conversations=map(int, conversations))
        else:
            beginnings.keep(spans_of(map(moment, quarters)), imported, using, ask, counted=spans)
        begun = _of_beginnings("began_at", quarter_in_span("began_at", using), spans, using, ask)
        took = seconds_between("began_at", "replied_at", using)
        replied = _of_beginnings("replied_at", took, spans, using, ask)
        of_messages.update(_of_messages(ordered, last, zone))
        blocks.store(of_messages, stored, using)
        found: dict[Place, Counter[str]] = {}
        for number, was_imported, quarters_begun in begun():
            found[Place(ordered[number], measures.BEGUN, was_imported)] = Counter(quarters_begun)
        for number, was_imported, lengths in replied():
            found[Place(ordered[number], measures.REPLIED, was_imported)] = by_kind(map(float, lengths))
    blocks.store(found, stored_of_conversations, using)


def of_quarters(quarters: Collection[datetime], zone: tzinfo, using: str) -> Numbers:
    """Return the numbers of sent, edited and unread messages of a few quarters, counted now."""
    ordered = sorted(quarters)
    found: Numbers = defaultdict(Counter)
    if not ordered:
        return found
    spans = [(at, at + QUARTER) for at in ordered]
    for listed in _by_span(spans, imported_messages(using), using, asking(using)):
        for number, texts in listed:
            day, key = place(ordered[number], zone)
            for (measure, was_imported), numbers in _by_quarter(texts).items():
                found[Place(day, measure, was_imported)][key] = numbers.total()
    return found


def are_more_than(most: int, quarters: Collection[datetime], using: str) -> bool:
    """Whether quarters hold more than ``most`` messages; the query stops after one more."""
    table, params = spans_table(joined([(at, at + QUARTER) for at in sorted(quarters)]), using)
    with connections[using].cursor() as cursor:
        cursor.execute(HELD.format(spans=table), [*params, most + 1])
        [(number,)] = cursor.fetchall()
    return bool(number > most)


class _Listed(NamedTuple):
    """The messages of a span as lists in the same order: their quarters with flags, conversations, senders and
    receivers, each separated by commas. ``keys`` are those of the quarters (statements.keys_in)."""

    keys: Sequence[str]
    quarters: str
    conversations: str
    senders: str
    receivers: str


def _by_span(spans: Sequence[Span], imported: str, using: str, ask: Ask) -> Iterator[list[tuple[int, _Listed]]]:
    """Yield, some spans at a time, the number (from 0) and the lists of each span that has messages. ``imported`` is
    the SQL condition that an import brought a message (statements.imported_messages)."""
    asked: list[tuple[list[int], Callable[[], Rows]]] = []
    most = AT_ONCE[connections[using].vendor]
    for quarter, numbers in (
        (quarter_of_day("message.timestamp", using), [n for n, one in enumerate(spans) if is_plain(one)]),
        (quarter_in_span("message.timestamp", using), [n for n, one in enumerate(spans) if not is_plain(one)]),
    ):
        parts = _listed(quarter, imported, using)
        for first in range(0, len(numbers), most):
            some = numbers[first : first + most]
            asked.append((some, ask(*_statement(BY_SPAN, [spans[number] for number in some], using, **parts))))
    for some, rows in asked:
        yield [
            (some[number - 1], _Listed(keys_in(spans[some[number - 1]]), *texts.split(";")))
            for number, texts in rows()
            if texts is not None
        ]


def _listed(quarter: str, imported: str, using: str) -> dict[str, str]:
    flags = (("message.edited", IS_EDITED), ("NOT message.read", IS_UNREAD), (imported, IS_IMPORTED))
    flag = " + ".join(f"CASE WHEN {condition} THEN {number} ELSE 0 END" for condition, number in flags)
    columns = {name: f"message.{name}_id" for name in ("conversation", "sender", "receiver")}
    return {name: texts_of(sql, using) for name, sql in {"quarter": f"{quarter} * {FLAGS} + {flag}", **columns}.items()}


def _of_messages(
    days: Sequence[date], listed: Iterable[tuple[int, _Listed]], zone: tzinfo
) -> Iterator[tuple[Place, Counted]]:
    """Yield the numbers of sent, edited and unread messages of each day, its hours of the week, senders and receivers;
    ``listed`` has the index of each day."""
    for number, texts in listed:
        day = days[number]
        hours = hours_of_week(day, zone)
        counted = _by_quarter(texts)
        for (measure, was_imported), numbers in counted.items():
            yield Place(day, measure, was_imported), numbers
            if measure == measures.SENT:
                of_hours: Counter[str] = Counter()
                for quarter, value in numbers.items():
                    of_hours[hours[int(quarter)]] += value
                yield Place(day, measures.HOURS, was_imported), of_hours
        for measure_and_origin, names in _people(texts, counted).items():
            yield Place(day, *measure_and_origin), names


def _people(listed: _Listed, counted: Collection[tuple[str, bool]]) -> dict[tuple[str, bool], list[str]]:
    """Return the people of a span's messages, by measure and whether imported; ``counted`` are the measures with
    messages."""
    sides = {measures.SENDERS: listed.senders.split(","), measures.RECEIVERS: listed.receivers.split(",")}
    origins = [was_imported for was_imported in (False, True) if (measures.SENT, was_imported) in counted]
    if len(origins) == 1:
        return {(measure, origins[0]): names for measure, names in sides.items()}
    marks = [bool(int(one) & IS_IMPORTED) for one in listed.quarters.split(",")]
    return {
        (measure, was_imported): list(compress(names, [mark is was_imported for mark in marks]))
        for measure, names in sides.items()
        for was_imported in origins
    }


def _by_quarter(listed: _Listed) -> dict[tuple[str, bool], Counter[str]]:
    """Return the numbers of sent, edited and unread messages, by the key of their quarter."""
    found: defaultdict[tuple[str, bool], dict[str, int]] = defaultdict(dict)
    for text, number in Counter(listed.quarters.split(",")).items():
        quarter, telling = _decode_quarter(text)
        key = listed.keys[quarter]
        for told in telling:
            numbers = found[told]
            numbers[key] = numbers.get(key, 0) + number
    return {told: Counter(numbers) for told, numbers in found.items()}


@cache
def _decode_quarter(text: str) -> tuple[int, list[tuple[str, bool]]]:
    """Decode a quarter with flags: the quarter, and the measures that it counts for, each with whether imported."""
    quarter, flags = divmod(int(text), FLAGS)
    return quarter, MEASURES_BY_FLAGS[flags]


def _of_beginnings(
    at: str, value: str, spans: Sequence[Span], using: str, ask: Ask
) -> Callable[[], Iterator[tuple[int, bool, list[str]]]]:
    """Start a query for ``value`` (SQL) of the beginnings whose time ``at`` lies in each span. Return a function that
    waits for it and yields the number of each span, from 0, whether they were imported, and the values."""
    asked = ask(*_statement(OF_BEGINNINGS, spans, using, at=at, listed=texts_of(value, using))) if spans else list

    def found() -> Iterator[tuple[int, bool, list[str]]]:
        for number, texts in asked():
            for was_imported, listed in zip((False, True), texts.split(";"), strict=True):
                if listed:
                    yield number - 1, was_imported, listed.split(",")

    return found


def _statement(statement: str, spans: Sequence[Span], using: str, **parts: Any) -> tuple[str, list[Any]]:
    table, params = spans_table(spans, using)
    return f"{SPANS[connections[using].vendor]} {statement}".format(spans=table, **parts), params
