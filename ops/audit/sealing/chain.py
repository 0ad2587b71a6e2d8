"""The chain of seals: each hashes the one before it and one entry, so that a change to the past is detected.

Entries are sealed after the commit of the transaction that recorded them. Nobody waits for the lock: the process that
holds it checks for new entries again when it is done. Entries are sealed in the order of their ids; an entry that is
committed late takes the next position.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from ops.audit.models import SEALED_FIELDS, Entry, Seal, Unsealed
from ops.audit.sealing import canonical

BATCH = 500  # entries sealed in one transaction
MAX_BATCHES = 20  # sealed by one call, so that a request does not clear a long backlog; the next call continues
LOCK = 0x617564697453  # key of the advisory lock, used by nothing else ("auditS")
GENESIS_HASH = "0" * 64  # stands in for the previous hash in the first seal


@dataclass(frozen=True)
class SealAfterCommit:
    """An on_commit callback that seals; compared by value, so that each transaction schedules it once."""

    using: str

    def __call__(self) -> None:
        seal(using=self.using)


def seal(*, using: str = DEFAULT_DB_ALIAS, batches: int = MAX_BATCHES) -> int:
    """Seal waiting entries, at most ``batches`` batches; returns how many. Stops if another process is sealing."""
    sealed, missing = 0, set[int]()
    for _ in range(batches):
        # Checked after the lock is released: a process that could not get the lock relies on this check.
        unsealed = Unsealed.objects.using(using).exclude(entry_id__in=missing).order_by("entry_id")
        if not unsealed.exists():
            break
        batch = _seal_batch(unsealed, missing, using)
        if batch is None:
            break
        sealed += batch
    return sealed


def seal_hash(previous: str, position: int, sealed_at: datetime, sealed_values: Iterable[Any]) -> str:
    """Return the hash of a seal; ``sealed_values`` are the entry's values in the order of SEALED_FIELDS."""
    part = dict(zip(SEALED_FIELDS, sealed_values, strict=True))
    return canonical.digest(previous, canonical.canonical([position, sealed_at, part]))


def head(*, using: str = DEFAULT_DB_ALIAS) -> Seal | None:
    """Return the newest seal. Its ``position:hash``, kept elsewhere, later proves that the chain was not shortened."""
    return Seal.objects.using(using).order_by("-position").first()


def queue_missing(*, using: str = DEFAULT_DB_ALIAS) -> int:
    """Queue entries that are neither sealed nor queued (added without the triggers); returns how many."""
    missing = Entry.objects.using(using).filter(seal__isnull=True, unsealed__isnull=True).order_by("pk")
    rows = [Unsealed(entry_id=pk) for pk in missing.values_list("pk", flat=True).iterator()]
    Unsealed.objects.using(using).bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
    return len(rows)


def _seal_batch(unsealed: QuerySet[Unsealed], missing: set[int], using: str) -> int | None:
    """Seal the next batch; returns how many entries were sealed, or None if another process is sealing.

    Adds to ``missing`` the ids of queued entries that do not exist. Somebody removed them; verify_audit reports it.
    """
    with transaction.atomic(using=using):
        if not _try_lock(using):
            return None
        last = head(using=using)
        position, previous = (last.position, last.hash) if last else (0, GENESIS_HASH)
        now = timezone.now()
        seals = []
        # Two queries instead of a join: with outdated statistics, PostgreSQL would scan all entries for the join.
        keys = list(unsealed.values_list("entry_id", flat=True)[:BATCH])
        for values in Entry.objects.using(using).filter(pk__in=keys).order_by("pk").values_list(*SEALED_FIELDS):
            position += 1
            previous = seal_hash(previous, position, now, values)
            seals.append(Seal(position=position, entry_id=values[0], hash=previous, sealed_at=now))
        Seal.objects.using(using).bulk_create(seals)
        sealed = [seal.entry_id for seal in seals]
        Unsealed.objects.using(using).filter(entry_id__in=sealed)._raw_delete(using)
        missing.update(set(keys) - set(sealed))
    return len(seals)


def _try_lock(using: str) -> bool:
    """Take the sealing lock for this transaction unless another one has it. SQLite has a single writer anyway."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return cursor.fetchone()[0]
