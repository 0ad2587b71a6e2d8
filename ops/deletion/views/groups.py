"""Pages to view, approve and cancel all requests of a group."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import ngettext
from django.views.generic import TemplateView

from messaging.languages.wording import numbered
from ops.accounts.actions import Action, ConsolePage
from ops.deletion import approval
from ops.deletion import requests as deletion
from ops.deletion.models import DeletionGroup, DeletionRequest, Mode, State
from ops.deletion.views import pages
from ops.deletion.views.forms import CancelForm, TypedForm
from ops.deletion.views.requests import grace, phrase_for
from ops.jobs.progress import reload_page


class AboutGroup(ConsolePage):
    """A page about all requests of a group."""

    @cached_property
    def group(self) -> DeletionGroup:
        return get_object_or_404(DeletionGroup, pk=self.kwargs["pk"])

    @cached_property
    def requests(self) -> list[DeletionRequest]:
        return list(self.group.requests.for_list().order_by("username", "pk"))

    @property
    def sample(self) -> DeletionRequest:
        """A request that still has its reason, which done ones have not; the first one if none has."""
        return next((one for one in self.requests if one.reason), self.requests[0])

    @property
    def waiting(self) -> list[DeletionRequest]:
        return [one for one in self.requests if one.state == State.REQUESTED]

    def get_success_url(self) -> str:
        return reverse("admin:deletion_deletiongroup", args=[self.group.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs |= {"waiting": self.waiting, "back": self.get_success_url()}
        return super().get_context_data(**pages.facts(self.sample), **kwargs)


class GroupView(AboutGroup, TemplateView):
    permission = "deletion.view_deletionrequest"
    template_name = "deletion/group.html"

    def heading(self) -> str:
        number = len(self.requests)
        sentence = ngettext("Deletion of %(number)s account", "Deletion of %(number)s accounts", number)
        return numbered(sentence, number)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        by = self.request.user
        kwargs |= {
            "offers": pages.offers_for_group(self.group, self.requests, to=by),
            "why_not": pages.why_not_approve_any(self.requests, by=by),
            **pages.group_status(self.requests),
        }
        return super().get_context_data(**kwargs)


class GroupProgressView(AboutGroup, TemplateView):
    """The part of a group's page that the browser polls while its jobs run."""

    permission = "deletion.view_deletionrequest"
    template_name = "deletion/_accounts.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if pages.group_status(self.requests)["live"]:
            return super().get(request, *args, **kwargs)
        return reload_page(request, self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {"group": self.group, "waiting": self.waiting, **pages.group_status(self.requests)}


class ApproveGroupView(AboutGroup, Action):
    permission = "deletion.approve_deletionrequest"
    requires_password = True
    template_name = "deletion/approve_group.html"
    form_class = TypedForm

    def heading(self) -> str:
        number = len(self.waiting)
        sentence = ngettext(
            "Approve the deletion of %(number)s account", "Approve the deletion of %(number)s accounts", number
        )
        return numbered(sentence, number)

    @property
    def phrase(self) -> str:
        """The phrase to type as confirmation."""
        return phrase_for(len(self.waiting))

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "phrase": self.phrase, "one": False}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = get_user_model()._default_manager.filter(pk__in=[one.user_id for one in self.waiting])
        why_not = pages.why_not_approve_any(self.requests, by=self.request.user)
        # Anonymising deletes no messages, so there is nothing to count.
        erasing = self.group.mode == Mode.ERASE and not why_not
        kwargs |= {
            "why_not": why_not,
            "any_held": any(one.is_held for one in self.waiting),
            "all_held": all(one.is_held for one in self.waiting),
            "plans": deletion.plan(found.order_by("username"), by=self.request.user) if erasing else [],
            "messages_in_all": deletion.count_messages(found),
            "phrase": self.phrase,
        }
        return super().get_context_data(**grace(), **kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        self.number = approval.approve_group(self.group, by=self.request.user)

    def success_message(self) -> str:
        sentence = ngettext(
            "Deletion of %(number)s account approved.", "Deletion of %(number)s accounts approved.", self.number
        )
        return numbered(sentence, self.number)


class CancelGroupView(AboutGroup, Action):
    permission = "accounts.delete_user"
    template_name = "deletion/cancel_group.html"
    form_class = CancelForm

    @property
    def to_cancel(self) -> list[DeletionRequest]:
        return [one for one in self.requests if one.may_be_cancelled]

    def heading(self) -> str:
        number = len(self.to_cancel)
        sentence = ngettext(
            "Cancel the deletion of %(number)s account", "Cancel the deletion of %(number)s accounts", number
        )
        return numbered(sentence, number)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(to_cancel=self.to_cancel, **kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        self.number = approval.cancel_group(self.group, by=self.request.user, reason=data["reason"])

    def success_message(self) -> str:
        sentence = ngettext(
            "Cancelled for %(number)s account. Nothing was deleted; the account is as it was before.",
            "Cancelled for %(number)s accounts. Nothing was deleted; the accounts are as they were before.",
            self.number,
        )
        return numbered(sentence, self.number)
