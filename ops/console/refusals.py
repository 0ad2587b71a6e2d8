"""Error pages: in the console's layout for staff on a console page, in the participants' layout for everybody else.

They repeat nothing of the URL or of the exception, which an attacker may control.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib import admin
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token


def refusal(request: HttpRequest, title: str, template: str, *, status: int, **context: Any) -> HttpResponse:
    """Render an error page with this title; ``template`` is the name of a file in templates/refusals/."""
    context |= {"title": title, "explanation": f"refusals/{template}.html"}
    # The console's layout queries the database, which may be down. The participants' layout does not.
    with suppress(DatabaseError):
        if _is_staff_in_console(request):
            console_context = {**admin.site.each_context(request), **context}
            return render(request, "refusals/in_console.html", console_context, status=status)
    return render(request, "refusals/for_participants.html", context, status=status)


# The page has forms, which need a token even if the request failed before the CSRF middleware ran.
@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Render the page for handler400."""
    return refusal(request, _("This request is not valid"), "bad_request", status=400)


@requires_csrf_token
def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Render the page for handler403."""
    return refusal(request, _("You don’t have access to this page"), "not_allowed", status=403)


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Render the page for handler404."""
    return refusal(request, _("There is no such page"), "not_found", status=404)


@requires_csrf_token
def out_of_date(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Render the page for CSRF_FAILURE_VIEW."""
    return refusal(request, _("This form is out of date"), "out_of_date", status=403)


def _is_staff_in_console(request: HttpRequest) -> bool:
    """Return whether a staff user requested a page of the console. After an early failure, a request has no user."""
    in_console = hasattr(request, "user") and request.path.startswith(reverse("admin:index"))
    return in_console and admin.site.has_permission(request)
