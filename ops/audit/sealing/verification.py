"""Following the chain from its beginning and naming the first place where it does not hold; memory stays flat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Exists, OuterRef
from django.utils import timezone

from ops.audit.events import Event
from ops.audit.models import ACTOR_COPIES, SEALED_FIELDS, TARGET_COPIES, Entry, Seal, Unsealed
from ops.audit.sealing import canonical, chain, triggers

CHUNK = 2_000  # seals read at a time
# Sealing follows the commit at once; an entry waits longer only where a process died right then, until the next one.
LONGEST_WAIT = timedelta(minutes=15)
COPIES = ("actor_salt", *ACTOR_COPIES, "target_salt", *TARGET_COPIES, "scrubbed_at")
READ = (*SEALED_FIELDS, *COPIES)


class Fault(Exception):
    """The trail was tampered with; the text names the place and what is wrong."""


@dataclass(frozen=True)
class Anchor:
    """A head of the chain that was kept elsewhere."""

    position: int
    hash: str


@dataclass
class Report:
    """What was found where nothing is wrong."""

    sealed: int = 0
    head: str = chain.BEGINNING
    unsealed: int = 0
    oldest_unsealed: datetime | None = None


def parse_anchor(text: str) -> Anchor:
    """An anchor from POSITION:HASH. Raises ValueError, with a sentence, for anything else."""
    position, _, hash_ = text.strip().partition(":")
    if not (
        position.isascii()
        and position.isdecimal()
        and len(hash_) == 64
        and set(hash_.lower()) <= set("0123456789abcdef")
    ):
        raise ValueError(f"“{text}” is no anchor; it looks like 1042:9f86d0…, as verify_audit --anchor prints it.")
    return Anchor(int(position), hash_.lower())


def verify(
    *,
    expected: Anchor | None = None,
    progress: Callable[[int], Any] = lambda number: None,
    using: str = DEFAULT_DB_ALIAS,
) -> Report:
    """Follow the whole chain, calling ``progress`` with the number of seals of each chunk. Raises the first Fault."""
    report = Report()
    people = ErasedPeople(using)
    for seals in _chunks(using):
        entries = _entries([seal[1] for seal in seals], using)
        for seal in seals:
            _check(seal, report, entries, people)
            report.sealed, report.head = seal[0], seal[2]
            if expected and expected.position == report.sealed and expected.hash != report.head:
                raise Fault(
                    f"Position {report.sealed} has another hash than the anchor: the chain was written anew, "
                    "there or before."
                )
        progress(len(seals))
    if expected and expected.position > report.sealed:
        raise Fault(
            f"The chain ends at position {report.sealed}, but position {expected.position} was there when the anchor "
            "was taken: the end was cut off."
        )
    _check_unsealed(report, using)
    gone = triggers.missing(connections[using])
    if gone:
        raise Fault(
            f"The chain holds, but the database does not refuse changes any more: {', '.join(gone)} missing or off."
        )
    return report


class ErasedPeople:
    """Whose copies were emptied on record, asked once for each person, and the entries that named them; also of those
    who are erased meanwhile."""

    def __init__(self, using: str) -> None:
        self.using = using
        self.found: set[str] = set()
        self.named: set[int] = set()
        self.read_to = 0

    def __contains__(self, person: str) -> bool:
        if person and person not in self.found:
            entries = Entry.objects.using(self.using).about(get_user_model()._meta.label_lower, person)
            if entries.filter(event=Event.PERSON_SCRUBBED).exists():
                self.found.add(person)
        return person in self.found

    def named_in(self, entry_id: int) -> bool:
        """Whether an entry was emptied because it named somebody who was erased."""
        if entry_id not in self.named:
            scrubbed = Entry.objects.using(self.using).filter(event=Event.PERSON_SCRUBBED, pk__gt=self.read_to)
            for self.read_to, details in scrubbed.order_by("pk").values_list("pk", "details"):
                self.named.update(details.get("named_in", ()))
        return entry_id in self.named


SealRow = tuple[int, int, str, datetime]  # position, entry's id, hash, moment


def _chunks(using: str) -> Iterator[list[SealRow]]:
    last = -1
    while True:
        rows = Seal.objects.using(using).filter(position__gt=last).order_by("position")
        seals = list(rows.values_list("position", "entry_id", "hash", "sealed_at")[:CHUNK])
        if not seals:
            return
        yield seals
        last = seals[-1][0]


def _entries(keys: list[int], using: str) -> dict[int, dict[str, Any]]:
    rows = Entry.objects.using(using).filter(pk__in=keys).order_by().values_list(*READ)
    return {row[0]: dict(zip(READ, row, strict=True)) for row in rows}


def _check(seal: SealRow, report: Report, entries: dict[int, dict[str, Any]], people: ErasedPeople) -> None:
    """Raise Fault where this seal does not continue the chain that ``report`` has followed so far."""
    position, key, hash_, sealed_at = seal
    if position != report.sealed + 1:
        raise Fault(f"Position {report.sealed + 1} is missing: the next seal has position {position} (entry {key}).")
    entry = entries.get(key)
    if entry is None:
        raise Fault(f"Entry {key} is missing: it was sealed at position {position}.")
    if _link(report, position, sealed_at, entry) != hash_:
        for other, candidate in entries.items():
            if _link(report, position, sealed_at, candidate) == hash_:
                raise Fault(f"Position {position} holds entry {key}, but entry {other} was sealed there: reordered.")
        raise Fault(f"Entry {key} (position {position}) does not match its seal: the entry or the seal was altered.")
    fault = _fault_of_copies(entry, people)
    if fault:
        raise Fault(f"Entry {key} (position {position}): {fault}")


def _link(report: Report, position: int, sealed_at: datetime, entry: dict[str, Any]) -> str:
    return chain.link(report.head, position, sealed_at, [entry[name] for name in SEALED_FIELDS])


def _fault_of_copies(entry: dict[str, Any], people: ErasedPeople) -> str | None:
    """What is wrong with the personal copies of an entry; they are whole, or emptied for an erased person."""
    about = entry["target_id"] if entry["target_type"] == get_user_model()._meta.label_lower else ""
    actor = about if entry["actor_id"] is None else str(entry["actor_id"])
    # Who acted is emptied with their own account alone; what nobody's account did may have named anybody.
    open_to_names = {"target_salt", "actor_salt"} if entry["actor_id"] is None else {"target_salt"}
    for salt, digest, copies, person in (
        ("actor_salt", "actor_digest", ACTOR_COPIES, actor),
        ("target_salt", "target_digest", TARGET_COPIES, about),
    ):
        values = [entry[name] for name in copies]
        if entry[salt]:
            if canonical.digest(entry[salt], canonical.canonical(values)) != entry[digest]:
                return f"{', '.join(copies)}: one of these copies was altered."
        elif any(values) or entry["scrubbed_at"] is None:
            return f"{', '.join(copies)}: these copies were altered; they are neither whole nor marked as emptied."
        elif person not in people and not (salt in open_to_names and people.named_in(entry["id"])):
            return f"{', '.join(copies)}: these copies were emptied, and no entry says that a person was."
    return None


def _check_unsealed(report: Report, using: str) -> None:
    """Count what waits for a seal. Raises Fault for what waits too long, does not wait, or is gone."""
    entries = Entry.objects.using(using)
    there = entries.filter(pk=OuterRef("entry_id"))
    gone = Unsealed.objects.using(using).filter(~Exists(there)).order_by("entry_id").first()
    if gone:
        raise Fault(f"Entry {gone.entry_id} is missing: it waited for its seal.")
    forgotten = entries.filter(seal__isnull=True, unsealed__isnull=True).order_by("pk").first()
    if forgotten:
        raise Fault(
            f"Entry {forgotten.pk} has no seal and does not wait for one: its seal was cut off behind position "
            f"{report.sealed}, or the entry was added without the database's triggers."
        )
    waiting = entries.waiting()
    report.unsealed = waiting.count()
    oldest = waiting.values_list("pk", "at").order_by("at", "pk").first()
    if oldest:
        report.oldest_unsealed = oldest[1]
        if oldest[1] < timezone.now() - LONGEST_WAIT:
            raise Fault(
                f"Entry {oldest[0]} has waited for its seal since {oldest[1]:%Y-%m-%d %H:%M} UTC: sealing does not "
                "work. Run verify_audit --seal and look at the log."
            )
