"""The view that confirms a moderators' warning."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from messaging import page_cache
from messaging.participants.standing import NoSuchWarning, moderators


@login_required
@require_POST
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that the user read a warning; 404 for one that is not theirs."""
    service = moderators()
    if service is None:
        raise Http404("Nobody is warned here.")
    try:
        service.confirm(pk, by=request.user)
    except NoSuchWarning as error:
        raise Http404("This user got no warning with that number.") from error
    page_cache.invalidate([request.user.pk])
    messages.success(request, _("Thank you: the moderators see that you read it."))
    return redirect("messaging:inbox")
