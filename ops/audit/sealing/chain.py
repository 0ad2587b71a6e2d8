"""The chain of seals: each hashes the one before it and one entry, so that a change to the past is detected.

Entries are sealed after the commit of the transaction that recorded them. Nobody waits for the lock: the process that
holds it checks for new entries again when it is done. Entries are sealed in the order of their ids; an entry that is
committed late takes the next position.

Nobody waits until PostgreSQL has a seal on the disk, as it has what was recorded: where the server crashes within a
second, those entries are sealed anew. Whoever tells somebody of a seal, who may keep it elsewhere, waits for it
(``wait_for_the_disk``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL
from django.utils import timezone

from messaging.database.alike import inserting
from messaging.database.statements import Statement, ask_together, reader, written
from messaging.writing import ids_given, ids_sql
from ops.audit.models import SEALED_FIELDS, Entry, Seal, Unsealed
from ops.audit.sealing import canonical

BATCH = 500  # entries sealed in one transaction
MAX_BATCHES = 20  # sealed by one call, so that a request does not clear a long backlog; the next call continues
LOCK = 0x617564697453  # key of the advisory lock, used by nothing else ("auditS")
GENESIS_HASH = "0" * 64  # stands in for the previous hash in the first seal
NONE = (0, GENESIS_HASH)  # position and hash before that one
TRY_LOCK = "SELECT pg_try_advisory_xact_lock(%s)"
NOT_WAITED_FOR = ", set_config('synchronous_commit', 'off', true)"
# Ends, without a transaction around it, when all that was written before it is on the disk.
WAIT_FOR_THE_DISK = "SELECT pg_logical_emit_message(true, '', '')"


@cache
def after_commit(using: str) -> Callable[[], None]:
    """An on_commit callback that seals: the same one each time, so that each transaction schedules it once.

    A function, because Django logs the __qualname__ of one that fails, which other callables do not have.
    """

    def seal_what_waits() -> None:
        seal(using=using)

    return seal_what_waits


def seal(*, using: str = DEFAULT_DB_ALIAS, batches: int = MAX_BATCHES) -> int:
    """Seal waiting entries, at most ``batches`` batches; returns how many. Stops if another process is sealing."""
    sealed, missing = 0, set[int]()
    for _ in range(batches):
        # Nothing is asked before the first batch: after a commit, something waits.
        batch = _seal_batch(missing, using)
        if batch is None:
            break
        sealed += batch
        # Checked after the lock is released: a process that could not get the lock relies on this check.
        if not _waiting(1, missing, using):
            break
    return sealed


def _waiting(most: int, missing: set[int], using: str) -> list[int]:
    """The ids of the first queued entries, at most so many, without those that are missing."""
    if not missing:  # as always, unless somebody removed entries
        return [pk for (pk,) in _first_waiting(most, using).ask(using=using)]
    waiting = Unsealed.objects.using(using).exclude(entry_id__in=missing).order_by("entry_id")
    return list(waiting.values_list("entry_id", flat=True)[:most])


# Written once: sealing follows every act that is recorded, and Django takes longer to write them than a database to
# answer.
@cache
def _first_waiting(most: int, using: str) -> Statement:
    return written(Unsealed.objects.order_by("entry_id").values_list("entry_id")[:most], using=using)


@cache
def _newest(using: str) -> Statement:
    return written(Seal.objects.order_by("-position").values_list("position", "hash")[:1], using=using)


def seal_hash(previous: str, position: int, sealed_at: datetime, sealed_values: Iterable[Any]) -> str:
    """Return the hash of a seal; ``sealed_values`` are the entry's values in the order of SEALED_FIELDS."""
    part = dict(zip(SEALED_FIELDS, sealed_values, strict=True))
    return canonical.digest(previous, canonical.canonical([position, sealed_at, part]))


def head(*, using: str = DEFAULT_DB_ALIAS) -> Seal | None:
    """Return the newest seal. Its ``position:hash``, kept elsewhere, later proves that the chain was not shortened."""
    return Seal.objects.using(using).order_by("-position").first()


def wait_for_the_disk(*, using: str = DEFAULT_DB_ALIAS) -> None:
    """Return when all seals that were read until now are on the disk, as those of SQLite always are."""
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute(WAIT_FOR_THE_DISK)


