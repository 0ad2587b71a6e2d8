"""Verifying the chain from its first seal, in chunks, up to the first fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from ops.audit.events import Event
from ops.audit.models import ACTOR_COPIES, SEALED_FIELDS, TARGET_COPIES, Entry, Seal, Unsealed
from ops.audit.sealing import canonical, chain, triggers
from ops.console.rooms import rooms

CHUNK = 2_000  # seals read at a time
# Sealing follows the commit immediately. If the process died in between, the entry is sealed with the next one.
MAX_WAIT = timedelta(minutes=15)
COPIES = ("actor_salt", *ACTOR_COPIES, "target_salt", *TARGET_COPIES, "scrubbed_at")
READ = (*SEALED_FIELDS, *COPIES)


class VerificationFailed(Exception):
    """The trail was tampered with or is not being sealed; the message says where and what is wrong."""


@dataclass(frozen=True)
class Anchor:
    """A former head of the chain, kept outside the database."""

    position: int
    hash: str


@dataclass
class Report:
    """The result of a verification that found no fault."""

    sealed: int = 0
    head: str = chain.GENESIS_HASH
    unsealed: int = 0
    oldest_unsealed: datetime | None = None


def parse_anchor(text: str) -> Anchor:
    """Parse POSITION:HASH. Raises ValueError with a message to show for anything else."""
    position, _, hash_ = text.strip().partition(":")
    if not (
        position.isascii()
        and position.isdecimal()
        and len(hash_) == 64
        and set(hash_.lower()) <= set("0123456789abcdef")
    ):
        raise ValueError(f"“{text}” is not an anchor, such as 1042:9f86d0… (verify_audit --anchor prints it).")
    return Anchor(int(position), hash_.lower())


def verify(
    *,
    expected: Anchor | None = None,
    progress: Callable[[int], Any] = lambda number: None,
    using: str = DEFAULT_DB_ALIAS,
) -> Report:
    """Verify the whole chain, calling ``progress`` with the number of seals in each chunk.

    Raises VerificationFailed at the first fault.
    """
    report = Report()
    scrubbed = Scrubbed(using)
    for seals in _chunks(using):
        entries = _entries([seal[1] for seal in seals], using)
        for seal in seals:
            _check(seal, report, entries, scrubbed)
            report.sealed, report.head = seal[0], seal[2]
            if expected and expected.position == report.sealed and expected.hash != report.head:
                words = _(
                    "Position %(position)s has a different hash than the anchor: the chain was rewritten there or "
                    "before."
                )
                raise VerificationFailed(words % {"position": report.sealed})
        progress(len(seals))
    if expected and expected.position > report.sealed:
        words = _(
            "The chain ends at position %(last)s, but the anchor is of position %(expected)s: the end of the chain was "
            "cut off."
        )
        raise VerificationFailed(words % {"last": report.sealed, "expected": expected.position})
    _check_unsealed(report, using)
    faults = triggers.faults(connections[using])
    if faults:
        words = _("The chain is valid, but the database no longer refuses changes: %(faults)s.")
        raise VerificationFailed(words % {"faults": ", ".join(faults)})
    # The report's head may be kept as an anchor.
    chain.wait_for_the_disk(using=using)
    return report


class Scrubbed:
    """The people whose entries were scrubbed on record, and the entries scrubbed because they named one of them.

    A record counts only if a room proves the erasure (Room.proves_erasure): otherwise anybody able to add an entry
    could empty the entries about anybody else. An anonymised account needs only the proof: a record would lead from its
    receipt to its number. Queried as needed and cached, so that erasures during the verification are included.
    """

    def __init__(self, using: str) -> None:
        self.using = using
        self.targets: set[tuple[str, str]] = set()
        self.entries_naming: set[int] = set()
        self.last_entry_read = 0

    def __contains__(self, target: tuple[str, str]) -> bool:
        """Return whether the entries about a target (type, id) were scrubbed on record."""
        if target[1] and target not in self.targets:
            entries = Entry.objects.using(self.using).about(*target).filter(event=Event.PERSON_SCRUBBED)
            if (entries.exists() or self._is_account(*target)) and _is_proven(*target):
                self.targets.add(target)
        return target in self.targets

    def _is_account(self, target_type: str, target_id: str) -> bool:
        """Return whether this is an existing account. Its erasure is proven only if it was anonymised."""
        user = get_user_model()
        is_one = target_type == user._meta.label_lower and target_id.isascii() and target_id.isdecimal()
        return is_one and user._default_manager.using(self.using).filter(pk=target_id).exists()

    def named_in(self, entry_id: int) -> bool:
        """Return whether the entry was scrubbed because it named an erased person."""
        if entry_id not in self.entries_naming:
            records = Entry.objects.using(self.using).filter(event=Event.PERSON_SCRUBBED, pk__gt=self.last_entry_read)
            columns = ("pk", "target_type", "target_id", "details")
            for self.last_entry_read, *target, details in records.order_by("pk").values_list(*columns):
                named = details.get("named_in", ())
                if named and _is_proven(*target):
                    self.entries_naming.update(named)
        return entry_id in self.entries_naming


def _is_proven(target_type: str, target_id: str) -> bool:
    return any(room.proves_erasure(target_type, target_id) for room in rooms())


SealRow = tuple[int, int, str, datetime]  # position, entry id, hash, sealed at


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


def _check(seal: SealRow, report: Report, entries: dict[int, dict[str, Any]], scrubbed: Scrubbed) -> None:
    """Raise VerificationFailed if this seal does not continue the chain verified so far (``report``)."""
    position, key, hash_, sealed_at = seal
    if position != report.sealed + 1:
        words = _("Position %(missing)s is missing: the next seal has position %(position)s (entry %(entry)s).")
        raise VerificationFailed(words % {"missing": report.sealed + 1, "position": position, "entry": key})
    entry = entries.get(key)
    if entry is None:
        words = _("Entry %(entry)s is missing: it was sealed at position %(position)s.")
        raise VerificationFailed(words % {"entry": key, "position": position})
    if _expected_hash(report, position, sealed_at, entry) != hash_:
        for other, candidate in entries.items():
            if _expected_hash(report, position, sealed_at, candidate) == hash_:
                words = _(
                    "Position %(position)s holds entry %(entry)s, but entry %(other)s was sealed there: reordered."
                )
                raise VerificationFailed(words % {"position": position, "entry": key, "other": other})
        words = _("Entry %(entry)s (position %(position)s) does not match its seal: the entry or the seal was altered.")
        raise VerificationFailed(words % {"entry": key, "position": position})
    fault = _fault_in_copies(entry, scrubbed)
    if fault:
        words = _("Entry %(entry)s (position %(position)s): %(fault)s")
        raise VerificationFailed(words % {"entry": key, "position": position, "fault": fault})


def _expected_hash(report: Report, position: int, sealed_at: datetime, entry: dict[str, Any]) -> str:
    return chain.seal_hash(report.head, position, sealed_at, [entry[name] for name in SEALED_FIELDS])


def _fault_in_copies(entry: dict[str, Any], scrubbed: Scrubbed) -> str | None:
    """Return what is wrong with an entry's personal copies, or None if they are intact or properly scrubbed."""
    about = (entry["target_type"], entry["target_id"])
    actor = about if entry["actor_id"] is None else (get_user_model()._meta.label_lower, str(entry["actor_id"]))
    # An account's actor copies are emptied only when that account is erased. Without an actor (a refused sign-in), the
    # name that was tried may be anybody's. An erased person's acts may name them in entries about other targets.
    may_name_others = {"target_salt", "actor_salt"} if entry["actor_id"] is None else {"target_salt"}
    for salt, digest, copies, whose in (
        ("actor_salt", "actor_digest", ACTOR_COPIES, actor),
        ("target_salt", "target_digest", TARGET_COPIES, about),
    ):
        values = [entry[name] for name in copies]
        if entry[salt]:
            if canonical.digest(entry[salt], canonical.canonical(values)) != entry[digest]:
                return _("%(copies)s: one of these copies was altered.") % {"copies": ", ".join(copies)}
        elif any(values) or entry["scrubbed_at"] is None:
            words = _("%(copies)s: these copies were altered; they are neither intact nor marked as scrubbed.")
            return words % {"copies": ", ".join(copies)}
        elif (
            whose not in scrubbed
            and actor not in scrubbed
            and not (salt in may_name_others and scrubbed.named_in(entry["id"]))
        ):
            words = _(
                "%(copies)s: these copies were emptied, but no entry records that the person was erased, or no receipt "
                "proves it."
            )
            return words % {"copies": ", ".join(copies)}
    return None


