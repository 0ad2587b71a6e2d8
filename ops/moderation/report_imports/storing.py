"""Storing the reports of a checked file with their cases, set-based and all or none; and undoing an import."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from messaging.database.alike import bulk_store, insert_missing
from messaging.models import Conversation, Message
from messaging.writing import ids_subquery, in_batches
from ops.audit.recording import record
from ops.moderation import cases, ranking
from ops.moderation.cases import REOPENED_WITHIN
from ops.moderation.events import ModerationEvent
from ops.moderation.labels.targets import target_of, worst
from ops.moderation.models import Case, CasePerson, Flag, FlagImport, ImportState, Outcome, Source, State
from ops.moderation.refusals import FlagRefused
from ops.moderation.report_imports.checking import Ready
from ops.moderation.transitions import CaseEvent, after

TOGETHER = 500  # conversations in one batch
WRITTEN = 1_000  # rows of one statement
CHANGED_MEANWHILE = gettext_lazy("Somebody changed messages that the file names while it was read: import it again.")
UNDONE_ALREADY = gettext_lazy("There is no import of reports with this batch, or it was undone already.")
CHANGED = (
    "state", "version", "pending_since", "closed_at", "waiting_from", "waits_until", "waits_for_reply", "severity",
    "due_at", "rank_at",
)  # fmt: skip


def store(
    ready: Collection[Ready],
    *,
    by: Any,
    known: int = 0,
    import_: FlagImport | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> FlagImport:
    """Store reports. Waiting ones join their conversation's case or open one, as other reports do; the case ranks by
    the times of its reports. Reports that were settled elsewhere leave no pending case.

    ``import_`` belongs to an uploaded file; without one, it is created. Raises FlagRefused if messages were changed,
    moved or removed since the check.
    """
    with transaction.atomic(using=using):
        now = timezone.now()
        if import_ is None:
            import_ = FlagImport.objects.using(using).create(by=by, created_at=now)
        flagged: defaultdict[int, list[Ready]] = defaultdict(list)
        for one in ready:
            flagged[one.message.conversation_id].append(one)
        opened = 0
        for some in in_batches(sorted(flagged), TOGETHER):
            _lock(some, [one for pk in some for one in flagged[pk]], using)
            opened += _Batch(import_, {pk: flagged[pk] for pk in some}, using).store()
        import_.counts = {"flags": len(ready), "known": known, "cases": opened}
        import_.state, import_.stored_at = ImportState.STORED, now
        import_.save(using=using, update_fields=["counts", "state", "stored_at"])
        record(ModerationEvent.FLAGS_IMPORTED, actor=by, target=import_, details=import_.counts, using=using)
    return import_


def undo(batch: UUID, *, by: Any, using: str = DEFAULT_DB_ALIAS) -> dict[str, int]:
    """Remove the imported reports that nobody has decided since, delete cases left empty, and close cases without other
    waiting reports. Return how many reports and cases were removed, and how many reports kept. Raises FlagRefused."""
    with transaction.atomic(using=using):
        import_ = FlagImport.objects.using(using).select_for_update().filter(pk=batch).first()
        if import_ is None or import_.state not in (ImportState.STORED, ImportState.UNDOING):
            raise FlagRefused(UNDONE_ALREADY)
        brought = Flag.objects.using(using).filter(brought_by=import_)
        untouched = undecided(import_, using=using)
        case_ids = sorted(set(untouched.order_by().values_list("case", flat=True)))
        counts = {"flags": 0, "cases": 0}
        for some in in_batches(case_ids, TOGETHER):
            among = ids_subquery(some, using=using)
            locked = cases.all_locked_in_conversations(some, using=using)
            counts["flags"] += untouched.filter(case__in=among).delete()[0]
            empty = Case.objects.using(using).filter(pk__in=among, flags=None, decisions=None)
            gone = set(empty.values_list("pk", flat=True))
            empty.filter(pk__in=ids_subquery(sorted(gone), using=using)).delete()
            counts["cases"] += len(gone)
            cases.close_settled([case for case in locked if case.pk not in gone], using=using)
        counts["kept"] = brought.count()
        import_.undone_at, import_.state = timezone.now(), ImportState.UNDONE
        import_.counts = {**import_.counts, "removed": counts}
        import_.save(using=using, update_fields=["undone_at", "state", "counts"])
        record(ModerationEvent.FLAGS_IMPORT_UNDONE, actor=by, target=import_, details=counts, using=using)
    return counts


def undecided(import_: FlagImport, *, using: str = DEFAULT_DB_ALIAS) -> Any:
    """Select the imported reports that nobody has decided since."""
    brought = Flag.objects.using(using).filter(brought_by=import_)
    return brought.filter(Q(outcome=Outcome.WAITING) | Q(settled_at__lte=import_.stored_at))


def _lock(conversation_ids: Collection[int], ready: Iterable[Ready], using: str) -> None:
    """Lock conversations, so that nobody else opens cases in them. Raises FlagRefused if a message has changed."""
    Conversation.objects.using(using).filter(pk__in=ids_subquery(conversation_ids, using=using)).lock()
    places = {one.message.pk: (one.message.conversation_id, one.message.revision) for one in ready}
    messages = Message._base_manager.using(using).filter(pk__in=ids_subquery(places, using=using))
    if {pk: tuple(place) for pk, *place in messages.values_list("pk", "conversation_id", "revision")} != places:
        raise FlagRefused(CHANGED_MEANWHILE)


@dataclass
class _Batch:
    """One batch of reports, by their locked conversation."""

    import_: FlagImport
    flagged: dict[int, list[Ready]]
    using: str

    def store(self) -> int:
        """Store the reports with their cases, and return the number of new cases."""
        pending, latest = self._stored_cases()
        of: dict[int, Case] = {}
        new, changed = [], []
        for conversation_id, some in self.flagged.items():
            waiting = [one for one in some if one.row.outcome == Outcome.WAITING]
            case = pending.get(conversation_id) or latest.get(conversation_id)
            if case is not None and not self._fits(case, waiting):
                case = None
            if case is None:
                case = _new_case(conversation_id, some, waiting)
                new.append(case)
            elif waiting:
                _join(case, min(one.row.created_at for one in waiting))
                changed.append(case)
            of[conversation_id] = case
        Case.objects.using(self.using).bulk_create(new, batch_size=WRITTEN)
        flags = [self._flag(one, of[pk]) for pk, some in self.flagged.items() for one in some]
        Flag.objects.using(self.using).bulk_create(flags, batch_size=WRITTEN)
        self._name_people(of)
        self._rank([*new, *changed])
        return len(new)

    def _stored_cases(self) -> tuple[dict[int | None, Case], dict[int | None, Case]]:
        """Return the pending cases and the latest cases, each by conversation."""
        among = ids_subquery(self.flagged, using=self.using)
        found = list(cases.locked(self.using).filter(conversation__in=among).order_by("pk"))
        pending = {case.conversation_id: case for case in found if case.state != State.CLOSED}
        return pending, {case.conversation_id: case for case in found}

    @staticmethod
    def _fits(case: Case, waiting: list[Ready]) -> bool:
        """Return whether the reports join this case: one closed too long before a waiting report stays closed."""
        if case.state != State.CLOSED or not waiting or case.closed_at is None:
            return True
        return case.closed_at > min(one.row.created_at for one in waiting) - REOPENED_WITHIN

    def _flag(self, one: Ready, case: Case) -> Flag:
        return Flag(
            case=case,
            message_id=one.message.pk,
            revision=one.revision,
            label=one.label,
            reporter_id=one.reporter_id,
            source=Source.IMPORT,
            note=one.row.note,
            outcome=one.row.outcome,
            external_id=one.row.external_id,
            created_at=one.row.created_at,
            settled_at=one.row.settled_at,
            brought_by=self.import_,
        )

    def _name_people(self, of: dict[int, Case]) -> None:
        people = {
            (of[pk].pk, user_id)
            for pk, some in self.flagged.items()
            for one in some
            for user_id in (one.message.sender_id, one.message.receiver_id)
        }
        insert_missing((CasePerson(case_id=pk, user_id=user_id) for pk, user_id in sorted(people)), using=self.using)

    def _rank(self, touched: list[Case]) -> None:
        """Rank cases by their waiting reports, and store all of their changes."""
        ranks = ranking.ranks_of({case.pk: case.pending_since for case in touched}, using=self.using)
        for case in touched:
            if case.pk in ranks:
                case.severity, (case.due_at, case.rank_at) = ranks[case.pk]
        bulk_store(touched, CHANGED, using=self.using)


def _new_case(conversation_id: int, some: list[Ready], waiting: list[Ready]) -> Case:
    """Build a case for the reports in a conversation; it is closed if all of them were settled elsewhere."""
    since = min(one.row.created_at for one in waiting or some)
    severity = worst(one.label.severity for one in waiting or some)
    due_at, rank_at = ranking.rank(since, target_of(severity), ())
    closed_at: datetime | None = None
    if not waiting:
        closed_at = max(one.row.settled_at or one.row.created_at for one in some)
    return Case(
        conversation_id=conversation_id,
        state=State.OPEN if waiting else State.CLOSED,
        severity=severity,
        due_at=due_at,
        rank_at=rank_at,
        pending_since=since,
        first_flag_at=min(one.row.created_at for one in some),
        closed_at=closed_at,
    )


def _join(case: Case, since: datetime) -> None:
    """Make a stored case pending because of a report; a closed one is pending again from ``since``."""
    if case.state == State.CLOSED:
        case.pending_since, case.closed_at = since, None
    case.state = after(case.state, CaseEvent.FLAGGED)
    if case.state != State.WAITING:
        case.waiting_from = case.waits_until = None
        case.waits_for_reply = False
    case.version += 1
