"""The chain of seals: each hashes the previous seal and one entry, so that a change to the past is detected.

Entries are sealed after the commit of the transaction that recorded them. Seals are stored under a lock that no process
waits for: its holder checks for new entries again when it is done. Pending entries are read without the lock. The
unique position keeps the chain from branching, and a process that loses a position reads again. Entries are sealed in
the order of their ids; an entry that is committed late takes the next position.

On PostgreSQL, a commit waits until entries are on the disk, but not for seals: after a server crash within a second,
those entries are sealed again. Code that hands out a seal, which may be kept elsewhere, first calls
``wait_for_the_disk``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL
from django.utils import timezone

from messaging.database.alike import inserting
from messaging.database.statements import Slot, Statement, compiled_statement, row_converter
from messaging.writing import array_of, ids_given, ids_sql
from ops.audit.models import SEALED_FIELDS, Entry, Seal, Unsealed
from ops.audit.sealing import canonical

BATCH = 500  # entries sealed in one transaction
MAX_BATCHES = 20  # sealed by one call, so that a request does not clear a long backlog; the next call continues
LOCK = 0x617564697453  # key of the advisory lock, used by nothing else ("auditS")
GENESIS_HASH = "0" * 64  # stands in for the previous hash in the first seal
NONE = (0, GENESIS_HASH)  # position and hash before the first seal
ASYNCHRONOUS_COMMIT = ", set_config('synchronous_commit', 'off', true)"
# Outside a transaction, returns once everything written before it is on the disk.
WAIT_FOR_THE_DISK = "SELECT pg_logical_emit_message(true, '', '')"


@cache
def after_commit(using: str) -> Callable[[], None]:
    """Return an on_commit callback that seals: always the same one, so that each transaction schedules it once.

    It is a function, because Django logs the __qualname__ of a failed callback, which other callables lack.
    """

    def seal_pending() -> None:
        seal(using=using)

    return seal_pending


def seal(*, using: str = DEFAULT_DB_ALIAS, batches: int = MAX_BATCHES) -> int:
    """Seal pending entries, at most ``batches`` batches; return how many. Stops if another process is sealing."""
    sealed, missing = 0, set[int]()
    for _ in range(batches):
        # No query before the first batch: after a commit, entries are pending unless another process sealed them.
        batch = _seal_batch(missing, using)
        if batch is None:
            break
        sealed += batch
        # Checked after the lock is released: a process that could not get the lock relies on this check.
        if not _waiting(1, missing, using):
            break
    return sealed


def seal_stored(values: Sequence[Any], newest: tuple[Any, Any], *, are_others: bool, using: str) -> None:
    """Seal an entry that was just stored without reading it again. PostgreSQL only.

    ``values`` are the entry's values as the database returned them, in the order of SEALED_FIELDS; ``newest`` is the
    position and hash of the newest seal before it. If other entries were pending (``are_others``), or the chain has
    grown since, seal all pending entries instead.
    """
    if not are_others:
        (entry,) = _reading(BATCH, using)[1]([values])
        end = NONE if newest[0] is None else (newest[0], newest[1])
        sealed = _store(Queued(end, [entry[0]], {entry[0]: entry}), using)
        if sealed is None or (sealed and not _waiting(1, set(), using)):
            return
    seal(using=using)


def _waiting(most: int, missing: set[int], using: str) -> list[int]:
    """Return the ids of the first queued entries, at most ``most``, without the missing ones."""
    if not missing:  # always, unless somebody removed entries
        return [pk for (pk,) in _first_waiting(most, using).ask(using=using)]
    waiting = Unsealed.objects.using(using).exclude(entry_id__in=missing).order_by("entry_id")
    return list(waiting.values_list("entry_id", flat=True)[:most])


# Statements cached as SQL: sealing follows every recorded act, and Django takes longer to compile the queries than a
# database takes to run them.
@cache
def _first_waiting(most: int, using: str) -> Statement:
    return compiled_statement(Unsealed.objects.order_by("entry_id").values_list("entry_id")[:most], using=using)


@cache
def newest_seal_statement(using: str) -> Statement:
    """Return the statement that selects the position and hash of the newest seal."""
    return compiled_statement(Seal.objects.order_by("-position").values_list("position", "hash")[:1], using=using)


def seal_hash(previous: str, position: int, sealed_at: datetime, sealed_values: Iterable[Any]) -> str:
    """Return the hash of a seal; ``sealed_values`` are the entry's values in the order of SEALED_FIELDS."""
    part = dict(zip(SEALED_FIELDS, sealed_values, strict=True))
    return canonical.digest(previous, canonical.canonical([position, sealed_at, part]))


def head(*, using: str = DEFAULT_DB_ALIAS) -> Seal | None:
    """Return the newest seal. Its ``position:hash``, kept elsewhere, later proves that the chain was not shortened."""
    return Seal.objects.using(using).order_by("-position").first()


