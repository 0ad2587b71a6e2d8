"""Pages to request deletions of one or several accounts, and to approve, refuse and cancel a request."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import TemplateView

from messaging.languages.wording import numbered
from ops.accounts.actions import Action, ConsolePage
from ops.console.addresses import whole_number
from ops.console.person import seen
from ops.deletion import approval
from ops.deletion import requests as deletion
from ops.deletion.models import DeletionRequest
from ops.deletion.views import pages
from ops.deletion.views.forms import CancelForm, RefuseForm, RequestForm, TypedForm, usual_way
from ops.jobs.progress import progress_of, reload_page

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

USERS = "admin:accounts_user_changelist"


def request_url(keys: list[Any]) -> str:
    """Return the URL of the request form for the accounts with these primary keys."""
    return f"{reverse('admin:accounts_user_delete_many')}?{urlencode([('id', key) for key in keys])}"


def phrase_for(number: int) -> str:
    """Return the phrase to type to confirm the deletion of several accounts."""
    return numbered(ngettext("delete %(number)s account", "delete %(number)s accounts", number), number)


def account_of(row: Any) -> Any:
    """Return the account that a request or hold is about, or None."""
    return get_user_model()._default_manager.filter(pk=row.user_id).first()


def grace() -> dict[str, Any]:
    """Return when an erasure approved now would begin, as template context."""
    days = settings.DELETION_GRACE_DAYS
    return {"grace_days": days, "runs_at": timezone.now() + timedelta(days=days)}


class RequestDeletionView(Action):
    """Shows what deleting accounts would remove, and stores the request."""

    permission = "accounts.delete_user"
    requires_password = True
    form_class = RequestForm
    template_name = "deletion/ask.html"

    @cached_property
    def users(self) -> list[Any]:
        """The accounts that the query string names and that this user sees something of; the first MOST_AT_ONCE of
        them, as many as the list lets somebody choose."""
        keys = [key for key in map(whole_number, self.request.GET.getlist("id")) if key is not None]
        people = seen.seen_by(self.request.user, get_user_model()._default_manager.all())
        return list(people.filter(pk__in=keys[: deletion.MOST_AT_ONCE]).order_by("username"))

    @property
    def only_name(self) -> str:
        """The username of the only account; "" if there are several."""
        return self.users[0].get_username() if len(self.users) == 1 else ""

    @property
    def phrase(self) -> str:
        """The text to type as confirmation."""
        return self.only_name or phrase_for(len(self.users))

    def heading(self) -> str:
        if self.only_name:
            return _("Request deletion of %(name)s") % {"name": self.only_name}
        number = len(self.users)
        sentence = ngettext("Request deletion of %(number)s account", "Request deletion of %(number)s accounts", number)
        return numbered(sentence, number)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().get(request, *args, **kwargs) if self.users else self._back_to_the_list()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().post(request, *args, **kwargs) if self.users else self._back_to_the_list()

    def _back_to_the_list(self) -> HttpResponse:
        messages.warning(self.request, _("This account no longer exists. Choose again."))
        return HttpResponseRedirect(reverse(USERS))

    def get_initial(self) -> dict[str, Any]:
        return {"way": usual_way()}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "phrase": self.phrase, "one": len(self.users) == 1}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        plans = deletion.plan(self.users, by=self.request.user)
        able = [plan.user.pk for plan in plans if not plan.obstacle]
        kwargs |= {
            "plans": plans,
            "plan": plans[0],
            "refused": [plan for plan in plans if plan.obstacle],
            "able": len(able),
            "without_refused": request_url(able) if able else "",
            "messages_in_all": deletion.count_messages(self.users),
            "only_name": self.only_name,
            "phrase": self.phrase,
            "one_person": settings.DELETION_ONE_PERSON,
        }
        return super().get_context_data(**grace(), **kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        mode, texts = data["way"]
        said = {name: data[name] for name in ("basis", "ticket", "reason")}
        self.group = deletion.request_deletion(self.users, by=self.request.user, mode=mode, texts=texts, **said)

    def success_message(self) -> str:
        if self.only_name:
            sentence = _("Deletion of %(name)s requested. The account is closed and signed out.")
            return sentence % {"name": self.only_name}
        number = len(self.users)
        sentence = ngettext(
            "Deletion of %(number)s account requested. The account is closed and signed out.",
            "Deletion of %(number)s accounts requested. The accounts are closed and signed out.",
            number,
        )
        return numbered(sentence, number)

    def get_success_url(self) -> str:
        if not self.request.user.has_perm("deletion.view_deletionrequest"):
            return reverse(USERS)
        if len(self.users) > 1:
            return reverse("admin:deletion_deletiongroup", args=[self.group.pk])
        return pages.address_of(self.group.requests.get())


class AboutRequest(ConsolePage):
    """A page about one request."""

    title_of: StrOrPromise = ""  # the heading; %(name)s is the name of the account

    @cached_property
    def deletion(self) -> DeletionRequest:
        return get_object_or_404(DeletionRequest.objects.for_list(), pk=self.kwargs["pk"])

    def heading(self) -> str:
        return str(self.title_of) % {"name": pages.display_name(self.deletion)}

    def get_success_url(self) -> str:
        return pages.address_of(self.deletion)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs = {"deletion": self.deletion, "whose": pages.display_name(self.deletion), **kwargs}
        return super().get_context_data(**pages.facts(self.deletion), back=self.get_success_url(), **kwargs)


class ProgressView(AboutRequest, TemplateView):
    """The progress part of a request's page, polled while its job runs."""

    permission = "deletion.view_deletionrequest"
    template_name = "deletion/polled.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "waits" in request.GET and pages.starts_soon(self.deletion):
            return HttpResponse(status=204)  # no change
        if "waits" not in request.GET and pages.has_running_job(self.deletion):
            return super().get(request, *args, **kwargs)
        return reload_page(request, self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        job: Any = self.deletion.job
        now = progress_of(job, timezone.now())
        news = now.news if self.request.GET.get("said", "") != now.milestone else ""
        return {"deletion": self.deletion, "now": now, "news": news}


class ApproveView(AboutRequest, Action):
    permission = "deletion.approve_deletionrequest"
    requires_password = True
    template_name = "deletion/approve.html"
    form_class = TypedForm
    title_of = gettext_lazy("Approve the deletion of %(name)s")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "phrase": self.deletion.username, "one": True}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        account = account_of(self.deletion)
        plans = deletion.plan([account], by=self.request.user) if account else [None]
        why_not = approval.why_not_approve(self.deletion, by=self.request.user)
        return super().get_context_data(plan=plans[0], why_not=why_not, **grace(), **kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        approval.approve(self.deletion, by=self.request.user)

    def success_message(self) -> str:
        return _("Deletion of %(name)s approved.") % {"name": pages.display_name(self.deletion)}


class RefuseView(AboutRequest, Action):
    permission = "deletion.approve_deletionrequest"
    template_name = "deletion/refuse.html"
    form_class = RefuseForm
    title_of = gettext_lazy("Refuse the deletion of %(name)s")
    success_text = gettext_lazy("Refused. Nothing was deleted; the account is as it was before.")

    def perform(self, data: dict[str, Any]) -> None:
        approval.refuse(self.deletion, by=self.request.user, reason=data["reason"])


class CancelView(AboutRequest, Action):
    permission = "accounts.delete_user"
    template_name = "deletion/cancel.html"
    form_class = CancelForm
    title_of = gettext_lazy("Cancel the deletion of %(name)s")
    success_text = gettext_lazy("Cancelled. Nothing was deleted; the account is as it was before.")

    def perform(self, data: dict[str, Any]) -> None:
        approval.cancel(self.deletion, by=self.request.user, reason=data["reason"])
