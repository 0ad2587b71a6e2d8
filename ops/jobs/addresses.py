"""Addresses of jobs in the console, and of what pages ask to see how far they are."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from ops.jobs.kinds import page_of
from ops.jobs.models import Job

LIST = "admin:jobs_job_changelist"
PAGE = "admin:jobs_job_change"
PROGRESS = "/progress/"  # how the address that pages poll ends


def page(job: Job) -> str:
    """The page of a job itself."""
    return reverse(PAGE, args=[job.pk])


def outcome(job: Job) -> str:
    """Where one sees what came of a job: the page of what it is about, or its own."""
    return page_of(job) or page(job)


def is_polling(path: str) -> bool:
    """Whether an address is asked for by a page that shows progress, not by a person."""
    return path.endswith(PROGRESS) and path.startswith(reverse("admin:index"))


def load_anew(request: HttpRequest, page: str) -> HttpResponse:
    """Have htmx load the whole page; whoever opened the address of its part by hand goes to ``page``."""
    if "HX-Request" in request.headers:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return HttpResponseRedirect(page)