def queue_missing(*, using: str = DEFAULT_DB_ALIAS) -> int:
    """Queue entries that are neither sealed nor queued (added without the triggers); returns how many."""
    missing = Entry.objects.using(using).filter(seal__isnull=True, unsealed__isnull=True).order_by("pk")
    rows = [Unsealed(entry_id=pk) for pk in missing.values_list("pk", flat=True).iterator()]
    Unsealed.objects.using(using).bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
    return len(rows)


def _seal_batch(missing: set[int], using: str) -> int | None:
    """Seal the next batch; returns how many entries were sealed, or None if another process is sealing.

    Adds to ``missing`` the ids of queued entries that do not exist. Somebody removed them; verify_audit reports it.
    """
    with transaction.atomic(using=using):
        queued = _queued_at_once(using) if _asks_at_once(missing, using) else _queued(missing, using)
        if queued is None:
            return None
        position, previous = queued.newest
        now = timezone.now()
        seals = []
        for values in queued.entries:
            position += 1
            previous = seal_hash(previous, position, now, values)
            seals.append(Seal(position=position, entry_id=values[0], hash=previous, sealed_at=now))
        if seals:
            sealed = [seal.entry_id for seal in seals]
            unqueued = Statement(
                f"DELETE FROM audit_unsealed WHERE entry_id IN ({ids_sql(using)})",
                (ids_given(sealed, using=using),),
            )
            ask_together([inserting(seals, using=using), unqueued], using=using)
        if len(seals) < BATCH:
            missing.update(set(queued.keys) - {seal.entry_id for seal in seals})
    return len(seals)


class Queued(NamedTuple):
    """The newest seal, the ids that are queued first, and the values of those entries, which are to be sealed."""

    newest: tuple[int, str]
    keys: list[int]
    entries: Iterable[Sequence[Any]]


def _queued(missing: set[int], using: str) -> Queued | None:
    """None if another process is sealing."""
    if not _try_lock(using):
        return None
    newest = next(iter(_newest(using).ask(using=using)), NONE)
    # Two queries instead of a join: with outdated statistics, PostgreSQL would scan all entries for the join.
    keys = _waiting(BATCH, missing, using)
    entries = Entry.objects.using(using).filter(pk__in=keys).order_by("pk").values_list(*SEALED_FIELDS)
    return Queued(newest, keys, entries)


def _asks_at_once(missing: set[int], using: str) -> bool:
    return not missing and connections[using].vendor == "postgresql"


def _queued_at_once(using: str) -> Queued | None:
    """The same in one round trip; an entry that is queued meanwhile may be among those to be sealed."""
    entries, read = _first_entries(using)
    lock = Statement(_try_lock_sql(using), (LOCK,))
    asked = ask_together([lock, _newest(using), _first_waiting(BATCH, using), entries], using=using)
    ((locked, *_),), newest, keys, rows = asked
    return Queued(next(iter(newest), NONE), [pk for (pk,) in keys], read(rows)) if locked else None


@cache
def _first_entries(using: str) -> tuple[Statement, Callable[..., Any]]:
    """The entries that are queued first, and what reads them."""
    # An array, found first: of a join, PostgreSQL with outdated statistics would scan all entries.
    keys = f"SELECT entry_id FROM audit_unsealed ORDER BY entry_id LIMIT {BATCH}"
    are_first = RawSQL(f"audit_entry.id = ANY (ARRAY({keys}))", (), output_field=BooleanField())  # noqa: S611
    rows = Entry.objects.using(using).filter(are_first).order_by("pk").values_list(*SEALED_FIELDS)
    return written(rows, using=using), reader(rows, using=using)


def _try_lock(using: str) -> bool:
    """Take the sealing lock for this transaction unless another one has it. SQLite has a single writer anyway."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(_try_lock_sql(using), [LOCK])
        return cursor.fetchone()[0]


def _try_lock_sql(using: str) -> str:
    # With savepoints, the transaction is somebody else's, who may want to wait for it.
    return TRY_LOCK if connections[using].savepoint_ids else TRY_LOCK + NOT_WAITED_FOR
