"""The address at which drafts are kept while somebody types, and discarded."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from messaging.participants import drafts
from messaging.participants.forms import normalize_line_ends


@login_required
@require_POST
@never_cache
def draft(request: HttpRequest) -> HttpResponse:
    """Keep what is typed in a place, or, with ``discard``, remove it and go back there.

    Answers with 204 if it was kept, with 400 if it is longer than drafts may be. 404 for an unknown place.
    """
    place = drafts.find(request.user, request.POST.get("draft", ""), request.POST.get("receiver", ""))
    if "discard" in request.POST:
        drafts.forget(request.user, place.key)
        return redirect(place.address)
    content = request.POST.get("content", "")
    if len(normalize_line_ends(content)) > drafts.LONGEST:
        return HttpResponse(status=400)
    drafts.keep(request.user, place, content)
    return HttpResponse(status=204)
