"""Pages of holds: showing one, finding the account, placing and lifting."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView

from ops.accounts.actions import Action, ConsolePage
from ops.audit.readings import record_search
from ops.console.person import seen
from ops.deletion import holds
from ops.deletion.models import TO_RUN, DeletionRequest, Hold
from ops.deletion.views import pages
from ops.deletion.views.forms import FindPersonForm, HoldForm, LiftForm
from ops.deletion.views.requests import account_of

FOUND_BY_NAME = "hold_asked_by_name"  # session key: the id of the account that the user found by its exact name


def _list_of_holds(user: Any) -> str:
    """Return the URL of the list of holds, or of Home for people who may not open it."""
    return reverse(f"admin:{'deletion_hold_changelist' if user.has_perm('deletion.view_hold') else 'index'}")


class AboutHold(Action):
    """A page about holds on one account; it returns to the open request or the person's page."""

    permission = "deletion.hold_account"
    requires_password = True

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
        return seen.address_of(self.user_id, user=self.request.user) or _list_of_holds(self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs |= {"deletion": self.deletion, "others": self.others, "back": self.get_success_url()}
        return super().get_context_data(**kwargs)


def page_of(hold: Hold) -> dict[str, Any]:
    """Return the context of a hold's page: the account, who placed and lifted it, and the deletions that it stops."""
    (named,) = pages.name_people_of_holds([hold])
    open_now = hold.lifted_at is None
    own = DeletionRequest.objects.open().filter(user=hold.user_id) if open_now else DeletionRequest.objects.none()
    stopped = holds.deletions_stopped_by(hold.user_id) if open_now else DeletionRequest.objects.none()
    rows = [*own.select_related("group"), *stopped.select_related("group").order_by("requested_at", "pk")]
    whose = named.whose or _("an erased account")  # type: ignore[attr-defined]
    return {"title": _("Hold on %(name)s") % {"name": whose}, "hold": named, "others": pages.for_display(rows)}


class FindPersonView(ConsolePage, FormView):
    """Finds the account to hold by its exact username, for people who cannot open the list of users.

    The search is recorded with the name.
    """

    permission = "deletion.hold_account"
    template_name = "deletion/find_person.html"
    form_class = FindPersonForm
    title = gettext_lazy("Place hold")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(back=_list_of_holds(self.request.user), **kwargs)

    def form_valid(self, form: FindPersonForm) -> HttpResponse:
        name = form.cleaned_data["username"]
        found = get_user_model()._default_manager.filter(username=name).first()
        record_search(get_user_model(), actor=self.request.user, terms=name, filters={}, results=int(found is not None))
        if found is None:
            sentence = _("There is no user “%(name)s”. Usernames are case-sensitive.")
            form.add_error("username", sentence % {"name": name})
            return self.form_invalid(form)
        self.request.session[FOUND_BY_NAME] = found.pk
        return HttpResponseRedirect(reverse("admin:accounts_user_hold", args=[found.pk]))


class HoldView(AboutHold):
    """Places a hold on an account of which the user may see something, or which they found by its exact name.

    Any other id gives 404, like an id that does not exist, so that names cannot be found by trying ids.
    """

    template_name = "deletion/hold.html"
    form_class = HoldForm

    @cached_property
    def account(self) -> Any:
        key, people = self.kwargs["pk"], get_user_model()._default_manager.all()
        by_name = self.request.session.get(FOUND_BY_NAME) == key
        return get_object_or_404(people if by_name else seen.seen_by(self.request.user, people), pk=key)

    @property
    def user_id(self) -> int:
        return self.account.pk

    def heading(self) -> str:
        return _("Place hold on %(name)s") % {"name": self.account.get_username()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(account=self.account, standing=holds.open_holds(self.user_id), **kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        holds.place(self.account, kind=data["kind"], reason=data["reason"], by=self.request.user)

    def success_message(self) -> str:
        sentence = _("Hold placed on %(name)s. Nothing they sent or received can be deleted until it is lifted.")
        return sentence % {"name": self.account.get_username()}


class LiftHoldView(AboutHold):
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
        return account.get_username() if account else _("an erased account")

    def heading(self) -> str:
        return _("Lift hold on %(name)s") % {"name": self.whose}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs["releases"] = any(one.state in TO_RUN for one in self.others)
        placed_by = pages.People([self.hold.placed_by_id]).name(self.hold.placed_by_id)
        return super().get_context_data(hold=self.hold, whose=self.whose, placed_by=placed_by, **kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        holds.lift(self.hold, reason=data["reason"], by=self.request.user)

    def success_message(self) -> str:
        if holds.open_holds(self.user_id).exists():
            return _("Hold lifted. Another one is still open.")
        return _("Hold lifted.")
