"""The page that verifies the audit trail, and shows the results of the last verifications."""

from __future__ import annotations

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ops.jobs import permissions
from ops.jobs.verifying import kind
from ops.notices.reading import mark_seen

MOST_SHOWN = 10


@require_http_methods(["GET", "HEAD", "POST"])
def verification(request: HttpRequest) -> HttpResponse:
    """Show the state of the trail; POST verifies it. For users who may read the trail."""
    if not request.user.has_perm(kind.PERMISSION):
        raise PermissionDenied
    if request.method == "POST":
        kind.start(by=request.user)
        return HttpResponseRedirect(request.path)
    found = kind.latest(MOST_SHOWN)
    last = found[0] if found else None
    if last is not None and last.job.requester_id == request.user.pk:
        mark_seen(request.user, last.job)
    context = {
        **admin.site.each_context(request),
        "title": _("Verification of the audit trail"),
        "last": last,
        "earlier": found[1:],
        # Its progress is polled like that of any job.
        "live": last is not None and last.state == "running" and permissions.may_see(request.user, last.job),
    }
    return TemplateResponse(request, "jobs/verification.html", context)
