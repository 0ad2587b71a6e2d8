"""Jobs in the console: a list, a page with live progress, and buttons to cancel and to start again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import django_tasks_db.admin  # noqa: F401 - registers its model now, so that unregistering it below lasts
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST
from django_tasks_db.models import DBTaskResult

from ops.audit.recorded_admin import TrailHistory
from ops.console.filters import ValueFilter
from ops.console.keyset import KeysetAdmin
from ops.console.lists import dates
from ops.console.readonly import ReadOnlyPermissions
from ops.jobs import permissions, starting
from ops.jobs.kinds import all_kinds, page_of
from ops.jobs.leases import UNDER_WAY
from ops.jobs.models import Job
from ops.jobs.notices import home
from ops.jobs.progress import progress_of, reload_page

LIST = "admin:jobs_job_changelist"

# The queue's own rows show nothing that a job does not show better.
if admin.site.is_registered(DBTaskResult):
    admin.site.unregister(DBTaskResult)


class StateFilter(admin.SimpleListFilter):
    """Filters jobs: those under way, the user's recent failures, or those that ended in one state."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        ended = [(state.value, str(state.label)) for state in Job.State if state not in UNDER_WAY]
        return [("under-way", _("Under way")), (home.FAILED_LATELY, _("My failed jobs, last 7 days")), *ended]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == home.FAILED_LATELY:
            return queryset.filter(pk__in=home.failed_lately(request.user).values("pk"))
        states = {"under-way": UNDER_WAY, **{state: (state,) for state in Job.State.values if state not in UNDER_WAY}}
        chosen = states.get(self.value() or "")
        return queryset.filter(state__in=chosen) if chosen else queryset


class OfKind(ValueFilter):
    title = gettext_lazy("kind")
    parameter_name = field = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.name, kind.name) for kind in all_kinds()]


@admin.register(Job)
class JobAdmin(ReadOnlyPermissions, TrailHistory, KeysetAdmin):
    """The user's own jobs, or all jobs. Only cancelling and retrying change them."""

    section = gettext_lazy("Jobs")
    keyset = ("-created_at", "id")
    more_filters = (OfKind, *dates.days("created_at", gettext_lazy("asked for from"), gettext_lazy("asked for to")))
    list_filter = (StateFilter, *more_filters)
    list_select_related = ("requester",)
    rows_template = "jobs/job_rows.html"
    change_form_template = "jobs/job.html"
    how_many = ngettext_lazy("%(number)s job", "%(number)s jobs", "n")
    more_than = gettext_lazy("More than %(number)s jobs")
    empty_text = gettext_lazy(
        "No job yet. Imports, exports and deletions that you ask for appear here while they are worked on."
    )
    fields = ("title",)
    actions = None

    class Media:
        css = {"all": ("jobs/jobs.css",)}

    def get_urls(self) -> list[URLPattern]:
        """Add the URLs of a job's live progress and of its buttons to Django's."""
        return [
            path("<uuid:job_id>/progress/", self.progress_view, name="jobs_job_progress"),
            path("<uuid:job_id>/cancel/", self.admin_site.admin_view(self.cancel_view), name="jobs_job_cancel"),
            path("<uuid:job_id>/retry/", self.admin_site.admin_view(self.retry_view), name="jobs_job_retry"),
            *super().get_urls(),
        ]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return permissions.has_jobs(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """Allow all staff the list, which shows their own jobs."""
        return obj is None or permissions.may_see(request.user, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        jobs = super().get_queryset(request).select_related("requester")
        return jobs if permissions.may_see_all(request.user) else jobs.filter(requester=request.user)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Job | None:
        """Return other people's jobs too, so that their pages are refused (403) instead of missing (404).

        Raises PermissionDenied for an unknown id if the user has no jobs, so that they cannot find out which exist.
        """
        try:
            return Job.objects.select_related("requester").get(pk=object_id)
        except (Job.DoesNotExist, ValidationError, ValueError):
            if permissions.has_jobs(request.user):
                return None
            raise PermissionDenied from None

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        job = context["original"]
        context |= {"title": job.title, "about": page_of(job)}
        return super().render_change_form(request, context, *args, **kwargs)

    @method_decorator([require_GET, never_cache])
    def progress_view(self, request: HttpRequest, job_id: UUID) -> HttpResponse:
        """Show the part of a page with the progress, which the page polls.

        When the job or the session is over, have the page reload itself.
        """
        if not self.admin_site.has_permission(request):
            return reload_page(request, reverse(LIST))
        job = self._job(request, job_id)
        if job.state not in UNDER_WAY:
            return reload_page(request, reverse(LIST))
        now = progress_of(job, timezone.now())
        news = now.news if request.GET.get("said", "") != now.milestone else ""
        return render(request, "jobs/polled.html", {"job": job, "now": now, "news": news})

    @method_decorator(require_POST)
    def cancel_view(self, request: HttpRequest, job_id: UUID) -> HttpResponse:
        job = self._controlled_job(request, job_id)
        try:
            starting.cancel(job, by=request.user)
        except starting.NotPossible as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
        return _back(request, job)

    @method_decorator(require_POST)
    def retry_view(self, request: HttpRequest, job_id: UUID) -> HttpResponse:
        job = self._controlled_job(request, job_id)
        if not (starting.why_no_retry(job) or permissions.may_retry(request.user, job)):
            raise PermissionDenied
        try:
            starting.retry(job, by=request.user)
        except starting.NotPossible as refusal:
            self.message_user(request, str(refusal), messages.WARNING)
        return _back(request, job)

    def _job(self, request: HttpRequest, job_id: UUID) -> Job:
        job = self.get_object(request, str(job_id))
        if job is None:
            raise Http404
        if not permissions.may_see(request.user, job):
            raise PermissionDenied
        return job

    def _controlled_job(self, request: HttpRequest, job_id: UUID) -> Job:
        job = self._job(request, job_id)
        if not permissions.may_control(request.user, job):
            raise PermissionDenied
        return job


def _back(request: HttpRequest, job: Job) -> HttpResponse:
    """Redirect to the page with the button, or to the job's page."""
    asked = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure()):
        return HttpResponseRedirect(asked)
    return HttpResponseRedirect(reverse("admin:jobs_job_change", args=[job.pk]))
