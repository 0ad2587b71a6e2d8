"""The contents of request pages: progress, who did what, and what the viewer may do next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from messaging.languages.wording import numbered
from ops.deletion import approval
from ops.deletion.leftovers import step_words
from ops.deletion.models import TO_RUN, DeletionGroup, DeletionRequest, Hold, Mode, State, Texts
from ops.deletion.receipts import COUNT_WORDS
from ops.jobs.leases import UNDER_WAY

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

OUTCOME_WORDS = {
    "removed": gettext_lazy("removed"),
    "none": gettext_lazy("nothing found"),
    "partial": gettext_lazy("removed in part"),
    "failed": gettext_lazy("failed"),
}
BLANKED = gettext_lazy("Anonymised; the texts they sent are blanked")
KEPT = gettext_lazy("Anonymised; the texts they sent are kept")


@dataclass(frozen=True)
class Moment:
    """One entry of a request's timeline. ``standing`` is done, now, later or stopped; ``by`` is a name."""

    title: str
    standing: str
    at: datetime | None = None
    by: str = ""
    note: str = ""


@dataclass(frozen=True)
class Offer:
    """A button: its text and URL."""

    words: str
    address: str
    primary: bool = False


@dataclass(frozen=True)
class Outcome:
    """One step of an erasure, in words."""

    words: StrOrPromise
    outcome: str
    outcome_words: StrOrPromise
    note: str


class People:
    """Usernames by account id, fetched in one query; “account N (erased)” for erased accounts."""

    def __init__(self, numbers: Iterable[int | None]) -> None:
        known = {number for number in numbers if number is not None}
        found = get_user_model()._default_manager.filter(pk__in=known)
        self._names: dict[int, str] = dict(found.values_list("pk", "username"))

    def known(self, number: int) -> str:
        """Return the username; "" for an erased account."""
        return self._names.get(number, "")

    def name(self, number: int | None) -> str:
        """Return the username, or “account N (erased)”; "" for None."""
        if number is None:
            return ""
        return self._names.get(number, _("account %(number)s (erased)") % {"number": number})


def people_of(request: DeletionRequest, holds: Iterable[Hold] = ()) -> People:
    """Return the usernames of everybody named on the page of a request."""
    numbers = [request.requested_by_id, request.approved_by_id, request.ended_by_id]
    return People([*numbers, *(number for hold in holds for number in (hold.placed_by_id, hold.lifted_by_id))])


def name_people_of_holds(holds: list[Hold]) -> list[Hold]:
    """Return the same holds with ``whose``, ``placed_by_name`` and ``lifted_by_name``, "" where there is nobody."""
    people = People(number for one in holds for number in (one.user_id, one.placed_by_id, one.lifted_by_id))
    for hold in holds:
        hold.whose = people.known(hold.user_id)  # type: ignore[attr-defined]
        hold.placed_by_name = people.name(hold.placed_by_id)  # type: ignore[attr-defined]
        hold.lifted_by_name = people.name(hold.lifted_by_id)  # type: ignore[attr-defined]
    return holds


def address_of(request: DeletionRequest) -> str:
    """Return the URL of a request's page."""
    return reverse("admin:deletion_deletionrequest_change", args=[request.pk])


def display_name(request: DeletionRequest) -> str:
    """Return the username of the account, or its substitute once it is erased."""
    if request.username:
        return request.username
    return _("an anonymised account") if request.group.mode == Mode.ANONYMISE else _("an erased account")


def for_display(rows: list[DeletionRequest]) -> list[DeletionRequest]:
    """Return the same rows with ``display_name`` and ``waits`` (within the grace period), for lists."""
    now = timezone.now()
    for row in rows:
        row.display_name = display_name(row)  # type: ignore[attr-defined]
        row.waits = row.state == State.APPROVED and row.runs_at is not None and row.runs_at > now  # type: ignore[attr-defined]
    return rows


