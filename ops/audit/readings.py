"""Readings: every page that shows texts of messages to staff is recorded before it is shown, with the messages' ids."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, models, transaction
from django.utils import timezone

from messaging.database.statements import Statement, compiled_statement, row_converter, slot
from ops.audit.events import Event
from ops.audit.models import Entry, ShownMessages
from ops.audit.reasons import gate
from ops.audit.recording import NotRecorded, record
from ops.audit.sealing.canonical import storable_text
from ops.console.rooms import rooms

LABEL: Any = Entry._meta.get_field("target_label")
AT: Any = Entry._meta.get_field("at")
INTERVAL = timedelta(hours=1)  # within it, seeing the same texts again on the same page adds no second entry


@dataclass(frozen=True)
class Shown:
    """The ids of messages whose texts a page shows, and of messages whose older texts it shows.

    ``reported`` are messages that were reported, with a few around them: they open without a reason.
    """

    messages: Collection[int] = ()
    histories: Collection[int] = ()
    reported: Collection[int] = ()

    @property
    def details(self) -> dict[str, Any]:
        """For an entry's details: ``messages`` and ``histories`` as runs [first id, last id]."""
        named = {"messages": self.messages, "histories": self.histories}
        return {name: runs(ids) for name, ids in named.items() if ids}

    @property
    def unreported(self) -> set[int]:
        """The ids of messages that may need a reason."""
        return {*self.messages, *self.histories}.difference(self.reported)

    def is_within(self, entries: Iterable[dict[str, Any]]) -> bool:
        """Return whether entries with these details together cover all these ids."""
        entries = list(entries)
        return all(
            set(ids) <= set(chain.from_iterable(ids_of(details.get(name, ())) for details in entries))
            for name, ids in (("messages", self.messages), ("histories", self.histories))
        )


class _About(NamedTuple):
    """The target of entries: a row, or without a ``key`` a model's list, with the search terms used there."""

    kind: str
    key: str
    terms: str = ""


def runs(ids: Iterable[int]) -> list[list[int]]:
    """Return the ids in order, as runs of at most ShownMessages.LONGEST: [3, 4, 5, 9] gives [[3, 5], [9, 9]]."""
    found: list[list[int]] = []
    for number in sorted(set(ids)):
        if found and number == found[-1][1] + 1 and number - found[-1][0] < ShownMessages.LONGEST:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def ids_of(found: Iterable[Iterable[int]]) -> Iterable[int]:
    """Return the ids within runs."""
    return chain.from_iterable(range(first, last + 1) for first, last in found)


def record_reading(
    target: models.Model, *, actor: Any, shown: Shown | None = None, scope: models.Model | None = None
) -> Entry | None:
    """Record that ``actor`` opened ``target`` (a conversation, a message, a user), whose page shows these texts.

    A reason opens ``scope``, by default the target. Returns None if the same was recorded within the hour. Raises
    NotRecorded, or ReasonNeeded (ops/audit/reasons/gate.py); the view then shows no text.
    """
    kind = target._meta.label_lower
    about = _About(kind, str(target.pk))
    shown = shown or Shown()
    given = gate.opening_for(gate.scope_of(scope or target), shown.unreported)
    entry = _once(about, reading_event(kind), actor=actor, target=target, shown=shown)
    if entry is not None and (shown.messages or shown.histories):
        for room in rooms():
            room.text_opened(entry, {*shown.messages, *shown.histories}, given)
    return entry


def record_list(
    model: type[models.Model], *, actor: Any, shown: Shown, terms: str = "", filters: Any = None, **counts: int
) -> Entry | None:
    """Record that ``actor`` saw a page of a model's list, which shows these texts, narrowed by ``filters``.

    Search terms become the entry's label, which can be scrubbed, because they may be a person's name. ``counts`` are
    added to the details. Returns None if that page was recorded within the hour. Raises NotRecorded, or ReasonNeeded.
    """
    gate.opening_for(gate.scope_of(model), shown.unreported)
    event = Event.SEARCH_MADE if terms or filters else Event.LIST_READ
    about = _About(model._meta.label_lower, "", storable_text(terms, LABEL.max_length) if terms else "")
    details = {"filters": filters or {}, **counts}
    return _once(about, event, actor=actor, target=model, shown=shown, label=terms or None, details=details)


def record_search(model: type[models.Model], *, actor: Any, terms: str, filters: Any, results: int) -> Entry:
    """Record a search that shows no text of a message: its terms, its valid filters, and how many rows it found."""
    return record(
        Event.SEARCH_MADE, actor=actor, target=model, details={"filters": filters, "results": results}, label=terms
    )


