"""Single-key shortcuts, which each person can switch off for themselves (WCAG 2.1.4)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.generic import View

from ops.accounts.models import User

OFF = gettext_lazy("Single keys are switched off. Ctrl+K still leads to the jump box.")
ON = gettext_lazy("Single keys are switched on.")
CHOICES = {"off": True, "on": False}


class OwnKeysView(View):
    """Switches single-key shortcuts on or off for the signed-in staff user, and redirects to the list of keys."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        off = CHOICES.get(request.POST.get("keys", ""))
        if off is not None:
            User.objects.filter(pk=request.user.pk).update(keys_off=off)
            messages.success(request, OFF if off else ON)
        return HttpResponseRedirect(reverse("admin:keyboard"))
