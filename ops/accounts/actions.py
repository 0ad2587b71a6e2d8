"""Base views for the console's own pages: permission, password confirmation, and one action per page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.views.generic import FormView
from django.views.generic.base import ContextMixin, View

from ops.accounts.refusals import Refused
from ops.console.confirming import confirmed_recently

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class ConsolePage(ContextMixin, View):
    """A page of the console for users with ``permission``; others get 403 before anything else happens."""

    permission = ""
    requires_password = False  # confirm the password first
    title: StrOrPromise = ""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.may_open(request.user):
            raise PermissionDenied
        self.look_up()
        view = confirmed_recently(super().dispatch) if self.requires_password else super().dispatch
        return view(request, *args, **kwargs)

    def may_open(self, user: Any) -> bool:
        """Return whether ``user`` may open the page: by default, with its permission."""
        return bool(user.has_perm(self.permission))

    def look_up(self) -> None:
        """Look up the object of the page; called after the permission check, for every HTTP method.

        Raises Http404 if it does not exist, or PermissionDenied.
        """

    def heading(self) -> StrOrPromise:
        """Return the title."""
        return self.title

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = {**admin.site.each_context(self.request), "title": self.heading(), **kwargs}
        return super().get_context_data(**context)


class Action(ConsolePage, FormView):
    """A page that explains what will happen, takes a form, and calls one function."""

    success_text: StrOrPromise = ""

    def perform(self, data: dict[str, Any]) -> None:
        """Carry out the action with the form's cleaned data. Raises Refused."""
        raise NotImplementedError

    def success_message(self) -> StrOrPromise:
        """Return the message shown afterwards."""
        return self.success_text

    def form_valid(self, form: Form) -> HttpResponse:
        try:
            self.perform(form.cleaned_data)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        messages.success(self.request, self.success_message())
        return HttpResponseRedirect(self.get_success_url())
