"""The chain of seals: each hashes the one before it and one entry, so that altering the past shows.

Whoever records seals after the commit. Nobody waits: who does not get the lock leaves it to the one who has it, who
looks again when done. Entries are sealed in the order of their ids; one that is committed late takes the next position.
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
MOST_BATCHES = 20  # that one request seals for others; the next one goes on
LOCK = 0x617564697453  # any number that nothing else locks ("auditS")
BEGINNING = "0" * 64  # what the first seal takes for the hash before it


@dataclass(frozen=True)
class SealAfterCommit:
    """Seals what waits in a database; a value, so that it is planned once per transaction."""

    using: str

    def __call__(self) -> None:
        seal(using=self.using)


def seal(*, using: str = DEFAULT_DB_ALIAS, batches: int = MOST_BATCHES) -> int:
    """Seal what waits, up to a number of batches, unless somebody else is doing so; returns how many it sealed."""
    sealed, gone = 0, set[int]()
    for _ in range(batches):
        # Looked for when the lock is free again: whoever did not get it meanwhile relies on this look.
        waiting = Unsealed.objects.using(using).exclude(entry_id__in=gone).order_by("entry_id")
        if not waiting.exists():
            break
        batch = _seal_batch(waiting, gone, using)
        if batch is None:
            break
        sealed += batch
    return sealed


def link(previous: str, position: int, sealed_at: datetime, sealed_part: Iterable[Any]) -> str:
    """The hash of a seal; ``sealed_part`` holds the values of SEALED_FIELDS in their order."""
    part = dict(zip(SEALED_FIELDS, sealed_part, strict=True))
    return canonical.digest(previous, canonical.canonical([position, sealed_at, part]))


def head(*, using: str = DEFAULT_DB_ALIAS) -> Seal | None:
    """The newest seal. Kept elsewhere as ``position:hash``, it proves later that nothing was cut off."""
    return Seal.objects.using(using).order_by("-position").first()


def queue_forgotten(*, using: str = DEFAULT_DB_ALIAS) -> int:
    """Let entries wait for a seal that have none and do not (added without the triggers); returns how many."""
    forgotten = Entry.objects.using(using).filter(seal__isnull=True, unsealed__isnull=True).order_by("pk")
    rows = [Unsealed(entry_id=pk) for pk in forgotten.values_list("pk", flat=True).iterator()]
    Unsealed.objects.using(using).bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
    return len(rows)


def _seal_batch(waiting: QuerySet[Unsealed], gone: set[int], using: str) -> int | None:
    """Seal the first of what waits; returns how many, or None where somebody else is sealing.

    Adds to ``gone`` what waits and does not exist: somebody removed it, which stays for verify_audit to say.
    """
    with transaction.atomic(using=using):
        if not _locked(using):
            return None
        last = head(using=using)
        position, previous = (last.position, last.hash) if last else (0, BEGINNING)
        now = timezone.now()
        seals = []
        # Two queries and no join: with old statistics, PostgreSQL would walk through all entries to join them.
        keys = list(waiting.values_list("entry_id", flat=True)[:BATCH])
        for values in Entry.objects.using(using).filter(pk__in=keys).order_by("pk").values_list(*SEALED_FIELDS):
            position += 1
            previous = link(previous, position, now, values)
            seals.append(Seal(position=position, entry_id=values[0], hash=previous, sealed_at=now))
        Seal.objects.using(using).bulk_create(seals)
        sealed = [seal.entry_id for seal in seals]
        Unsealed.objects.using(using).filter(entry_id__in=sealed)._raw_delete(using)
        gone.update(set(keys) - set(sealed))
    return len(seals)


def _locked(using: str) -> bool:
    """Whether this transaction is the only one that seals. SQLite's transactions are alone from their beginning."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        return cursor.fetchone()[0]
