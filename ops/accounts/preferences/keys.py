"""Whether single keys do something for a person: they switch that off for themselves (WCAG 2.1.4)."""

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
    """Switches single keys on or off for whoever may sign in to the console, and leads back to the list of keys."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest) -> HttpResponse:
        off = CHOICES.get(request.POST.get("keys", ""))
        if off is not None:
            User.objects.filter(pk=request.user.pk).update(keys_off=off)
            messages.success(request, OFF if off else ON)
        return HttpResponseRedirect(reverse("admin:keyboard"))
