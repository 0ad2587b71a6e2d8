"""Steps of a case, one view each. Each calls one function and redirects; the page of the case shows refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.db import DEFAULT_DB_ALIAS
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.models import Message
from ops.accounts.actions import Action, ConsolePage
from ops.accounts.refusals import Refused
from ops.moderation import claims, decisions, flagging
from ops.moderation.desk.forms import FlagForm, UndoForm, VersionForm, WaitForm
from ops.moderation.measures import registry
from ops.moderation.models import Case, Decision, Source
from ops.moderation.saved import queues
from ops.moderation.wellbeing.pausing import end_pause

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

QUEUE = "admin:moderation_case_changelist"
POST_ONLY = ["post"]
NOTHING_LEFT = gettext_lazy("Nothing is left in the queue that you can decide now.")


def address_of(case_id: int) -> str:
    """Return the address of a case's page."""
    return reverse("admin:moderation_case_change", args=[case_id])


def back_to(case_id: int, request: HttpRequest) -> str:
    """Return the address of a case's page within the view that the request came from."""
    return f"{address_of(case_id)}{queues.kept(request)}"


def open_next(request: HttpRequest) -> HttpResponse:
    """Claim the next case for the request's user, within the view that the address names, and redirect to it. Redirect
    to the queue if there is none, or if the claim is refused."""
    view = None
    try:
        view = queues.opened(request)
        claim = queues.claim_next(request.user, view)
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return HttpResponseRedirect(reverse(QUEUE))
    if claim is None:
        in_view = _("Nothing is left in “%(view)s” that you can decide now.")
        messages.info(request, in_view % {"view": view} if view else NOTHING_LEFT)
        return HttpResponseRedirect(queues.address_of(view) if view else reverse(QUEUE))
    end_pause(request.user)
    return HttpResponseRedirect(back_to(claim.case_id, request))


class NextView(ConsolePage):
    permission = "moderation.decide_case"
    http_method_names = POST_ONLY

    def post(self, request: HttpRequest) -> HttpResponse:
        return open_next(request)


class OfCase(ConsolePage):
    """Base of the POST views about a case. An unknown case gives 404, whatever the method."""

    permission = "moderation.decide_case"
    http_method_names = POST_ONLY

    @cached_property
    def case(self) -> Case:
        return get_object_or_404(Case, pk=self.kwargs["pk"])

    def look_up(self) -> None:
        _ = self.case


class Step(OfCase):
    """A step of a case without a page of its own. ``perform`` raises Refused; ``done`` is the message after success."""

    done: StrOrPromise = ""
    opens_next = False

    def perform(self, request: HttpRequest) -> None:
        """Carry out the step. Raises Refused."""
        raise NotImplementedError

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        case = self.case
        try:
            self.perform(request)
        except Refused as refusal:
            messages.warning(request, str(refusal))
            return HttpResponseRedirect(back_to(case.pk, request))
        if self.done:
            messages.success(request, self.done)
        return open_next(request) if self.opens_next else HttpResponseRedirect(back_to(case.pk, request))

    def seen(self, request: HttpRequest) -> dict[str, Any]:
        """Return the user, and the token and version that the form was made for. Raises Refused if the form is
        incomplete."""
        form = VersionForm(request.POST)
        if not form.is_valid():
            raise Refused(_("The form was incomplete. Look at the case again."))
        return {"by": request.user, "token": form.cleaned_data["token"], "version": form.cleaned_data["version"]}


class ClaimView(Step):
    def perform(self, request: HttpRequest) -> None:
        claims.claim(request.user, self.case)


class TakeOverView(Step):
    permission = "moderation.take_over_case"
    done = gettext_lazy("You hold this case now. Whoever held it gets a notice.")

    def perform(self, request: HttpRequest) -> None:
        claims.take_over(request.user, self.case)