def wait_for_the_disk(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Block until all seals read so far are on the disk; on SQLite they always are."""
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute(WAIT_FOR_THE_DISK)


def queue_missing(*, using: str = DEFAULT_DB_ALIAS) -> int:
    """Queue entries that are neither sealed nor queued (added without the triggers); return how many."""
    missing = Entry.objects.using(using).filter(seal__isnull=True, unsealed__isnull=True).order_by("pk")
    rows = [Unsealed(entry_id=pk) for pk in missing.values_list("pk", flat=True).iterator()]
    Unsealed.objects.using(using).bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
    return len(rows)


class Queued(NamedTuple):
    """The newest seal, the ids that are first in the queue, and the values of their entries by id, in sealing order."""

    newest: tuple[int, str]
    keys: list[int]
    entries: dict[int, Sequence[Any]]


def _seal_batch(missing: set[int], using: str) -> int | None:
    """Seal the next batch; return how many entries were sealed: 0 if another process was faster. Return None if nothing
    is queued, or if another process is sealing.

    Adds to ``missing`` the ids of queued entries that do not exist. Somebody removed them; verify_audit reports it.
    """
    if connections[using].vendor == "postgresql":
        queued = _read(missing, using)
        sealed = _store(queued, using) if queued.entries else 0
    else:
        queued = _seal_alone(missing, using)
        sealed = len(queued.entries)
    missing.update(set(queued.keys) - set(queued.entries))
    return sealed if queued.keys else None


class Link(NamedTuple):
    """The columns of a seal."""

    position: int
    entry_id: int
    hash: str
    sealed_at: datetime


def _seals(queued: Queued) -> list[Link]:
    """Return the seals that continue the chain with the queued entries."""
    position, previous = queued.newest
    now = timezone.now()
    seals = []
    for key, values in queued.entries.items():
        position += 1
        previous = seal_hash(previous, position, now, values)
        seals.append(Link(position, key, previous, now))
    return seals


def _seal_alone(missing: set[int], using: str) -> Queued:
    """Seal the next batch on a database with a single writer (SQLite)."""
    with transaction.atomic(using=using):
        newest = next(iter(newest_seal_statement(using).ask(using=using)), NONE)
        keys = _waiting(BATCH, missing, using)
        # Not a join: with outdated statistics, it would scan all entries.
        rows = Entry.objects.using(using).filter(pk__in=keys).order_by("pk").values_list(*SEALED_FIELDS)
        queued = Queued(newest, keys, {values[0]: values for values in rows})
        if queued.entries:
            inserting([Seal(**link._asdict()) for link in _seals(queued)], using=using).ask(using=using)
            unqueue = f"DELETE FROM audit_unsealed WHERE entry_id IN ({ids_sql(using)})"
            Statement(unqueue, (ids_given(queued.entries, using=using),)).ask(using=using)
    return queued


# --- PostgreSQL: one statement reads, and one stores if the chain still has the end that was read -------------------

# LATERAL finds each entry by its key: for a join, PostgreSQL with outdated statistics would scan all entries.
READ = """
SELECT newest.position, newest.hash, queued.entry_id, entry.*
FROM (
    SELECT entry_id FROM audit_unsealed WHERE entry_id <> ALL (%s::bigint[]) ORDER BY entry_id LIMIT {batch}
) AS queued
LEFT JOIN LATERAL ({entry}) AS entry ON true
LEFT JOIN (SELECT position, hash FROM audit_seal ORDER BY position DESC LIMIT 1) AS newest ON true
ORDER BY queued.entry_id
"""
# Of the processes that read the same end of the chain, one gets the next position. The others store nothing.
STORE = """
WITH locked AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(%s) AS is_ours{more}),
seal AS MATERIALIZED (
    SELECT position, entry_id, hash
    FROM jsonb_to_recordset(%s::jsonb) AS own (position bigint, entry_id bigint, hash text)
),
next AS (
    INSERT INTO "audit_seal" (position, entry_id, hash, sealed_at)
    SELECT seal.*, %s::timestamptz FROM seal, locked WHERE locked.is_ours ORDER BY position LIMIT 1
    ON CONFLICT (position) DO NOTHING RETURNING position, sealed_at
),
others AS (
    INSERT INTO "audit_seal" (position, entry_id, hash, sealed_at)
    SELECT seal.*, next.sealed_at FROM seal JOIN next ON seal.position > next.position ORDER BY seal.position
),
unqueued AS (DELETE FROM audit_unsealed WHERE entry_id = ANY (%s::bigint[]) AND EXISTS (SELECT FROM next))
SELECT is_ours, EXISTS (SELECT FROM next) FROM locked
"""


def _read(missing: set[int], using: str) -> Queued:
    reading, read = _reading(BATCH, using)
    rows = reading.ask(using=using, missing=array_of(missing))
    entries = read(row[3:] for row in rows if row[3] is not None)
    newest = (rows[0][0], rows[0][1]) if rows and rows[0][0] else NONE
    return Queued(newest, [row[2] for row in rows], {values[0]: values for values in entries})


@cache
def _reading(batch: int, using: str) -> tuple[Statement, Callable[..., Any]]:
    """Return the statement that reads the end of the chain and the queued entries, and a reader of entries' values."""
    is_queued = RawSQL("audit_entry.id = queued.entry_id", (), output_field=BooleanField())
    rows = Entry.objects.filter(is_queued).order_by().values_list(*SEALED_FIELDS)[:1]
    sql = READ.format(batch=batch, entry=compiled_statement(rows, using=using).sql)
    return Statement(sql, (Slot("missing"),)), row_converter(rows, using=using)


def _store(queued: Queued, using: str) -> int | None:
    """Store the seals of these entries; return how many. None if another process is storing: it checks again after."""
    seals = _seals(queued)
    given = json.dumps([{"position": one.position, "entry_id": one.entry_id, "hash": one.hash} for one in seals])
    # An enclosing transaction belongs to the caller, who may need its commit to wait for the disk.
    sql = STORE.format(more="" if connections[using].in_atomic_block else ASYNCHRONOUS_COMMIT)
    statement = Statement(sql, (LOCK, given, seals[0].sealed_at, array_of(queued.entries)))
    ((is_ours, is_stored),) = statement.ask(using=using)
    return len(seals) * is_stored if is_ours else None
