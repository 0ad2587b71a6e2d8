"""Whoever asked for a job reads in the console that it ended: once, wherever they are by then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from ops.jobs import addresses
from ops.jobs.models import Job

LEVELS = {Job.State.FINISHED: messages.SUCCESS, Job.State.FAILED: messages.ERROR, Job.State.CANCELLED: messages.INFO}
MOST_AT_ONCE = 5


class TellingMiddleware:
    """Adds a message for each job that ended since the last page of the console; one query a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_page(request):
            for job in untold(request.user):
                # What they are about to look at needs no message.
                seen = request.path in (addresses.page(job), addresses.outcome(job))
                if mark_told(job) and not seen:
                    _tell(request, job)
        return self.get_response(request)


def untold(user: Any) -> list[Job]:
    """Ended jobs that somebody asked for and was not told about, the first ones first."""
    ended = Job.objects.filter(requester=user, ended_at__isnull=False, told_at__isnull=True)
    return list(ended.order_by("ended_at")[:MOST_AT_ONCE])


def mark_told(job: Job) -> bool:
    """From now on nobody is told about a job; False where somebody was faster."""
    return bool(Job.objects.filter(pk=job.pk, told_at__isnull=True).update(told_at=timezone.now()))


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


def _tell(request: HttpRequest, job: Job) -> None:
    words = render_to_string("jobs/told.html", {"job": job, "address": addresses.outcome(job)})
    messages.add_message(request, LEVELS[Job.State(job.state)], words)