def method_text(row: Any) -> str:
    """Return the method of a group or receipt, in words."""
    if row.mode == Mode.ERASE:
        return _("Erased, with everything sent and received")
    return str(KEPT if row.texts == Texts.KEEP else BLANKED)


def requester_name(request: DeletionRequest, people: People) -> str:
    """Return who requested a deletion, in words."""
    if request.own:
        return _("the person themselves")
    return people.name(request.requested_by_id) or _("a command")


def facts(request: DeletionRequest) -> dict[str, Any]:
    """Return method, requester and reason, for the pages of a request and of its group."""
    return {
        "group": request.group,
        "way": method_text(request.group),
        "asker": requester_name(request, People([request.requested_by_id])),
        "reason": request.reason,
    }


def timeline(request: DeletionRequest, people: People) -> list[Moment]:
    """Return all steps of a request, including pending ones."""
    moments = [Moment(_("Requested"), "done", request.requested_at, requester_name(request, people))]
    if request.approved_at is not None:
        moments.append(
            Moment(_("Approved"), "done", request.approved_at, _approver(request, people), _approval_note(request))
        )
    if request.state in (State.CANCELLED, State.REFUSED):
        note = _("Nothing was deleted; the account is as it was before.")
        title = str(State(request.state).label)
        return [*moments, Moment(title, "stopped", request.ended_at, people.name(request.ended_by_id), note)]
    if request.state == State.REQUESTED:
        moments.append(Moment(_("Approval"), "now", note=_("Awaiting a second person.")))
    return [*moments, *_waiting(request), *_erasing(request)]


def _approver(request: DeletionRequest, people: People) -> str:
    return "" if request.own else people.name(request.approved_by_id) or _("a command")


def _approval_note(request: DeletionRequest) -> str:
    if request.own:
        return _("The person’s own request: nobody else has to approve it.")
    return _("By one person alone, which this installation allows.") if request.one_person else ""


def _waiting(request: DeletionRequest) -> list[Moment]:
    """Return the entry of the grace period, if there is one."""
    if request.runs_at is None or request.approved_at is None or request.runs_at <= request.approved_at:
        return []
    waits = request.state == State.APPROVED and request.runs_at > timezone.now()
    note = _("Until then it can be cancelled and the account reopened.") if waits else ""
    return [
        Moment(_("Waits until") if waits else _("Waited until"), "now" if waits else "done", request.runs_at, note=note)
    ]


def _erasing(request: DeletionRequest) -> list[Moment]:
    anonymises = request.group.mode == Mode.ANONYMISE
    title = _("Anonymised") if anonymises else _("Erased")
    if request.state == State.DONE:
        return [Moment(title, "done", request.ended_at), Moment(_("Receipt written"), "done", request.ended_at)]
    if request.state == State.RUNNING:
        title = _("Being anonymised") if anonymises else _("Being erased")
        note = _("Stopped by a hold.") if request.is_held else ""
        return [Moment(title, "now", request.started_at, note=note), Moment(_("Receipt"), "later")]
    return [Moment(title, "later"), Moment(_("Receipt"), "later")]


def outcome_rows(steps: Iterable[Mapping[str, Any]]) -> list[Outcome]:
    """Return the steps of an erasure, in words."""
    words = step_words()
    return [
        Outcome(
            words.get(step["step"], step["step"]),
            step["outcome"],
            OUTCOME_WORDS.get(step["outcome"], step["outcome"]),
            _(note) if (note := step.get("note", "")) else "",  # gettext("") returns the header of the catalogue
        )
        for step in steps
    ]


def count_rows(counts: Mapping[str, int]) -> list[tuple[StrOrPromise, int]]:
    """Return (words, number) for each count, in the order of COUNT_WORDS; unknown ones last."""
    names = [*COUNT_WORDS, *(name for name in counts if name not in COUNT_WORDS)]
    return [(COUNT_WORDS.get(name, name.replace("_", " ")), counts[name]) for name in names if name in counts]


