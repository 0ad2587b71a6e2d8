"""Pages that say why something is not shown: in the console's frame for staff who are there, in the participants' else.

Nothing of the address or of what went wrong is repeated on them: it may be made up by whoever sent it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib import admin
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import requires_csrf_token


def refusal(request: HttpRequest, title: str, words: str, *, status: int, **context: Any) -> HttpResponse:
    """The page with this title and the template ``words`` of refusals/."""
    context |= {"title": title, "words": f"refusals/{words}.html"}
    # The console's frame asks the database, which may be unreachable: then the plain page is shown.
    with suppress(DatabaseError):
        if _is_staff_in_console(request):
            frame = {**admin.site.each_context(request), **context}
            return render(request, "refusals/in_console.html", frame, status=status)
    return render(request, "refusals/for_participants.html", context, status=status)


# Forms on the page need a token, although the request may have been refused before the middleware that sets one.
@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For handler400."""
    return refusal(request, "This request is not valid", "bad_request", status=400)


@requires_csrf_token
def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For handler403."""
    return refusal(request, "You may not see this page", "not_allowed", status=403)


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For handler404."""
    return refusal(request, "There is no such page", "not_found", status=404)


@requires_csrf_token
def out_of_date(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For CSRF_FAILURE_VIEW."""
    return refusal(request, "This form is out of date", "out_of_date", status=403)


def _is_staff_in_console(request: HttpRequest) -> bool:
    """Whether staff asked for a page of the console; a request refused before its session was read has no user."""
    known = hasattr(request, "user") and request.path.startswith(reverse("admin:index"))
    return known and admin.site.has_permission(request)
