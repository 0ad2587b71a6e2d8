"""Groups from preview to job: who may make one, which cases it holds, and when it starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.languages.wording import numbered
from ops.audit.details import Key
from ops.audit.recording import record
from ops.console.rooms import sign_in_refusal
from ops.jobs import starting
from ops.moderation import decisions
from ops.moderation.decisions import Choice
from ops.moderation.events import ModerationEvent
from ops.moderation.groups.fitness import fitness_of
from ops.moderation.measures.people import Warn
from ops.moderation.models import DecisionGroup, GroupAction, GroupedCase, GroupKind
from ops.moderation.refusals import DecisionRefused

PERMISSION = "moderation.decide_many_cases"
KIND = "decide_many"  # of the job
MOST = 10_000  # cases of one group
KEPT = timedelta(days=1)  # lifetime of a preview that nobody confirmed
BATCH = 2_000  # rows stored by one statement
EMPTIED = gettext_lazy(
    "The account of somebody in these cases was erased, and with it what was written for this group. Begin again for "
    "the cases that are left."
)

NOT_THEIRS = gettext_lazy("Only its author, or somebody who may undo decisions of colleagues, can undo a group.")
SUSPENDED = gettext_lazy("The account that started this may not sign in now, so nothing is done in its name.")


def why_not(user: Any) -> str:
    """Return why this person may not decide many cases together, as a sentence; "" if they may."""
    may = user is not None and user.is_active and user.is_staff and user.has_perm(PERMISSION)
    return (
        "" if may else _("Deciding many cases at once needs a permission that this account does not have (any more).")
    )


def why_not_reverse(group: DecisionGroup, user: Any) -> str:
    """Return why this person may not undo or restore a group, as a sentence; "" if they may."""
    if refusal := why_not(user):
        return refusal
    if not _may_reverse(group, user):
        return str(NOT_THEIRS)
    if group.started_at is None or (group.job is not None and group.job.ended_at is None):
        return _("This group is not over: cancel it, or wait until it is done.")
    return "" if group.members.done().exists() else _("Nothing was done in this group, so there is nothing to undo.")


def why_it_cannot_continue(group: DecisionGroup, user: Any) -> str:
    """Return why this person's group cannot start or continue, as a sentence; "" if it can.

    Checked at the start and before each batch, because permissions may have changed since the preview.
    """
    if refusal := why_not(user):
        return refusal
    if sign_in_refusal(user):
        return str(SUSPENDED)
    if group.reverses is not None and not _may_reverse(group.reverses, user):
        return str(NOT_THEIRS)
    return str(EMPTIED) if group.is_emptied else ""


def _may_reverse(group: DecisionGroup, user: Any) -> bool:
    return group.made_by_id == user.pk or user.has_perm("moderation.undo_decision")


def prepare(ids: Sequence[int], choice: Choice, *, action: GroupAction, warns: bool = False, by: Any) -> DecisionGroup:
    """Return the preview of a group that decides these cases, at most MOST; delete earlier previews of ``by``.

    ``choice`` applies to all of them. ``action`` determines which messages it hides; if it ``warns``, the authors of
    reported messages are warned. Raises DecisionRefused.
    """
    if refusal := why_not(by):
        raise DecisionRefused(refusal)
    decisions.refuse_invalid(choice)
    if not ids:
        raise DecisionRefused(_("No case is chosen. Choose some in the queue."))
    if warns and action == GroupAction.DISMISS:
        raise DecisionRefused(_("Reports that are dismissed warn nobody: uphold them, or warn nobody."))
    if warns and not choice.sent.strip():
        raise DecisionRefused(str(Warn.unexplained))
    texts = {"sent": choice.sent.strip(), "note": choice.note.strip()}
    chosen = {"action": action, "warns": warns, "label": choice.label, "reason": choice.reason}
    return _preview(DecisionGroup(kind=GroupKind.DECIDE, **chosen, **texts), ids[:MOST], by)


def prepare_reversal(of: DecisionGroup, *, note: str, by: Any) -> DecisionGroup:
    """Return the preview of a group that undoes ``of`` or, if that is an undo itself, decides again what it undid.

    Deletes earlier previews of ``by``. Raises DecisionRefused.
    """
    if refusal := why_not_reverse(of, by):
        raise DecisionRefused(refusal)
    kind = GroupKind.REDO if of.kind == GroupKind.UNDO else GroupKind.UNDO
    ids = list(of.members.done().order_by("pk").values_list("case", flat=True))
    return _preview(DecisionGroup(kind=kind, reverses=of, note=note.strip()), ids, by)


def _preview(group: DecisionGroup, ids: Sequence[int], by: Any) -> DecisionGroup:
    with transaction.atomic():
        DecisionGroup.objects.filter(made_by=by.pk, started_at=None).delete()
        group.made_by, group.made_by_name, group.made_at = by, by.get_username(), timezone.now()
        group.save(force_insert=True)
        found = fitness_of(group, ids, by=by)
        members = [
            GroupedCase(group=group, case_id=pk, outcome=now.why, **now.seen)
            for pk in dict.fromkeys(ids)
            if (now := found.get(pk)) is not None
        ]
        GroupedCase.objects.bulk_create(members, batch_size=BATCH)
    return group


def start(group: DecisionGroup, *, by: Any) -> DecisionGroup:
    """Start the job of a preview, outside of a transaction. It runs here for at most 2 s, then in a worker.

    Raises DecisionRefused or NotRecorded.
    """
    with transaction.atomic():
        stored = DecisionGroup.objects.select_for_update(of=("self",)).filter(pk=group.pk).first()
        if stored is None or stored.made_by_id != by.pk:
            raise DecisionRefused(_("This preview is not there any more: begin again."))
        if stored.started_at is not None:
            raise DecisionRefused(_("This was started already."))
        if refusal := why_it_cannot_continue(stored, by):
            raise DecisionRefused(refusal)
        outcomes = Counter(stored.members.values_list("outcome", flat=True))
        number = outcomes.pop("", 0)
        if not number:
            raise DecisionRefused(_("Nothing can be done about any of these cases."))
        stored.started_at = timezone.now()
        title, params = title_of(stored, number), {"group": str(stored.pk)}
        stored.job = starting.start(KIND, requester=by, title=title, params=params, total=number, kick=False)
        stored.save()
        _record(stored, number, outcomes, by)
    starting.do_here(stored.job)
    return stored


def address_of(group_id: Any) -> str:
    """Return the address of a group's page."""
    return reverse("admin:moderation_decisiongroup_change", args=[group_id])


