"""Replies stored before their parents: they join the parent once it is stored, and their conversations merge.

A message whose parent is not stored starts a conversation and keeps the parent's external id. All code that stores
messages calls ``join_awaiting`` with the new external ids; ``undo_joins`` undoes the joins.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.apps import apps
from django.db import connections, models, transaction
from django.db.models import F, Min, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.dispatch import Signal

from messaging import page_cache
from messaging.writing import array_of, ids_subquery, in_batches

# Sent when messages moved to other conversations, in the same transaction. ``conversation_ids`` are the conversations
# that they left, which are removed next if they are empty; ``merged`` maps each of these that became part of another
# one as a whole to that other one; ``using`` is the database.
messages_moved = Signal()

# PAIRS is a table of pairs of numbers, for {pairs}. ROOTS finds the first message of each message's thread; its UNION
# ends on loops.
PAIRS = {
    "postgresql": "(SELECT * FROM unnest(%s::bigint[], %s::bigint[]) given(one, other))",
    "sqlite": "(SELECT json_extract(value, '$[0]') AS one, json_extract(value, '$[1]') AS other FROM json_each(%s))",
}
ROOTS = """
WITH RECURSIVE line(start, id, parent_id) AS (
    SELECT id, id, parent_message_id FROM {messages} WHERE id IN (SELECT one FROM {pairs} given)
    UNION
    SELECT line.start, parent.id, parent.parent_message_id
    FROM line JOIN {messages} parent ON parent.id = line.parent_id
)
SELECT start, id FROM line WHERE parent_id IS NULL
"""
MOVE_CONVERSATIONS = """
UPDATE {messages} SET conversation_id = given.other FROM {pairs} given WHERE {messages}.conversation_id = given.one
"""
MOVE_THREADS = """
WITH RECURSIVE tree(id, conversation_id) AS (
    SELECT one, other FROM {pairs} given
    UNION
    SELECT reply.id, tree.conversation_id FROM tree JOIN {messages} reply ON reply.parent_message_id = tree.id
)
UPDATE {messages} SET conversation_id = tree.conversation_id FROM tree WHERE {messages}.id = tree.id
"""


class Move(NamedTuple):
    """A message that joined its parent, or another root of a conversation that became part of another one.

    ``conversation_id`` and ``started_at`` are those of its conversation before the join. ``parent_id`` is the message
    whose arrival caused the move: the one that this message awaited, unless this is another root.
    """

    message_id: int
    conversation_id: int
    started_at: datetime
    parent_id: int


class _Place(NamedTuple):
    conversation_id: int
    parent_id: int | None
    external_id: str | None
    awaited: str | None


def conversations_awaiting(external_ids: Iterable[str | None], *, using: str) -> set[int]:
    """Return the conversations of messages that await one of these external ids.

    Code that stores a message with such an id locks them together with that message's conversation.
    """
    found: set[int] = set()
    for batch in in_batches(sorted(filter(None, external_ids))):
        awaiting = _messages(using).filter(awaited_parent_external_id__in=batch).order_by()
        found.update(awaiting.values_list("conversation_id", flat=True))
    return found


def join_awaiting(external_ids: Iterable[str | None], *, using: str) -> list[Move]:
    """Make all messages that await one of these external ids replies to the message that has it, if it is stored."""
    moves: list[Move] = []
    for batch in in_batches(sorted(set(filter(None, external_ids)))):
        awaiting = _messages(using).filter(awaited_parent_external_id__in=batch).order_by()
        orphans = dict(awaiting.values_list("pk", "awaited_parent_external_id"))
        if not orphans:
            continue
        arrived = _messages(using).filter(external_id__in=set(orphans.values())).order_by()
        parents = dict(arrived.values_list("external_id", "pk"))
        moves += join({orphan: parents[name] for orphan, name in orphans.items() if name in parents}, using=using)
    return moves


def join(parents: Mapping[int, int], *, using: str) -> list[Move]:
    """Attach messages to the parents that they await, and merge their whole conversations into those of the parents.

    ``parents`` maps ids to parents' ids. Skip stale pairs and pairs that would close a loop; those messages keep
    awaiting their parents. Return the moves that ``undo_joins`` needs.
    """
    if not parents:
        return []
    with transaction.atomic(using=using, savepoint=False):
        places = _locked_places({*parents, *parents.values()}, using)
        joined = _without_loops(_still_awaiting(parents, places), places, using)
        links = {(places[one].conversation_id, places[other].conversation_id) for one, other in joined.items()}
        merged = _merged(links)
        moves = list(_moves(joined, merged, places, using))
        messages, conversations = _messages(using), _conversations(using)
        messages.filter(pk__in=ids_subquery(joined, using=using)).update(awaited_parent_external_id=None)
        messages._set_parents(joined)
        _execute(MOVE_CONVERSATIONS, merged.items(), using)
        messages_moved.send(sender=None, conversation_ids=sorted(merged), merged=merged, using=using)
        _tidy({*merged.values(), *(places[one].conversation_id for one in joined)}, merged, using)
        began = {places[one].conversation_id for one in joined} - merged.keys()
        first = messages.filter(conversation=OuterRef("pk"), parent_message=None).order_by().values("conversation")
        started = Subquery(first.annotate(value=Min("timestamp")).values("value"))
        for batch in in_batches(sorted(began)):
            conversations.filter(pk__in=batch).update(started_at=Coalesce(started, F("started_at")))
        page_cache.invalidate_all(using=using)
    return moves


def undo_joins(moves: Sequence[Move], *, using: str) -> None:
    """Undo joins while the arrived messages are still stored: replies await them again, in conversations of their own
    with their former ids. Messages written below these replies since then move along.
    """
    ids = {move.message_id for move in moves} | {move.parent_id for move in moves}
    with transaction.atomic(using=using, savepoint=False):
        places = _locked_places(ids, using)
        moves = [move for move in moves if move.message_id in places and move.parent_id in places]
        joined = [move for move in moves if places[move.message_id].parent_id == move.parent_id]
        beginning = [move for move in moves if move in joined or places[move.message_id].parent_id is None]
        messages, conversations = _messages(using), _conversations(using)
        messages._set_parents({move.message_id: None for move in joined})
        by_name: dict[str | None, list[int]] = {}
        for move in joined:
            by_name.setdefault(places[move.parent_id].external_id, []).append(move.message_id)
        for name, some in by_name.items():
            # Django's own update(): that of MessageQuerySet would join them again immediately.
            waiting = messages.filter(pk__in=ids_subquery(some, using=using))
            models.QuerySet.update(waiting, awaited_parent_external_id=name)
        started = {move.conversation_id: move.started_at for move in beginning}
        stored = set(conversations.filter(pk__in=ids_subquery(started, using=using)).values_list("pk", flat=True))
        conversations.bulk_create(
            conversations.model(pk=pk, started_at=at, last_message_at=at)
            for pk, at in started.items()
            if pk not in stored
        )
        for pk in stored:
            conversations.filter(pk=pk).update(started_at=started[pk])
        left = {places[move.message_id].conversation_id for move in beginning}
        _execute(MOVE_THREADS, [(move.message_id, move.conversation_id) for move in beginning], using)
        messages_moved.send(sender=None, conversation_ids=sorted(left), merged={}, using=using)
        _tidy({*started, *left}, left, using)
        page_cache.invalidate_all(using=using)


def _messages(using: str) -> Any:
    return apps.get_model("messaging", "Message")._base_manager.using(using)


def _conversations(using: str) -> Any:
    return apps.get_model("messaging", "Conversation").objects.using(using)


def _locked_places(ids: Collection[int], using: str) -> dict[int, _Place]:
    """Lock the conversations of these messages, and return the places of those that exist."""
    rows = _messages(using).filter(pk__in=ids_subquery(ids, using=using)).order_by()
    locked: set[int] = set()
    while needed := set(rows.values_list("conversation_id", flat=True)) - locked:
        for batch in in_batches(sorted(needed | locked)):
            _conversations(using).filter(pk__in=batch).lock()
        locked |= needed
    columns = ("pk", "conversation_id", "parent_message_id", "external_id", "awaited_parent_external_id")
    return {pk: _Place(*place) for pk, *place in rows.values_list(*columns)}


def _still_awaiting(parents: Mapping[int, int], places: Mapping[int, _Place]) -> dict[int, int]:
    return {
        one: parent
        for one, parent in parents.items()
        if one in places
        and parent in places
        and places[one].awaited is not None
        and places[one].awaited == places[parent].external_id
    }


def _without_loops(parents: dict[int, int], places: Mapping[int, _Place], using: str) -> dict[int, int]:
    """Leave out the pairs that would make a message its own ancestor.

    A loop needs a parent whose thread begins with an awaiting message, which is then in the parent's conversation.
    """
    waiting = {places[one].conversation_id for one in parents}
    suspects = {parent for parent in parents.values() if places[parent].conversation_id in waiting}
    roots = dict(_execute(ROOTS, [(one, 0) for one in suspects], using)) if suspects else {}
    safe = dict(parents)
    seen: dict[int, int] = {}
    for start in sorted(parents):
        one: int | None = start
        last = start
        while one is not None and one in safe and one not in seen:
            seen[one], last = start, one
            one = roots.get(safe[one])
        if one is not None and one in safe and seen.get(one) == start:
            del safe[last]
    return safe


def _merged(links: Collection[tuple[int, int]]) -> dict[int, int]:
    """Map each conversation that disappears to the one that it merges into.

    ``links`` are pairs of the conversations of a reply and of its parent. Of each linked group, the conversation with
    the lowest id among those without a joining reply is kept, or among all if each has one.
    """
    leaders: dict[int, int] = {}

    def leader(one: int) -> int:
        while leaders.setdefault(one, one) != one:
            leaders[one] = one = leaders[leaders[one]]
        return one

    for one, other in links:
        leaders[leader(one)] = leader(other)
    going = {one for one, _ in links}
    stays: dict[int, int] = {}
    for one in sorted(leaders, key=lambda pk: (pk in going, pk)):
        stays.setdefault(leader(one), one)
    return {one: stays[leader(one)] for one in leaders if stays[leader(one)] != one}


def _moves(
    joined: Mapping[int, int], merged: Mapping[int, int], places: Mapping[int, _Place], using: str
) -> Iterable[Move]:
    """Yield the move of each root of a merged conversation, and of each message that joins within its conversation."""
    causes: dict[int, int] = {}
    for one, parent in joined.items():
        causes.setdefault(places[one].conversation_id, parent)
    for parent in joined.values():
        causes.setdefault(places[parent].conversation_id, parent)
    concerned = ids_subquery(causes, using=using)
    started = dict(_conversations(using).filter(pk__in=concerned).values_list("pk", "started_at"))
    beginnings = _messages(using).filter(conversation_id__in=ids_subquery(merged, using=using), parent_message=None)
    found = dict(beginnings.order_by().values_list("pk", "conversation_id")) | {
        one: places[one].conversation_id for one in joined
    }
    for one, conversation in found.items():
        yield Move(one, conversation, started[conversation], joined.get(one, causes[conversation]))


def _tidy(changed: Collection[int], left: Collection[int], using: str) -> None:
    """Remove the conversations that are empty now, and recount the others."""
    for batch in in_batches(sorted({*changed, *left})):
        found = _conversations(using).filter(pk__in=batch)
        found.remove_empty()
        found.recount()


def _execute(statement: str, pairs: Iterable[tuple[int, int]], using: str) -> list[tuple]:
    """Run a statement with pairs of numbers, and return its rows, if any."""
    given = list(pairs)
    if not given:
        return []
    connection = connections[using]
    table = connection.ops.quote_name(apps.get_model("messaging", "Message")._meta.db_table)
    params: list[Any] = [json.dumps(given)]
    if connection.vendor == "postgresql":
        params = [array_of(one for one, _ in given), array_of(other for _, other in given)]
    with connection.cursor() as cursor:
        cursor.execute(statement.format(messages=table, pairs=PAIRS[connection.vendor]), params)
        return cursor.fetchall() if cursor.description else []
