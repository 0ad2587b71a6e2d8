"""Figures of deletions and holds. They are few, so that each request counts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Min

from ops.dashboard.figures.rows import ListLink, within
from ops.dashboard.periods import Period, day_of
from ops.deletion.models import OPEN, DeletionRequest, Hold
from ops.deletion.models.requests import State


@dataclass(frozen=True)
class InState:
    """The number of requests in one state, and when the oldest of them was made."""

    state: State
    number: int
    oldest: datetime | None
    rows: ListLink


@dataclass(frozen=True)
class Standing:
    """The current state of all deletions. ``to_approve`` are those awaiting approval by a second person, ``open`` all
    that are not done, cancelled or refused; ``held`` the open ones that a hold stops, ``holds`` the open holds."""

    by_state: list[InState]
    open: int
    open_rows: ListLink
    oldest_open: datetime | None
    held: int
    held_rows: ListLink
    holds: int
    oldest_hold: datetime | None
    holds_rows: ListLink

    @property
    def to_approve(self) -> InState:
        return next(one for one in self.by_state if one.state == State.REQUESTED)


def standing() -> Standing:
    """Return the current state of all deletions, whenever requested."""
    counted = (
        DeletionRequest.objects.order_by().values("state").annotate(number=Count("pk"), oldest=Min("requested_at"))
    )
    found = {one["state"]: (one["number"], one["oldest"]) for one in counted}
    by_state = [InState(state, *found.get(state, (0, None)), rows=_requests(state=state.value)) for state in State]
    held = DeletionRequest.objects.held().count() if any(one.number for one in by_state if one.state in OPEN) else 0
    holds = Hold.objects.open().order_by().aggregate(number=Count("pk"), oldest=Min("placed_at"))
    still_open = [one for one in by_state if one.state in OPEN]
    return Standing(
        by_state=by_state,
        open=sum(one.number for one in still_open),
        open_rows=_requests(state="open"),
        oldest_open=min((one.oldest for one in still_open if one.oldest is not None), default=None),
        held=held,
        held_rows=_requests(state="held"),
        holds=holds["number"],
        oldest_hold=holds["oldest"],
        holds_rows=ListLink.of(Hold._meta.label_lower, state="open"),
    )


@dataclass(frozen=True)
class Flow:
    """Deletions requested and done in a period; ``per_day`` is (day, requested, done)."""

    requested: int
    done: int
    per_day: list[tuple[date, int, int]]


def flow(period: Period) -> Flow:
    """Return the deletions of accounts that were requested, and done, in a period."""
    made = DeletionRequest.objects.filter(requested_at__gte=period.start, requested_at__lt=period.end)
    ended = DeletionRequest.objects.filter(state=State.DONE, ended_at__gte=period.start, ended_at__lt=period.end)
    asked = [day_of(at, period.zone) for at in made.order_by().values_list("requested_at", flat=True)]
    done = [day_of(at, period.zone) for at in ended.order_by().values_list("ended_at", flat=True) if at is not None]
    return Flow(len(asked), len(done), [(day, asked.count(day), done.count(day)) for day in period.each_day()])


def requested_in(period: Period) -> ListLink:
    """Return the list of the requests made in a period."""
    return _requests(requested=within(period))


def done_in(period: Period) -> ListLink:
    """Return the list of the requests that were done in a period."""
    return _requests(state=State.DONE.value, ended=within(period))


def _requests(**query: str) -> ListLink:
    return ListLink.of(DeletionRequest._meta.label_lower, **query)
