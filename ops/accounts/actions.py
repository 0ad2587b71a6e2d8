"""Base views for the console's own pages: permission, password confirmation, and one action per page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.views.generic import FormView
from django.views.generic.base import ContextMixin, View

from ops.accounts.refusals import Refused
from ops.console.confirming import confirmed_recently


class ConsolePage(ContextMixin, View):
    """A page of the console for people with ``permission``; others get 403 before anything else happens."""

    permission = ""
    requires_password = False  # confirm the password first
    title = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(self.permission):
            raise PermissionDenied
        view = confirmed_recently(super().dispatch) if self.requires_password else super().dispatch
        return view(request, *args, **kwargs)

    def heading(self) -> str:
        """The title."""
        return self.title

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = {**admin.site.each_context(self.request), "title": self.heading(), **kwargs}
        return super().get_context_data(**context)


class Action(ConsolePage, FormView):
    """A page that says what will happen, takes a form, and calls one function."""

    success_text = ""

    def perform(self, data: dict[str, Any]) -> None:
        """Carry it out with the form's cleaned data. Raises Refused."""
        raise NotImplementedError

    def success_message(self) -> str:
        """The message shown afterwards."""
        return self.success_text

    def form_valid(self, form: Form) -> HttpResponse:
        try:
            self.perform(form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, self.success_message())
        return HttpResponseRedirect(self.get_success_url())
