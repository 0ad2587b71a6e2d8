"""The page that lists a user's kept forms: for forms that no longer exist, or that scripts have built."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView

from ops.accounts.kept import storing


@method_decorator(never_cache, name="dispatch")
class KeptFormsView(LoginRequiredMixin, TemplateView):
    """Lists the user's own kept forms, in the console's layout for staff; a POST discards one (``kept``)."""

    http_method_names = ["get", "head", "post", "options"]

    def get_template_names(self) -> list[str]:
        staff = admin.site.has_permission(self.request)
        return ["accounts/kept/in_console.html" if staff else "accounts/kept/of_participant.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shared = admin.site.each_context(self.request) if admin.site.has_permission(self.request) else {}
        context = {**shared, "title": _("What was kept"), "kept": storing.kept_for(self.request.user), **kwargs}
        return super().get_context_data(**context)

    def post(self, request: HttpRequest) -> HttpResponse:
        mine = {str(kept.id) for kept in storing.kept_for(request.user)}
        if (wanted := request.POST.get("kept", "")) in mine:
            storing.forget([UUID(wanted)])
            messages.success(request, _("Discarded."))
        return redirect("kept_forms")