def _check_unsealed(report: Report, using: str) -> None:
    """Count the entries that await their seal.

    Raises VerificationFailed for one that is missing, is not queued, or has waited for more than MAX_WAIT.
    """
    entries = Entry.objects.using(using)
    existing = entries.filter(pk=OuterRef("entry_id"))
    missing = Unsealed.objects.using(using).filter(~Exists(existing)).order_by("entry_id").first()
    if missing:
        words = _("Entry %(entry)s is missing: it was awaiting its seal.")
        raise VerificationFailed(words % {"entry": missing.entry_id})
    not_queued = entries.filter(seal__isnull=True, unsealed__isnull=True).order_by("pk").first()
    if not_queued:
        words = _(
            "Entry %(entry)s has no seal and is not queued for one: its seal was cut off after position %(position)s, "
            "or the entry was added without the database's triggers."
        )
        raise VerificationFailed(words % {"entry": not_queued.pk, "position": report.sealed})
    waiting = entries.awaiting_seal()
    report.unsealed = waiting.count()
    oldest = waiting.values_list("pk", "at").order_by("at", "pk").first()
    if oldest:
        report.oldest_unsealed = oldest[1]
        if oldest[1] < timezone.now() - MAX_WAIT:
            words = _(
                "Entry %(entry)s has been awaiting its seal since %(moment)s UTC: sealing does not work. Run "
                "verify_audit --seal and check the log."
            )
            raise VerificationFailed(words % {"entry": oldest[0], "moment": f"{oldest[1]:%Y-%m-%d %H:%M}"})
