"""What requesters read of their jobs: that one ended, once, on the next page that they open; and on the home page."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from ops.console.frame.home import Section
from ops.console.rooms import Waiting
from ops.jobs import permissions
from ops.jobs.kinds import page_of
from ops.jobs.leases import UNDER_WAY
from ops.jobs.models import Job

LEVELS = {Job.State.FINISHED: messages.SUCCESS, Job.State.FAILED: messages.ERROR, Job.State.CANCELLED: messages.INFO}
MOST_AT_ONCE = 5
FAILED_LATELY = "failed-lately"  # a choice of the filter of jobs
LATELY = timedelta(days=7)


class NoticesMiddleware:
    """Adds a message for each job that ended since the last page of the console; one query a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_page(request):
            for job in pending(request.user):
                own_page = reverse("admin:jobs_job_change", args=[job.pk])
                outcome = page_of(job) or own_page
                # What they are about to look at needs no message.
                if mark_notified(job) and request.path not in (own_page, outcome):
                    _add_message(request, job, outcome)
        return self.get_response(request)


def pending(user: Any) -> list[Job]:
    """Ended jobs of a requester who was not notified yet, the first ended first."""
    ended = Job.objects.filter(requester=user, ended_at__isnull=False, notified_at__isnull=True)
    return list(ended.order_by("ended_at")[:MOST_AT_ONCE])


def failed_lately(user: Any) -> QuerySet[Job]:
    """The jobs of a requester that failed in the last days and were not started again."""
    return Job.objects.filter(requester=user, state=Job.State.FAILED, ended_at__gt=timezone.now() - LATELY)


def under_way(user: Any) -> Iterable[Waiting]:
    """The jobs under way in the list as this person sees it."""
    rows = Job.objects.filter(state__in=UNDER_WAY)
    rows = rows if permissions.may_see_all(user) else rows.filter(requester=user)
    yield Waiting("jobs.Job", rows, "job under way", "jobs under way", "state=under-way")


def mark_notified(job: Job) -> bool:
    """Note that the requester knows; False where that was noted already."""
    return bool(Job.objects.filter(pk=job.pk, notified_at__isnull=True).update(notified_at=timezone.now()))


def _is_page(request: HttpRequest) -> bool:
    """Whether a member of staff asks for a page of the console, not for a part of one or a script."""
    console = reverse("admin:index")
    return (
        request.method == "GET"
        and request.path.startswith(console)
        and request.path != reverse("admin:jsi18n")
        and "HX-Request" not in request.headers
        and request.user.is_authenticated
        and request.user.is_staff
    )


def _add_message(request: HttpRequest, job: Job, address: str) -> None:
    text = render_to_string("jobs/notice.html", {"job": job, "address": address})
    messages.add_message(request, LEVELS[Job.State(job.state)], text)


SECTION = Section("jobs", "Jobs", 60, lines=under_way, empty="No job is running.")
