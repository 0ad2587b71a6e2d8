"""Notices to reviewers about their cases, decisions and group decisions, and about imports of reports."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.audit import context
from ops.moderation.models import Claim, Decision
from ops.notices import topics
from ops.notices.kinds import Kind, called_by_file
from ops.notices.notifying import notify, notify_each

CASE, GROUP, IMPORT = "moderation.case", "moderation.decisiongroup", "moderation.flagimport"
MOST_ONE_BY_ONE = 5  # decisions of one person that lapse together; more make one notice


def _numbered(case: Any) -> str:
    return _("Case %(number)s") % {"number": case.pk}


QUEUE: dict[str, Any] = {"page": "admin:moderation_case_changelist", "permission": "moderation.view_case"}
TAKEN_OVER, UNDONE, LAPSED = "moderation.taken_over", "moderation.undone", "moderation.lapsed"
RESTORED, RESTORED_IN_GROUP = "moderation.restored", "moderation.restored_in_group"
UNDONE_IN_GROUP, LAPSED_TOGETHER = "moderation.undone_in_group", "moderation.lapsed_together"
GROUP_FINISHED, GROUP_FAILED = "moderation.group_finished", "moderation.group_failed"
CHECKED, CHECK_FAILED = "moderation.reports_checked", "moderation.reports_check_failed"
STORED, REFUSED, STORE_FAILED = (f"moderation.reports_{end}" for end in ("stored", "refused", "store_failed"))
IMPORT_UNDONE, UNDO_FAILED = "moderation.reports_undone", "moderation.reports_undo_failed"
KINDS = (
    Kind(TAKEN_OVER, topics.CASES, gettext_lazy("Somebody took over a case that you held."), CASE, _numbered),
    Kind(
        UNDONE,
        topics.CASES,
        gettext_lazy("Somebody undid a decision of yours: the case is open again."),
        CASE,
        _numbered,
    ),
    Kind(
        RESTORED,
        topics.CASES,
        gettext_lazy("Somebody restored a decision that you had made or undone: the case is closed."),
        CASE,
        _numbered,
    ),
    Kind(
        LAPSED,
        topics.CASES,
        gettext_lazy("A decision of yours lapsed, because a text was changed: the case is open again."),
        CASE,
        _numbered,
    ),
    Kind(
        UNDONE_IN_GROUP,
        topics.CASES,
        gettext_lazy("Somebody undid several decisions of yours together: their cases are open again."),
        **QUEUE,
    ),
    Kind(
        RESTORED_IN_GROUP,
        topics.CASES,
        gettext_lazy("Somebody restored several decisions together that you had made or undone."),
        **QUEUE,
    ),
    Kind(
        LAPSED_TOGETHER,
        topics.CASES,
        gettext_lazy("Several decisions of yours lapsed, because texts were changed: their cases are open again."),
        **QUEUE,
    ),
    Kind(GROUP_FINISHED, topics.FINISHED, gettext_lazy("Your group decision is finished."), GROUP),
    Kind(GROUP_FAILED, topics.FAILED, gettext_lazy("Your group decision failed: a part of it may be done."), GROUP),
    Kind(
        CHECKED,
        topics.FINISHED,
        gettext_lazy("The file of reports that you uploaded was checked: decide whether to import it."),
        IMPORT,
        called_by_file,
    ),
    Kind(
        CHECK_FAILED,
        topics.FAILED,
        gettext_lazy("The file of reports that you uploaded could not be checked."),
        IMPORT,
        called_by_file,
    ),
    Kind(STORED, topics.FINISHED, gettext_lazy("Your import of reports is finished."), IMPORT, called_by_file),
    Kind(
        REFUSED,
        topics.FAILED,
        gettext_lazy("No report was imported: your file has new problems."),
        IMPORT,
        called_by_file,
    ),
    Kind(
        STORE_FAILED,
        topics.FAILED,
        gettext_lazy("Your import of reports failed: nothing of it is stored."),
        IMPORT,
        called_by_file,
    ),
    Kind(IMPORT_UNDONE, topics.FINISHED, gettext_lazy("Your import of reports was undone."), IMPORT, called_by_file),
    Kind(UNDO_FAILED, topics.FAILED, gettext_lazy("Undoing your import of reports failed."), IMPORT, called_by_file),
)


def notify_taken_over(held: Claim, *, by: Any, using: str) -> None:
    """Notify the reviewer who held a case that ``by`` took it over."""
    notify(TAKEN_OVER, [held.reviewer_id], (CASE, held.case_id), by=by, occasion=held.token, using=using)


def notify_undone(undone: Iterable[Decision], *, by: Any, group: UUID | None, using: str) -> None:
    """Notify the makers of these decisions that ``by`` undid them; with a ``group``, once for all of them."""
    if group is not None:
        notify(UNDONE_IN_GROUP, {one.decided_by_id for one in undone}, by=by, occasion=group, using=using)
        return
    for one in undone:
        notify(UNDONE, [one.decided_by_id], (CASE, one.case_id), by=by, occasion=one.pk, using=using)


def notify_restored(undos: Collection[Decision], *, by: Any, group: UUID | None, using: str) -> None:
    """Notify those who undid decisions, and their makers, that ``by`` restored them; with a ``group``, once for all."""
    people: dict[int, set[Any]] = {one.pk: {one.decided_by_id} for one in undos}
    for one in undos:
        if one.reverses is not None:
            people[one.pk].add(one.reverses.decided_by_id)
    if group is not None:
        notify(RESTORED_IN_GROUP, set().union(*people.values()), by=by, occasion=group, using=using)
        return
    for one in undos:
        notify(RESTORED, people[one.pk], (CASE, one.case_id), by=by, occasion=one.pk, using=using)


def notify_lapsed(lapsed: Sequence[tuple[int, Any]], *, using: str) -> None:
    """Notify the makers of lapsed decisions, given as (case, maker); many of one person make one notice."""
    by_maker: defaultdict[Any, list[int]] = defaultdict(list)
    for case_id, maker in lapsed:
        by_maker[maker].append(case_id)
    action = context.current().action
    few = {maker: cases for maker, cases in by_maker.items() if len(cases) <= MOST_ONE_BY_ONE}
    one_by_one = [(maker, (CASE, pk)) for maker, cases in few.items() for pk in cases]
    notify_each(LAPSED, one_by_one, occasion=action, using=using)
    notify(LAPSED_TOGETHER, by_maker.keys() - few.keys(), occasion=action, using=using)
