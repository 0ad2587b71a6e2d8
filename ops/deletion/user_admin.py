"""Users in the console, with what deletions add: open requests and holds, and the ways to make them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path

from ops.accounts.admin import UserAdmin
from ops.accounts.models import User
from ops.deletion import requests
from ops.deletion.holds import open_holds
from ops.deletion.models import DeletionRequest, with_standing
from ops.deletion.views.holds import HoldView
from ops.deletion.views.requests import AskView, address_to_ask

admin.site.unregister(User)


@admin.register(User)
class DeletableUserAdmin(UserAdmin):
    """Users, each with the deletion and the holds of the account. Nothing is deleted here: a request is made."""

    rows_template = "deletion/user_rows.html"
    change_form_template = "deletion/user.html"
    actions = ("delete_accounts",)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        ask = path("delete/", wrap(AskView.as_view()), name="accounts_user_delete_many")
        hold = path("<int:pk>/hold/", wrap(HoldView.as_view()), name="accounts_user_hold")
        return [ask, hold, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return with_standing(super().get_queryset(request))

    def load_row(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The user with ``deletion``: the open request for the account, or None."""
        user = super().load_row(request, object_id, from_field)
        if user is not None:
            user.deletion = DeletionRequest.objects.open().with_holds().filter(user=user.pk).first()
        return user

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """While a request is open the account stays closed (cancelling reopens it) and keeps its name: the erasure
        looks for the name that was approved."""
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "username", "email", "is_active") if getattr(obj, "deletion", None) is not None else fields

    @admin.action(description="Delete the chosen accounts…", permissions=["delete"])
    def delete_accounts(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        """Lead to the page that says what will be removed and asks why."""
        most = requests.MOST_AT_ONCE
        keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: most + 1])
        if len(keys) > most:
            sentence = f"At most {most} accounts are deleted at once: choose fewer."
            self.message_user(request, sentence, messages.ERROR)
            return None
        return HttpResponseRedirect(address_to_ask(keys))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # The page leads to the request in words of its own, instead of Django's button.
        context = {"show_delete": False, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """With the request to delete the account, its holds, and whether this person may make a request."""
        user = context["original"]
        if user is not None:
            context |= {
                "deletion": user.deletion,
                "standing": open_holds(user.pk),
                "may_ask": self.has_delete_permission(request, user),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Django's page of deleting leads to the page that asks for a deletion."""
        if not self.has_delete_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(address_to_ask([object_id]))
