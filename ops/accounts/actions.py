"""Pages of the console besides Django's: who may open them, and how one action is asked about and carried out."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.views.generic import FormView
from django.views.generic.base import ContextMixin, View

from ops.accounts.confirming import confirmed_recently
from ops.accounts.refusals import Refused


class ConsolePage(ContextMixin, View):
    """A page of the console besides Django's: who lacks ``permission`` is refused, before anything is asked."""

    permission = ""
    requires_password = False  # whether the password has to be sent first
    title = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(self.permission):
            raise PermissionDenied
        view = confirmed_recently(super().dispatch) if self.requires_password else super().dispatch
        return view(request, *args, **kwargs)

    def heading(self) -> str:
        """What the page is called."""
        return self.title

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = {**admin.site.each_context(self.request), "title": self.heading(), **kwargs}
        return super().get_context_data(**context)


class Action(ConsolePage, FormView):
    """A page that says what will happen, asks what has to be known for it, and calls one verb."""

    success_text = ""

    def perform(self, data: dict[str, Any]) -> None:
        """Do it with what the form was sent with; raises Refused where it cannot be done."""
        raise NotImplementedError

    def success_message(self) -> str:
        """What is said when it is done."""
        return self.success_text

    def form_valid(self, form: Form) -> HttpResponse:
        try:
            self.perform(form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, self.success_message())
        return HttpResponseRedirect(self.get_success_url())
