"""“Confirm your password”: dangerous pages ask for the password, at most once in 15 minutes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from ops.console.rooms import keep_typed

VALID = timedelta(minutes=15)
CONFIRMED_AT = "confirmed_at"  # in the session: seconds since the epoch
CONFIRMED_WITH = "confirmed_with"  # in the session: a keyed digest of the stored password
NOT_SAVED = gettext_lazy(
    "Nothing was saved: you confirmed your password more than 15 minutes ago. Confirm it, then fill in the form again."
)
KEPT = gettext_lazy(
    "Nothing was saved: you confirmed your password more than 15 minutes ago. Confirm it, then check the form, which "
    "is filled in again."
)

View = Callable[..., HttpResponseBase]


def confirm(request: HttpRequest) -> None:
    """Store in the session that the user has just entered their password."""
    user: Any = request.user
    request.session[CONFIRMED_AT] = int(timezone.now().timestamp())
    request.session[CONFIRMED_WITH] = user.get_session_auth_hash()


def is_confirmed(request: HttpRequest) -> bool:
    """Whether the user confirmed their password within the last 15 minutes, and it is still the same.

    Signing in does not count, and neither does setting a password: that does not require the previous one.
    """
    user: Any = request.user
    since = timezone.now().timestamp() - request.session.get(CONFIRMED_AT, 0)
    if not (user.is_authenticated and 0 <= since < VALID.total_seconds()):
        return False
    return request.session.get(CONFIRMED_WITH) == user.get_session_auth_hash()


def address(request: HttpRequest) -> str:
    """Return the address of the page that asks for the password and then returns to the page of ``request``."""
    return f"{reverse('confirm')}?{urlencode({'next': request.get_full_path()})}"


def confirmed_recently(view: View) -> View:
    """Decorator: require a confirmed password for ``view``. Afterwards the page opens by GET; a POST is not repeated.

    Apply it inside the permission check, so that nobody confirms for a page that they may not open. For methods, use
    Django's ``method_decorator``.
    """

    @wraps(view)
    def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if is_confirmed(request):
            return view(request, *args, **kwargs)
        if request.method not in ("GET", "HEAD"):
            messages.warning(request, KEPT if keep_typed(request) else NOT_SAVED)
        return HttpResponseRedirect(address(request))

    return asking


class ConfirmedChanges(admin.ModelAdmin):
    """An admin that asks for the password before anything is added, changed or deleted.

    Viewing a row does not need it: its page is read-only until then, with a link to the confirmation.
    """

    def asks_before_change(self, request: HttpRequest, obj: Any) -> bool:
        """Whether this user must confirm before changing this row. Others change it as usual, if they may."""
        return True

    def may_change_when_confirmed(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether this user may change this row at all."""
        return super().has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = self.may_change_when_confirmed(request, obj)
        return may and (obj is None or not self.asks_before_change(request, obj) or is_confirmed(request))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        view: View = super().add_view
        if self.has_add_permission(request):
            view = confirmed_recently(view)
        return view(request, form_url, extra_context)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        view: View = super().delete_view
        if self.has_delete_permission(request, self.get_object(request, unquote(object_id))):
            view = confirmed_recently(view)
        return view(request, object_id, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        view: View = super().change_view
        row = self.get_object(request, unquote(object_id))
        if row is not None and self._is_to_be_asked(request, row):
            extra_context = {"confirm_address": address(request), **(extra_context or {})}
            if request.method not in ("GET", "HEAD"):
                view = confirmed_recently(view)
        return view(request, object_id, form_url, extra_context)

    def _is_to_be_asked(self, request: HttpRequest, row: Any) -> bool:
        unasked = not self.asks_before_change(request, row) or is_confirmed(request)
        return self.may_change_when_confirmed(request, row) and not unasked