def title_of(group: DecisionGroup, number: int) -> str:
    """Return the title of a group's job and pages."""
    if group.kind == GroupKind.DECIDE:
        return title_of_deciding(number)
    if group.kind == GroupKind.UNDO:
        return numbered(ngettext("Undo %(number)s decision", "Undo %(number)s decisions", number), number)
    return numbered(ngettext("Restore %(number)s decision", "Restore %(number)s decisions", number), number)


def title_of_deciding(number: int) -> str:
    """Return the title for deciding this many cases."""
    return numbered(ngettext("Decide %(number)s case", "Decide %(number)s cases", number), number)


def remove_old_previews() -> int:
    """Delete previews that nobody confirmed within a day; return how many."""
    old = DecisionGroup.objects.filter(started_at=None, made_at__lt=timezone.now() - KEPT)
    return old.delete()[1].get("moderation.DecisionGroup", 0)


def _record(group: DecisionGroup, number: int, left_out: Counter[str], by: Any) -> None:
    undoes = group.kind == GroupKind.UNDO
    details = {
        "cases": number,
        "left_out": {Key(why): found for why, found in sorted(left_out.items())},
        "label": Key(group.label.slug) if group.label else None,
        "action": Key(group.action),
        "warns": group.warns,
        "of": group.reverses_id,
    }
    event = ModerationEvent.GROUP_UNDONE if undoes else ModerationEvent.GROUP_DECIDED
    record(event, actor=by, target=group, details=details)