def has_running_job(request: DeletionRequest) -> bool:
    """Return whether a job is under way, so that the page polls."""
    return request.is_open and request.job is not None and request.job.state in UNDER_WAY


def starts_soon(request: DeletionRequest) -> bool:
    """Return whether the worker's next round will start the request, so that the page polls."""
    due = request.state in TO_RUN and request.runs_at is not None and request.runs_at <= timezone.now()
    return due and not request.is_held and not has_running_job(request)


def group_status(requests: list[DeletionRequest]) -> dict[str, Any]:
    """Return the requests of a group, how many are closed, and whether the page polls."""
    return {
        "requests": for_display(requests),
        "over": sum(not one.is_open for one in requests),
        "live": any(has_running_job(one) or starts_soon(one) for one in requests),
    }


def why_not_approve(request: DeletionRequest, *, by: Any) -> str | None:
    """Return why an approver cannot approve this request; None if they can, and for other people."""
    may = by.has_perm("deletion.approve_deletionrequest") and request.state == State.REQUESTED
    return approval.why_not_approve(request, by=by) if may else None


def offers(request: DeletionRequest, *, to: Any) -> list[Offer]:
    """Return the buttons for ``to`` on a request's page."""
    found = []
    if request.state == State.REQUESTED and to.has_perm("deletion.approve_deletionrequest"):
        if approval.why_not_approve(request, by=to) is None:
            found.append(Offer(_("Approve deletion…"), _of(request, "approve"), primary=not request.is_held))
        if request.requested_by_id != to.pk:
            found.append(Offer(_("Refuse…"), _of(request, "refuse")))
    if request.may_be_cancelled and to.has_perm("accounts.delete_user"):
        found.append(Offer(_("Cancel request and reopen account…"), _of(request, "cancel")))
    if request.is_open and not request.account_is_gone and to.has_perm("deletion.hold_account"):
        words = _("Place another hold…") if request.holds.itself else _("Place hold…")
        found.append(Offer(words, reverse("admin:accounts_user_hold", args=[request.user_id])))
    return found


def offers_for_group(group: DeletionGroup, requests: list[DeletionRequest], *, to: Any) -> list[Offer]:
    """Return the buttons for ``to`` on a group's page."""
    waiting = [one for one in requests if one.state == State.REQUESTED]
    found = []
    held = any(one.is_held for one in waiting)
    may_approve = to.has_perm("deletion.approve_deletionrequest")
    if waiting and may_approve and all(approval.why_not_approve(one, by=to) is None for one in waiting):
        words = _approve_all(len(waiting)) if len(waiting) > 1 else _("Approve deletion…")
        found.append(Offer(words, reverse("admin:deletion_deletiongroup_approve", args=[group.pk]), primary=not held))
    open_ones = [one for one in requests if one.may_be_cancelled]
    if open_ones and to.has_perm("accounts.delete_user"):
        words = _("Cancel request and reopen account…") if len(open_ones) == 1 else _cancel_all(len(open_ones))
        found.append(Offer(words, reverse("admin:deletion_deletiongroup_cancel", args=[group.pk])))
    return found


def why_not_approve_any(requests: Iterable[DeletionRequest], *, by: Any) -> str | None:
    """Return the first reason why ``by`` cannot approve one of these requests, or None."""
    return next((reason for one in requests if (reason := why_not_approve(one, by=by))), None)


def _of(request: DeletionRequest, act: str) -> str:
    return reverse(f"admin:deletion_deletionrequest_{act}", args=[request.pk])


def _approve_all(number: int) -> str:
    return numbered(ngettext("Approve all %(number)s…", "Approve all %(number)s…", number), number)


def _cancel_all(number: int) -> str:
    return numbered(ngettext("Cancel all %(number)s…", "Cancel all %(number)s…", number), number)
