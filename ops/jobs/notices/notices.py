"""The notices of jobs: that one ended, given in the transaction that ends it, and that somebody else cancelled it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy

from ops.jobs.kinds import EndNotice, kind_of
from ops.jobs.models import Job
from ops.notices import topics
from ops.notices.kinds import Kind
from ops.notices.notifying import notify

CANCELLED = "jobs.cancelled"
KINDS = (
    Kind("jobs.finished", topics.FINISHED, gettext_lazy("A job of yours is finished."), "jobs.job", called=str),
    Kind("jobs.failed", topics.FAILED, gettext_lazy("A job of yours failed."), "jobs.job", called=str),
    Kind(CANCELLED, topics.FAILED, gettext_lazy("Somebody else cancelled a job of yours."), "jobs.job", called=str),
)


def notify_ended(job: Job, state: str, result: Mapping[str, Any]) -> None:
    """Notify the people concerned that a job ended in this ``state``; a second call changes nothing."""
    kind = kind_of(job)
    if kind is not None:
        news = kind.news(job, state, result)
    else:  # of another version of the console
        news = EndNotice("jobs.failed", ("jobs.job", job.pk), [job.requester_id], str(job.action))
    if news is not None:
        notify(news.notice, news.to, news.about, occasion=news.occasion)


def notify_cancelled(job: Job, *, by: Any) -> None:
    """Notify the requester that ``by`` cancelled their job, unless they did so themselves."""
    notify(CANCELLED, [job.requester_id], job, by=by, occasion=job.action)
