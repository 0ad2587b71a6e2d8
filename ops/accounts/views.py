"""Where somebody lands who asks for the site itself."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache


@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """The console for staff, the inbox for everybody else (which asks them to sign in first)."""
    return redirect("admin:index" if request.user.is_staff else "messaging:inbox")
