"""Pages to place and lift holds."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property

from ops.accounts.actions import Action
from ops.deletion import holds, pages
from ops.deletion.models import TO_RUN, DeletionRequest, Hold
from ops.deletion.views.forms import HoldForm, LiftForm
from ops.deletion.views.requests import account_of


class AboutHold(Action):
    """A page about holds on one account; leads back to the request or the user."""

    permission = "deletion.hold_account"

    @property
    def user_id(self) -> int:
        """The id of the account."""
        raise NotImplementedError

    @cached_property
    def deletion(self) -> DeletionRequest | None:
        found = DeletionRequest.objects.open().filter(user=self.user_id)
        return next(iter(pages.for_display(list(found))), None)

    @cached_property
    def others(self) -> list[DeletionRequest]:
        """Open requests of other accounts that a hold on this one stops."""
        stopped = holds.deletions_stopped_by(self.user_id).select_related("group")
        return pages.for_display(list(stopped.order_by("requested_at", "pk")))

    def get_success_url(self) -> str:
        may = self.request.user.has_perm
        if self.deletion is not None and may("deletion.view_deletionrequest"):
            return pages.address_of(self.deletion)
        if may("accounts.view_user"):
            return reverse("admin:accounts_user_change", args=[self.user_id])
        seen = "deletion_deletionrequest_changelist" if may("deletion.view_deletionrequest") else "index"
        return reverse(f"admin:{seen}")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs |= {"deletion": self.deletion, "others": self.others, "back": self.get_success_url()}
        return super().get_context_data(**kwargs)


class HoldView(AboutHold):
    template_name = "deletion/hold.html"
    form_class = HoldForm

    @cached_property
    def account(self) -> Any:
        return get_object_or_404(get_user_model(), pk=self.kwargs["pk"])

    @property
    def user_id(self) -> int:
        return self.account.pk

    def heading(self) -> str:
        return f"Put a hold on {self.account.get_username()}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(account=self.account, standing=holds.open_holds(self.user_id), **kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        holds.place(self.account, kind=data["kind"], reason=data["reason"], by=self.request.user)

    def success_message(self) -> str:
        name = self.account.get_username()
        return f"Nothing of {name}, and nothing that others wrote with {name}, is deleted until the hold is lifted."


class LiftHoldView(AboutHold):
    requires_password = True
    template_name = "deletion/lift_hold.html"
    form_class = LiftForm

    @cached_property
    def hold(self) -> Hold:
        return get_object_or_404(Hold, pk=self.kwargs["pk"])

    @property
    def user_id(self) -> int:
        return self.hold.user_id

    @cached_property
    def whose(self) -> str:
        account = account_of(self.hold)
        return account.get_username() if account else "an account that is gone"

    def heading(self) -> str:
        return f"Lift a hold on {self.whose}"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs["releases"] = any(one.state in TO_RUN for one in self.others)
        placed_by = pages.People([self.hold.placed_by_id]).name(self.hold.placed_by_id)
        return super().get_context_data(hold=self.hold, whose=self.whose, placed_by=placed_by, **kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        holds.lift(self.hold, reason=data["reason"], by=self.request.user)

    def success_message(self) -> str:
        if holds.open_holds(self.user_id).exists():
            return "The hold was lifted. Another one is still open."
        return "The hold was lifted."