class ReleaseView(Step):
    done = gettext_lazy("Released: the case is free for others.")

    def perform(self, request: HttpRequest) -> None:
        claims.give_back(request.user, self.case)


class SkipView(Step):
    done = gettext_lazy("Skipped: you are not given this case again for 8 hours.")
    opens_next = True

    def perform(self, request: HttpRequest) -> None:
        claims.skip(request.user, self.case)


class EscalateView(Step):
    done = gettext_lazy("Escalated: the Leads decide this case.")
    opens_next = True

    def perform(self, request: HttpRequest) -> None:
        decisions.escalate(self.case.pk, **self.seen(request))


class ReturnView(Step):
    done = gettext_lazy("Returned: the case is in the queue again.")

    def perform(self, request: HttpRequest) -> None:
        decisions.return_to_queue(self.case.pk, **self.seen(request))


class WaitView(Step):
    done = gettext_lazy("The case waits. It comes back to the queue by itself.")
    opens_next = True

    def perform(self, request: HttpRequest) -> None:
        form = WaitForm(request.POST)
        if not form.is_valid():
            raise Refused(_("Choose for how long the case waits, or that it waits for a reply."))
        decisions.wait(self.case.pk, until=form.until, for_reply=form.cleaned_data["reply"], **self.seen(request))


class HeartbeatView(OfCase):
    """Extends a claim while its page is used, and lets it expire soon after the page was left.

    Responds with whether the claim is held. Losing it is not an error: the page's own form or a colleague may end it
    while the page asks.
    """

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            token = UUID(request.POST.get("token", ""))
        except ValueError:
            return JsonResponse({"held": False})
        if "left" in request.GET:
            claims.leave(request.user, pk, token)
            return JsonResponse({})
        return JsonResponse({"held": claims.heartbeat(request.user, pk, token)})


class OfDecision(Action):
    """An action with a note about the decision that the address names. It returns to the case."""

    permission = "moderation.decide_case"
    form_class = UndoForm
    read_along: tuple[str, ...] = ("case", "label")

    @cached_property
    def decision(self) -> Decision:
        return get_object_or_404(Decision.objects.select_related(*self.read_along), pk=self.kwargs["pk"])

    def get_success_url(self) -> str:
        return back_to(self.decision.case_id, self.request)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(back=self.get_success_url(), **kwargs)


class UndoView(OfDecision):
    """Shows what undoing a decision would do, and undoes it."""

    template_name = "moderation/undo.html"
    title = gettext_lazy("Undo decision")
    success_text = gettext_lazy("Undone: the case is open again.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = decisions.preview_undo(self.decision, by=self.request.user)
        kwargs |= {
            "decision": self.decision,
            "restores": registry.will_undo(found.plan, using=DEFAULT_DB_ALIAS),
            "stays": list(found.plan.stays.values()),
            "why_not": found.refusal,
        }
        return super().get_context_data(**kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        decisions.undo(self.decision.pk, by=self.request.user, note=data["note"])


class FlagView(Action):
    """A report of one message by staff."""

    permission = "moderation.flag_message"
    template_name = "moderation/flag.html"
    form_class = FlagForm
    title = gettext_lazy("Report message")
    success_text = gettext_lazy("Reported: the conversation is in the queue.")

    @cached_property
    def message(self) -> Message:
        found = Message.objects.filter(pk=self.kwargs["pk"]).select_related("sender", "receiver")
        return get_object_or_404(found)

    def get_success_url(self) -> str:
        may = self.request.user.has_perm
        if may("messaging.view_conversation"):
            address = reverse("admin:messaging_conversation_change", args=[self.message.conversation_id])
            return f"{address}?message={self.message.pk}#m{self.message.pk}"
        return reverse(QUEUE if may("moderation.view_case") else "admin:index")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(message=self.message, back=self.get_success_url(), **kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        flagging.flag(self.message, label=data["label"], note=data["note"], by=self.request.user, source=Source.STAFF)
