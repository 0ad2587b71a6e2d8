"""The view that stores drafts while somebody types, and discards them."""

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
    """Store the text typed in a place; with ``discard``, delete the draft and redirect to its page.

    Respond with 204 once stored, 400 if the text is longer than a draft may be, and 404 for an unknown place.
    """
    place = drafts.find(request.user, request.POST.get("draft", ""), request.POST.get("receiver", ""))
    if "discard" in request.POST:
        drafts.discard(request.user, place.key)
        return redirect(place.address)
    content = request.POST.get("content", "")
    if len(normalize_line_ends(content)) > drafts.LONGEST:
        return HttpResponse(status=400)
    drafts.keep(request.user, place, content)
    return HttpResponse(status=204)
