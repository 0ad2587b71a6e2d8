"""Cases follow messages that move to other conversations: when a reply that was stored before its parent joins it, or
when an import is undone. The number of statements does not depend on the number of conversations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from messaging.database.alike import bulk_insert, bulk_store, insert_missing
from messaging.writing import ids_subquery
from ops.moderation import cases
from ops.moderation.models import Case, CasePerson, Flag, Outcome, State
from ops.moderation.transitions import CaseEvent, after

CHANGED = (
    "conversation", "state", "version", "pending_since", "due_at", "rank_at", "closed_at", "waiting_from",
    "waits_until", "waits_for_reply",
)  # fmt: skip


def follow(conversation_ids: Collection[int], merged: Mapping[int, int], *, using: str) -> None:
    """Update cases after messages of these conversations moved. A case follows its flagged messages or, if those are
    erased, its conversation: ``merged`` maps conversations that became a part of another one to that one.

    Runs in the transaction of the move, before empty conversations are removed. A case whose flags are all in one
    conversation moves there; if another case is pending there, that one takes the flags. If its flags are in several
    conversations, those that moved join a case of their conversation.
    """
    strayed = Q(flags__message__isnull=False) & ~Q(flags__message__conversation=F("conversation"))
    left = Case.objects.using(using).filter(conversation__in=ids_subquery(conversation_ids, using=using)).order_by()
    gone = left.filter(conversation__in=ids_subquery(merged, using=using))
    ids = {*left.filter(strayed).values_list("pk", flat=True), *gone.values_list("pk", flat=True)}
    if ids:
        following = _Following(ids, merged, using)
        for pk in sorted(ids):
            following.take(following.cases[pk])
        following.store()


class _Following:
    """The cases that move and the cases of their target conversations, locked. Each moving case is placed in memory,
    one after the other, and all are stored at the end."""

    def __init__(self, ids: Collection[int], merged: Mapping[int, int], using: str) -> None:
        self.using, self.merged, self.now = using, merged, timezone.now()
        among = ids_subquery(ids, using=using)
        self.cases = {case.pk: case for case in cases.all_locked(ids, using=using)}
        self.flags: defaultdict[int, list[Any]] = defaultdict(list)
        flags = Flag.objects.using(using).filter(case__in=among, message__isnull=False).select_related("label")
        people = {name: F(f"message__{name}") for name in ("sender", "receiver")}
        for flag in flags.annotate(place=F("message__conversation"), **people).order_by("pk"):
            self.flags[flag.case_id].append(flag)
        targets = {flag.place for some in self.flags.values() for flag in some} | set(merged.values())
        there = cases.locked(using).filter(conversation__in=ids_subquery(targets, using=using)).order_by("pk")
        self.cases |= {case.pk: case for case in there if case.pk not in self.cases}
        self.before = {pk: case.conversation_id for pk, case in self.cases.items()}
        self.at: defaultdict[int | None, list[Case]] = defaultdict(list)
        for case in self.cases.values():
            self.at[case.conversation_id].append(case)
        self.changed: dict[int, Case] = {}
        self.new: list[Case] = []
        self.opened: list[Case] = []
        self.moved: dict[int, Any] = {}
        self.touched: dict[int, Case] = {}  # by ``id()``, because new cases have no key yet

    def take(self, case: Case) -> None:
        """Place one case according to its flags."""
        flags = self.flags[case.pk]
        targets = {flag.place for flag in flags}
        if not targets and case.conversation_id is not None:
            targets = {self.merged[case.conversation_id]}
        if len(targets) == 1:
            (target,) = targets
            pending = self._pending(target)
            if pending in (None, case) or case.state == State.CLOSED:
                self._change(case, target)
                return
        for flag in flags:
            if flag.place != case.conversation_id:
                self._move(flag)
        if len(targets) == 1:
            self._change(case, targets.pop(), state=after(case.state, CaseEvent.SETTLED), closed_at=self.now)
        else:
            self.touched[id(case)] = case

    def store(self) -> None:
        """Store the changes: cases first, since no flag may be in a case of another conversation."""
        origins = {self.before[pk] for pk, case in self.changed.items() if case.conversation_id != self.before[pk]}
        if origins & {case.conversation_id for case in self.changed.values()}:
            # A case moves to where another one leaves, and the database updates them in any order. So the leaving ones
            # are detached first: no conversation ever has two pending cases.
            leaving = Case.objects.using(self.using).filter(pk__in=ids_subquery(self.changed, using=self.using))
            leaving.filter(conversation__in=ids_subquery(filter(None, origins), using=self.using)).update(
                conversation=None
            )
        bulk_store(self.changed.values(), CHANGED, using=self.using)
        bulk_insert(self.new, using=self.using)
        cases.record_openings(self.opened, using=self.using)
        moved = list(self.moved.values())
        for flag in moved:
            flag.case_id = flag.case.pk
        bulk_store(moved, ["case"], using=self.using)
        people = {(flag.case_id, user) for flag in moved for user in (flag.sender, flag.receiver)}
        insert_missing((CasePerson(case_id=pk, user_id=user) for pk, user in sorted(people)), using=self.using)
        cases.close_settled(list(self.touched.values()), using=self.using)

    def _pending(self, place: int | None) -> Case | None:
        return next((case for case in self.at[place] if case.state != State.CLOSED), None)

    def _move(self, flag: Any) -> None:
        """Put a flag into a case of the conversation that its message is in now."""
        found = max(self.at[flag.place], key=_age, default=None)
        if found is None or flag.outcome == Outcome.WAITING:
            found = self._case_for(flag)
        flag.case = found
        self.moved[flag.pk] = flag
        self.flags[found.pk].append(flag)  # that case may itself follow its flags later
        self.touched[id(found)] = found

    def _case_for(self, flag: Any) -> Case:
        """Return the case that a flag joins, chosen as for a new flag (cases.case_for)."""
        found = self._pending(flag.place)
        if found is None:
            recent = self.now - cases.REOPENED_WITHIN
            closed = [one for one in self.at[flag.place] if one.closed_at is not None and one.closed_at > recent]
            found = max(closed, key=_age, default=None)
        if found is None:
            found = cases.new_case(flag.place, flag.label.severity, self.now)
            self.new.append(found)
            self.at[flag.place].append(found)
            self.opened.append(found)
            return found
        if found.state == State.CLOSED:
            self.opened.append(found)
        if found.pk is not None:
            self._change(found, found.conversation_id, **cases.reopening(found, CaseEvent.FLAGGED, since=self.now))
        return found

    def _change(self, case: Case, place: int | None, **changes: Any) -> None:
        if place != case.conversation_id:
            self.at[case.conversation_id].remove(case)
            self.at[place].append(case)
        cases.change(case, conversation_id=place, **changes)
        self.changed[case.pk] = case


def _age(case: Case) -> float:
    """Return a sort key for the latest of several cases; unsaved ones are later than all others."""
    return float("inf") if case.pk is None else case.pk
