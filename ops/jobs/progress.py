"""The progress of a job, in words, and for the pages that poll it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from messaging.languages.wording import grouped, numbered
from ops.jobs.kinds import kind_of
from ops.jobs.leases import UNDER_WAY
from ops.jobs.models import Job

State = Job.State

POLLED = "/progress/"  # the end of the path that pages poll
MEASURABLE = 2.0  # seconds of work after which a speed means something
LONG_WAIT = timedelta(seconds=20)
NO_WORKER = gettext_lazy(
    "No worker has started it yet. The system administrator should check that “manage.py work” runs."
)
SILENT = gettext_lazy("The worker has been silent for a while. If it died, another one takes over within a minute.")
MILESTONES = (25, 50, 75)


@dataclass(frozen=True)
class Progress:
    """The progress of a job at one moment, in words. ``percent`` is None if the total is not known.

    ``state`` is one or two words, ``mark`` its CSS class. ``stalled`` states what may be wrong with a job that makes
    no progress. When ``milestone`` changes, a screen reader announces ``news``: the number that the page shows.
    """

    state: str
    mark: str
    percent: int | None
    done: str
    speed: str
    left: str
    stalled: str
    milestone: str
    news: str
    ended: bool


def progress_of(job: Job, now: datetime) -> Progress:
    """Return the progress of a job at ``now``."""
    per_second = _speed(job)
    unit = _unit(job)
    at_work = job.state == State.RUNNING and not job.ending and not _waits(job)
    return Progress(
        state=_state(job),
        mark=_mark(job),
        percent=_percent(job),
        done=_done(job, unit),
        speed=_speed_in_words(per_second, unit) if at_work else "",
        left=_left(job, per_second) if at_work else "",
        stalled=_stalled(job, now),
        milestone=_milestone(job),
        news=_news(job),
        ended=job.state not in UNDER_WAY,
    )


def duration(seconds: float) -> str:
    """Return a rough duration, in one unit: "7 seconds", "3 minutes"."""
    if seconds >= 1.5 * 3600:
        hours = round(seconds / 3600)
        return numbered(ngettext("%(number)s hour", "%(number)s hours", hours), hours)
    if seconds >= 1.5 * 60:
        minutes = round(seconds / 60)
        return numbered(ngettext("%(number)s minute", "%(number)s minutes", minutes), minutes)
    number = max(1, round(seconds))
    return numbered(ngettext("%(number)s second", "%(number)s seconds", number), number)


def took(job: Job) -> str:
    """Return how long an ended job took from its start to its end, "" if it never started."""
    if job.started_at is None or job.ended_at is None:
        return ""
    return duration((job.ended_at - job.started_at).total_seconds())


def undoes_work(job: Job) -> bool:
    """Return whether a job that fails or is cancelled leaves nothing behind."""
    kind = kind_of(job)
    return kind is not None and kind.undoes_work


def rollback_failure(job: Job) -> str:
    """Return why an ended job was not rolled back, and what is left of it, in sentences; "" if it needs no action."""
    if job.state in UNDER_WAY or not job.ending:
        return ""
    deaths = job.attempts_without_progress - 1
    if undoes_work(job):
        text = ngettext(
            "What had been done could not be taken back: the worker died %(number)s time in a row while trying, "
            "perhaps for lack of memory. The system administrator finds details in the system log. A part of it may "
            "still be there, until somebody resumes the job.",
            "What had been done could not be taken back: the worker died %(number)s times in a row while trying, "
            "perhaps for lack of memory. The system administrator finds details in the system log. A part of it may "
            "still be there, until somebody resumes the job.",
            deaths,
        )
    else:
        text = ngettext(
            "It could not be cleaned up: the worker died %(number)s time in a row while trying, perhaps for lack of "
            "memory. The system administrator finds details in the system log. Nothing else can be done with it "
            "until somebody resumes it.",
            "It could not be cleaned up: the worker died %(number)s times in a row while trying, perhaps for lack of "
            "memory. The system administrator finds details in the system log. Nothing else can be done with it "
            "until somebody resumes it.",
            deaths,
        )
    return numbered(text, deaths)


def is_polling(path: str) -> bool:
    """Return whether ``path`` is requested by a page that polls progress, not by a person."""
    return path.endswith(POLLED) and path.startswith(reverse("admin:index"))


def reload_page(request: HttpRequest, page: str) -> HttpResponse:
    """Have htmx load the whole page again; without htmx, redirect to ``page``."""
    if "HX-Request" in request.headers:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return HttpResponseRedirect(page)


def _unit(job: Job) -> str:
    kind = kind_of(job)
    return str(kind.unit) if kind else _("steps")


def _waits(job: Job) -> bool:
    return job.state == State.QUEUED or (job.state == State.RUNNING and job.lease_token is None)


def _state(job: Job) -> str:
    if job.ending:
        return _("Being taken back") if job.state in UNDER_WAY else _("Not taken back")
    if job.state in UNDER_WAY and job.cancel_requested_at:
        return _("Being cancelled")
    return pgettext("state of a job", "Waiting") if _waits(job) else job.get_state_display()


def _mark(job: Job) -> str:
    """Return the CSS class of the chip that shows the state, "" for the plain one."""
    if job.ending or job.state == State.FAILED:
        return "failed"
    return {State.RUNNING: "unread", State.FINISHED: "marked-chip"}.get(State(job.state), "")


def _percent(job: Job) -> int | None:
    if job.state == State.FINISHED:
        return 100
    return min(100, job.done * 100 // job.total) if job.total else None


def _done(job: Job, unit: str) -> str:
    if job.state in (State.FAILED, State.CANCELLED) and undoes_work(job):
        return ""
    if job.total:
        shown = {"done": grouped(job.done), "total": grouped(job.total), "unit": unit}
        return _("%(done)s of %(total)s %(unit)s") % shown
    return _("%(done)s %(unit)s") % {"done": grouped(job.done), "unit": unit} if job.done else ""


def _speed(job: Job) -> float | None:
    """Return how much was done per second in this attempt; None if it is too early to measure."""
    if job.measured_from is None or job.heartbeat_at is None:
        return None
    done, seconds = job.done - job.measured_done, (job.heartbeat_at - job.measured_from).total_seconds()
    return done / seconds if done > 0 and seconds >= MEASURABLE else None


def _speed_in_words(per_second: float | None, unit: str) -> str:
    if per_second is None:
        return ""
    if per_second >= 1:
        return _("about %(number)s %(unit)s a second") % {"number": grouped(_rounded(per_second)), "unit": unit}
    per_minute = max(1, round(per_second * 60))
    return _("about %(number)s %(unit)s a minute") % {"number": grouped(per_minute), "unit": unit}


def _rounded(number: float) -> int:
    """Round to two significant digits."""
    return round(number) if number < 100 else int(round(number, 2 - len(str(int(number)))))


def _left(job: Job, per_second: float | None) -> str:
    if not per_second or not job.total:
        return ""
    seconds = (job.total - job.done) / per_second
    return _("a few seconds left") if seconds < 5 else _("about %(duration)s left") % {"duration": duration(seconds)}


def _stalled(job: Job, now: datetime) -> str:
    if job.state not in UNDER_WAY:
        return ""
    if _waits(job):
        since = max(job.lease_until or job.created_at, job.kicked_at or job.created_at)
        return str(NO_WORKER) if now - since > LONG_WAIT else ""
    return str(SILENT) if job.heartbeat_at and now - job.heartbeat_at > LONG_WAIT else ""


def _milestone(job: Job) -> str:
    """Return the last milestone, or the state: words that change rarely."""
    reached = _last_milestone(job)
    return f"{reached}%" if reached else _state(job)


def _news(job: Job) -> str:
    return _("%(percent)s%% done") % {"percent": _percent(job)} if _last_milestone(job) else _state(job)


def _last_milestone(job: Job) -> int | None:
    """Return the last of MILESTONES that a running job has reached, or None."""
    if job.state != State.RUNNING or job.ending or not job.total:
        return None
    return max((mark for mark in MILESTONES if (_percent(job) or 0) >= mark), default=None)
