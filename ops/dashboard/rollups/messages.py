"""Counting messages by days: what each quarter of an hour brought, who wrote, and how soon replies came."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, tzinfo
from functools import cache
from itertools import compress
from typing import Any, NamedTuple

from django.db import connections

from ops.dashboard.models import Beginning
from ops.dashboard.rollups import beginnings, measures
from ops.dashboard.rollups.bins import by_kind
from ops.dashboard.rollups.numbers import blocks
from ops.dashboard.rollups.numbers.storing import Counted, Place
from ops.dashboard.rollups.quarters import QUARTER, QUARTERS_A_DAY, hours_of_week, moment, place, span, spans_of
from ops.dashboard.rollups.statements import (
    Span,
    imported_messages,
    is_plain,
    keys_in,
    quarter_in_span,
    quarter_of_day,
    seconds_between,
    sent_on,
    spans_table,
    texts_of,
)

# Spans first: an index finds the messages of each. What every message says is told as one text for each span, and
# counted here: that takes a third of the time of groups in SQL. All list the messages in the same order.
BY_SPAN = """
SELECT number, (
    SELECT {quarter} || ';' || {conversation} || ';' || {sender} || ';' || {receiver}
    FROM messaging_message message WHERE message.timestamp >= first AND message.timestamp < after
) FROM spans
"""
AT_ONCE = 100  # spans of one statement
# SQLite would find a span's moments anew for each row; PostgreSQL no longer knew their order.
SPANS = {
    "postgresql": "WITH spans AS NOT MATERIALIZED (SELECT * FROM {spans})",
    "sqlite": "WITH spans AS MATERIALIZED (SELECT * FROM {spans})",
}
# What a message is beside its quarter, as a number below FLAGS.
IS_EDITED, IS_UNREAD, IS_IMPORTED, FLAGS = 1, 2, 4, 8
OF_BEGINNINGS = f"""
SELECT number, (
    SELECT COALESCE({{listed}} FILTER (WHERE NOT imported), '') || ';'
        || COALESCE({{listed}} FILTER (WHERE imported), '')
    FROM {Beginning._meta.db_table} WHERE {{at}} >= first AND {{at}} < after
) FROM spans
"""
TELLING = [
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
    """Count these days anew, in which these quarters changed. Within a transaction.

    Where a conversation began, or was first replied to, at another time than before, that time is noted.
    """
    ordered = sorted(days)
    spans = [span(day, zone) for day in ordered]
    stored = blocks.rows_before(ordered, OF_MESSAGES, using)
    listed = {ordered[number]: texts for number, texts in _by_span(spans, using)}
    # Beginnings take PostgreSQL as long as everything else takes Python.
    with sent_on(using):
        # Those of a few quarters are found sooner than those of whole days are looked at.
        if len(quarters) * 2 > len(days) * QUARTERS_A_DAY:
            conversations = {int(one) for texts in listed.values() for one in set(texts.conversations.split(","))}
            beginnings.keep(spans, using, counted=spans, conversations=conversations)
        else:
            beginnings.keep(spans_of(map(moment, quarters)), using, counted=spans)
        blocks.store(_of_messages(listed, zone), stored, using)
    found: dict[Place, Counter[str]] = {}
    for number, was_imported, begun in _of_beginnings("began_at", quarter_in_span("began_at", using), spans, using):
        found[Place(ordered[number], measures.BEGUN, was_imported)] = Counter(begun)
    took = seconds_between("began_at", "replied_at", using)
    for number, was_imported, lengths in _of_beginnings("replied_at", took, spans, using):
        found[Place(ordered[number], measures.REPLIED, was_imported)] = by_kind(map(float, lengths))
    blocks.store(found, blocks.rows_before(ordered, OF_CONVERSATIONS, using), using)


def of_quarters(quarters: Collection[datetime], zone: tzinfo, using: str) -> Numbers:
    """Return what was sent, edited and is unread in a few quarters, as it is now."""
    ordered = sorted(quarters)
    found: Numbers = defaultdict(Counter)
    if not ordered:
        return found
    for number, listed in _by_span([(at, at + QUARTER) for at in ordered], using):
        day, key = place(ordered[number], zone)
        for (measure, was_imported), numbers in _by_quarter(listed).items():
            found[Place(day, measure, was_imported)][key] = numbers.total()
    return found


class _Listed(NamedTuple):
    """What a statement lists of the messages of a span, in the same order: their quarters with flags, conversations,
    senders and receivers, each separated by commas. ``keys`` are those of the quarters (statements.keys_in)."""

    keys: Sequence[str]
    quarters: str
    conversations: str
    senders: str
    receivers: str


def _by_span(spans: Sequence[Span], using: str) -> Iterator[tuple[int, _Listed]]:
    """What is listed of each span that has messages, by its number, from 0."""
    for quarter, numbers in (
        (quarter_of_day("message.timestamp", using), [n for n, one in enumerate(spans) if is_plain(one)]),
        (quarter_in_span("message.timestamp", using), [n for n, one in enumerate(spans) if not is_plain(one)]),
    ):
        for first in range(0, len(numbers), AT_ONCE):
            some = numbers[first : first + AT_ONCE]
            asked = [spans[number] for number in some]
            for number, texts in _ask(BY_SPAN, asked, using, **_listed(quarter, using)):
                if texts is not None:
                    yield some[number - 1], _Listed(keys_in(asked[number - 1]), *texts.split(";"))


def _listed(quarter: str, using: str) -> dict[str, str]:
    flags = (("message.edited", IS_EDITED), ("NOT message.read", IS_UNREAD), (imported_messages(using), IS_IMPORTED))
    flag = " + ".join(f"CASE WHEN {condition} THEN {number} ELSE 0 END" for condition, number in flags)
    columns = {name: f"message.{name}_id" for name in ("conversation", "sender", "receiver")}
    return {name: texts_of(sql, using) for name, sql in {"quarter": f"{quarter} * {FLAGS} + {flag}", **columns}.items()}


def _of_messages(listed: Mapping[date, _Listed], zone: tzinfo) -> dict[Place, Counted]:
    """What was sent, edited and is unread on each day, when in the week, and by and to whom."""
    found: dict[Place, Counted] = {}
    for day, texts in listed.items():
        hours = hours_of_week(day, zone)
        counted = _by_quarter(texts)
        for (measure, was_imported), numbers in counted.items():
            found[Place(day, measure, was_imported)] = numbers
            if measure == measures.SENT:
                of_hours = found[Place(day, measures.HOURS, was_imported)] = Counter()
                for quarter, value in numbers.items():
                    of_hours[hours[int(quarter)]] += value
        found.update({Place(day, *measure): names for measure, names in _people(texts, counted).items()})
    return found


def _people(listed: _Listed, counted: Collection[tuple[str, bool]]) -> dict[tuple[str, bool], list[str]]:
    """The people of a span's messages, by measure and whether an import brought them; ``counted`` is of which there are
    some."""
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
    """What was sent, edited and is unread, by the key of its quarter."""
    found: defaultdict[tuple[str, bool], dict[str, int]] = defaultdict(dict)
    for text, number in Counter(listed.quarters.split(",")).items():
        quarter, telling = _told_by(text)
        key = listed.keys[quarter]
        for told in telling:
            numbers = found[told]
            numbers[key] = numbers.get(key, 0) + number
    return {told: Counter(numbers) for told, numbers in found.items()}


@cache
def _told_by(text: str) -> tuple[int, list[tuple[str, bool]]]:
    """What a quarter with flags tells: the quarter, the measures that it counts for, and whether it was imported."""
    quarter, flags = divmod(int(text), FLAGS)
    return quarter, TELLING[flags]


def _of_beginnings(at: str, value: str, spans: Sequence[Span], using: str) -> Iterator[tuple[int, bool, list[str]]]:
    """The number of each span, from 0, whether an import brought them, and what ``value`` (SQL) says of those of which
    the time ``at`` lies in it."""
    for number, texts in _ask(OF_BEGINNINGS, spans, using, at=at, listed=texts_of(value, using)):
        for was_imported, listed in zip((False, True), texts.split(";"), strict=True):
            if listed:
                yield number - 1, was_imported, listed.split(",")


def _ask(statement: str, spans: Sequence[Span], using: str, **parts: Any) -> Iterator[tuple[Any, ...]]:
    if not spans:
        return iter(())
    table, params = spans_table(spans, using)
    with connections[using].cursor() as cursor:
        told = f"{SPANS[connections[using].vendor]} {statement}".format(spans=table, **parts)
        cursor.execute(told, params)
        return iter(cursor.fetchall())
