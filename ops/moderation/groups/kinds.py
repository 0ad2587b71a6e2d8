"""The job of a group: processes its cases in batches, each case once, even if the worker is killed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.translation import gettext_lazy, pgettext_lazy

from ops.jobs.kinds import Kind
from ops.jobs.models import Job
from ops.jobs.pacing import Pace
from ops.jobs.run import JobFailed, Run
from ops.moderation import cases, decisions
from ops.moderation.decisions import Choice
from ops.moderation.groups import preparing
from ops.moderation.groups.fitness import authors, fitness_of
from ops.moderation.measures import registry
from ops.moderation.measures.kinds import Acting, Order, lock_people
from ops.moderation.models import (
    DONE,
    Act,
    Case,
    Decision,
    DecisionGroup,
    Flag,
    GroupAction,
    GroupedCase,
    GroupKind,
    LeftOut,
    Measure,
)
from ops.moderation.notices import notices
from ops.moderation.refusals import DecisionRefused
from ops.moderation.restoring.restoring import choice_again

GONE = gettext_lazy("This group is not known any more: begin again.")
FIRST, LEAST, MOST = 250, 100, 2_000  # cases of one batch
TIMES = 1.5  # times the usual length of a batch: much of its cost does not depend on the number of cases


class DecideMany(Kind):
    """Decides the cases of a group, or undoes its decisions. Finished batches stay when it is cancelled or fails."""

    name = preparing.KIND
    unit = pgettext_lazy("moderation", "cases")
    permission = preparing.PERMISSION
    cancel_note = gettext_lazy("What was done until then stays. It can be undone as a group.")
    notifies = {Job.State.FINISHED: notices.GROUP_FINISHED, Job.State.FAILED: notices.GROUP_FAILED}

    def work(self, run: Run) -> dict[str, Any]:
        pace = Pace(FIRST, least=LEAST, most=MOST, times=TIMES)
        while True:
            with pace.timed(), run.batch():
                group, by = _group(run)
                members = list(group.members.to_do().order_by("pk")[: pace.size])
                if members:
                    do_batch(group, members, by=by)
                    run.advance(done=(run.total or 0) - group.members.to_do().count())
            if not members:
                return {"done": group.members.done().count(), "left_out": group.members.left_out().count()}

    def page(self, job: Job) -> str:
        return preparing.address_of(job.params["group"])

    def subject(self, job: Job) -> tuple[str, Any]:
        return notices.GROUP, job.params["group"]

    def why_no_retry(self, job: Job) -> str:
        group = DecisionGroup.objects.filter(pk=job.params["group"]).first()
        if group is None:
            return str(GONE)
        return str(preparing.EMPTIED) if group.is_emptied else ""


def _group(run: Run) -> tuple[DecisionGroup, Any]:
    """Return the group of a job and its requester, both loaded now. Raises JobFailed if the job cannot continue."""
    group = DecisionGroup.objects.select_related("label", "reason", "reverses").filter(pk=run.params["group"]).first()
    if group is None:
        raise JobFailed(str(GONE))
    # Loaded again, because a user object caches its permissions.
    accounts: Any = get_user_model()._base_manager
    requester = accounts.filter(pk=run.job.requester_id).first()
    if refusal := preparing.why_it_cannot_continue(group, requester):
        raise JobFailed(refusal)
    return group, requester


def do_batch(group: DecisionGroup, members: Sequence[GroupedCase], *, by: Any) -> None:
    """Process these cases where possible, and store the outcome of each, in a constant number of queries."""
    seen = {member.case_id: member for member in members}
    _lock_people(group, seen)
    found = cases.all_locked_in_conversations(sorted(seen), using="default")
    now = fitness_of(group, seen.keys(), by=by)
    outcomes: dict[int, str] = {case.pk: _outcome(seen[case.pk], now[case.pk]) for case in found}
    if group.kind == GroupKind.UNDO:
        conversations: set[int | None] = set()
        for case in found:
            if outcomes[case.pk] == DONE and case.conversation_id in conversations:
                outcomes[case.pk] = LeftOut.ANOTHER_CASE
            conversations.add(case.conversation_id)
    able = [case for case in found if outcomes[case.pk] == DONE]
    if able:
        try:
            ACTS[GroupKind(group.kind)](group, able, by)
        except DecisionRefused as refusal:
            raise JobFailed(str(refusal)) from refusal
    by_outcome: defaultdict[str, list[int]] = defaultdict(list)
    for pk, member in seen.items():
        by_outcome[outcomes.get(pk, LeftOut.CHANGED)].append(member.pk)
    for outcome, ids in by_outcome.items():
        GroupedCase.objects.filter(pk__in=cases.id_lookup(ids, using="default")).update(outcome=outcome)


def _outcome(seen: GroupedCase, now: Any) -> str:
    """Return DONE if the case is unchanged since the preview, else why it is left out."""
    if now.why:
        return str(now.why)
    same = {"version": seen.version, "reports": seen.reports, "revisions": seen.revisions} == now.seen
    return DONE if same else LeftOut.CHANGED


def _decide(group: DecisionGroup, some: Sequence[Case], by: Any) -> None:
    hides: defaultdict[int, list[int]] = defaultdict(list)
    if group.action == GroupAction.HIDE:
        for case_id, message in _reported(some):
            hides[case_id].append(message)
    warns: defaultdict[int, list[Order]] = defaultdict(list)
    if group.warns:
        for case_id, user in authors().filter(case__in=_among(some)).order_by("pk").values_list("case", "user"):
            warns[case_id].append(Order(Act.WARN, user=user))
    assert group.label is not None
    shared = Choice(group.label, group.reason, group.sent, group.note, upholds=group.action == GroupAction.UPHOLD)
    chosen = [(case, replace(shared, hides=hides[case.pk], measures=warns[case.pk])) for case in some]
    decisions.store(chosen, by=by, group=group.pk)


def _reported(some: Sequence[Case]) -> Any:
    """Return the pairs of case and message that have a waiting report in these cases."""
    waiting = Flag.objects.waiting().filter(case__in=_among(some), message__isnull=False)
    return waiting.order_by("pk").values_list("case_id", "message_id")


def _undo(group: DecisionGroup, some: Sequence[Case], by: Any) -> None:
    found = {one.case_id: one for one in Decision.objects.filter(group=group.reverses_id, case__in=_among(some))}
    plans = decisions.preview_undos(list(found.values()), by=by)
    undone = [(case, found[case.pk], plans[found[case.pk].pk].plan) for case in some]
    decisions.store_undone(undone, by=by, note=group.note, group=group.pk)


def _redo(group: DecisionGroup, some: Sequence[Case], by: Any) -> None:
    """Make the decisions from before the undo again, with the texts that were sent then."""
    undos = Decision.objects.filter(group=group.reverses_id, case__in=_among(some))
    found = {one.case_id: one for one in undos.select_related("reverses__label", "reverses__reason")}
    measures = Measure.objects.filter(decision__in=undos.values("reverses")).order_by("pk")
    again = registry.again(list(measures), Acting(by, timezone.now(), "default"))
    chosen = []
    for case in some:
        before = found[case.pk].reverses
        assert before is not None
        orders = again.orders.get(before.pk, ())
        chosen.append((case, choice_again(before, orders, by=found[case.pk], note=group.note)))
    decisions.store(chosen, by=by, group=group.pk)
    notices.notify_restored(found.values(), by=by, group=group.pk, using="default")


def _lock_people(group: DecisionGroup, case_ids: Collection[int]) -> None:
    """Lock the people whom the group warns, or whose measures it undoes or restores, before their cases, as writers
    do."""
    among = cases.id_lookup(case_ids, using="default")
    if group.warns:
        lock_people(set(authors().filter(case__in=among).values_list("user", flat=True)), using="default")
    elif group.reverses is not None:
        decided = group.reverses.reverses_id if group.kind == GroupKind.REDO else group.reverses_id
        on_people = Measure.objects.filter(decision__group=decided, decision__case__in=among, user__isnull=False)
        registry.lock(list(on_people), using="default")


def _among(some: Sequence[Case]) -> Any:
    return cases.id_lookup([case.pk for case in some], using="default")


ACTS = {GroupKind.DECIDE: _decide, GroupKind.UNDO: _undo, GroupKind.REDO: _redo}
