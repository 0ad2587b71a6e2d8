"""The site's root, and the pages on which staff confirm their password and change it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.views import PasswordChangeView, RedirectURLMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from ops.accounts.events import AccountEvent
from ops.accounts.kept import keeping
from ops.accounts.signing_in.forms import ConfirmForm, OwnPasswordForm
from ops.audit.recording import record
from ops.console import confirming


@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """Redirect staff to the console, participants to their inbox, and others to the sign-in page, which leads back."""
    if not request.user.is_authenticated:
        return redirect("login")
    return redirect("admin:index" if request.user.is_staff else "messaging:inbox")


@method_decorator(
    [never_cache, sensitive_post_parameters("password"), staff_member_required(login_url="admin:login")],
    name="dispatch",
)
class ConfirmView(RedirectURLMixin, FormView):
    """Asks for the password and leads back to the page that required it (``next``)."""

    template_name = "accounts/confirm.html"
    form_class = ConfirmForm
    next_page = "home"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = {
            **admin.site.each_context(self.request),
            "title": _("Confirm your password"),
            "minutes": int(confirming.VALID.total_seconds()) // 60,
            self.redirect_field_name: self.get_redirect_url(),
        }
        return super().get_context_data(**context, **kwargs)

    def form_valid(self, form: ConfirmForm) -> HttpResponse:
        user: Any = self.request.user
        record(AccountEvent.PASSWORD_CONFIRMED, actor=user, target=user)
        confirming.confirm(self.request)
        keeping.remember(self.request, user)
        return super().form_valid(form)


class OwnPasswordView(PasswordChangeView):
    """Changes the user's own password. Requires the old one, and ends any confirmation made with it."""

    form_class = OwnPasswordForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "request": self.request}