def ask_before_search(model: type[models.Model], *, actor: Any, terms: str) -> None:
    """Raise ReasonNeeded, after recording the terms, if a search in the texts of this model needs a reason first.

    A search may need one because its hits reveal what texts say. Raises NotRecorded if the terms cannot be stored.
    """
    scope = gate.scope_of(model)
    if terms and not gate.is_open(scope):
        record(Event.SEARCH_MADE, actor=actor, target=model, label=terms)
        raise gate.ReasonNeeded(scope)


def record_jump(user: Any, *, terms: str, results: int) -> Entry:
    """Record the terms typed into the jump box, as a label, which can be scrubbed, and the number of results."""
    return record(Event.SEARCH_MADE, actor=user, details={"results": results}, label=terms)


def record_shown(entry: Entry, ids: Iterable[int]) -> None:
    """Store which messages an entry is about, so that a message's log finds the entry. In the caller's transaction."""
    found = runs(ids)
    ShownMessages.objects.bulk_create([ShownMessages(entry=entry, first=a, last=b) for a, b in found], 500)


def record_selection(entry: Entry, messages: models.QuerySet) -> None:
    """Do as ``record_shown`` for any number of messages: the database finds the runs. In the caller's transaction."""
    connection = connections[entry._state.db or DEFAULT_DB_ALIAS]
    try:
        selected, params = messages.order_by().values("pk").query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return
    table = ShownMessages._meta.db_table
    # For consecutive ids, the id minus its place in the order is constant; runs that get too long are cut.
    statement = (
        f"WITH selected (id) AS ({selected}),"
        " placed (id, place) AS (SELECT id, row_number() OVER (ORDER BY id) FROM selected)"
        f' INSERT INTO {table} (entry_id, "first", "last")'
        f" SELECT %s, min(id), max(id) FROM placed GROUP BY id - place, place / {ShownMessages.LONGEST}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*params, entry.pk])


def _once(
    about: _About,
    event: str,
    *,
    actor: Any,
    target: Any,
    shown: Shown,
    label: str | None = None,
    details: dict[str, Any] | None = None,
) -> Entry | None:
    """Record the event, unless entries of the last hour with the same filters cover what is shown."""
    details = details or {}
    seen = (about, event, actor, shown, details.get("filters"))
    try:
        if _is_recorded(*seen):
            return None
        with transaction.atomic():
            _one_at_a_time(actor, event)
            if _is_recorded(*seen):
                return None
            entry = record(event, actor=actor, target=target, label=label, details={**details, **shown.details})
            record_shown(entry, {*shown.messages, *shown.histories})
            return entry
    except DatabaseError as error:
        raise NotRecorded from error


def _is_recorded(about: _About, event: str, actor: Any, shown: Shown, filters: Any) -> bool:
    using = DEFAULT_DB_ALIAS
    since = AT.get_db_prep_value(timezone.now() - INTERVAL, connections[using])
    asked = about._asdict() if about.terms else {"kind": about.kind, "key": about.key}
    statement, read = _lately(using, of_terms=bool(about.terms))
    rows = read(statement.ask(using=using, actor=actor.pk, event=event, since=since, **asked))
    found = [details for (details,) in rows if details.get("filters") == filters]
    return bool(found) and shown.is_within(found)


@cache
def _lately(using: str, *, of_terms: bool) -> tuple[Statement, Callable[[Iterable[Sequence[Any]]], list[Any]]]:
    """Return the statement that selects the details of entries since a moment, and a reader of its rows.

    Cached, because every page with texts runs it.
    """
    entries = Entry.objects.filter(target_type=slot("kind"), target_id=slot("key"))
    if of_terms:
        entries = entries.filter(target_label=slot("terms"))
    lately = entries.by_person(slot("actor")).filter(event=slot("event"), at__gt=slot("since"))
    rows = lately.order_by().values_list("details")
    return compiled_statement(rows, using=using), row_converter(rows, using=using)


def reading_event(label: str) -> str:
    """Return the event recorded when a row of a model ("app.model", lower case) is opened."""
    return _events()[label]


def reading_events() -> list[str]:
    """Return the events recorded when a row of any model is opened."""
    return sorted(set(_events().values()))


@cache
def _events() -> dict[str, str]:
    """Return the event of opening a row, by model, as the rooms declare it."""
    return {model: event for room in rooms() for model, event in room.readings.items()}


def _one_at_a_time(actor: Any, event: str) -> None:
    """Make a second tab of the same person wait for the first; SQLite's transactions wait for each other anyway."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"audit.{event} {actor.pk}"])
