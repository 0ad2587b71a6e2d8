"""The page for a pause from reviewing, and the choice whether hard texts are covered."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView

from ops.accounts.actions import ConsolePage
from ops.moderation import claims
from ops.moderation.models import Claim, Comfort, comfort_of
from ops.moderation.refusals import ClaimRefused
from ops.moderation.saved import queues
from ops.moderation.wellbeing.pausing import of_today

MORNING = time(9)
RETURNS = [
    ("5", gettext_lazy("In 5 minutes")),
    ("15", gettext_lazy("In a quarter of an hour")),
    ("30", gettext_lazy("In half an hour")),
    ("60", gettext_lazy("In an hour")),
    ("tomorrow", gettext_lazy("Tomorrow")),
]


class ReturnForm(forms.Form):
    """Asks when the user would like to return from a pause."""

    back = forms.ChoiceField(
        label=gettext_lazy("When would you like to return?"),
        choices=RETURNS,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose when you would like to return, or just leave the page.")},
    )

    @property
    def until(self) -> datetime:
        """The chosen time of return, of a valid form."""
        back = self.cleaned_data["back"]
        if back != "tomorrow":
            return timezone.now() + timedelta(minutes=int(back))
        return timezone.make_aware(datetime.combine(timezone.localdate() + timedelta(days=1), MORNING))


class PauseView(ConsolePage):
    """A calm page. The button on the desk posts to it, which releases the claim. Nobody else sees the pause."""

    permission = "moderation.decide_case"
    title = gettext_lazy("Take your time")

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, ReturnForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        if "back" not in request.POST and "choose" not in request.POST:
            held = Claim.objects.live().filter(reviewer=request.user.pk).select_related("case").first()
            with suppress(ClaimRefused):  # the lease ended, or a colleague took over, since it was read
                if held is not None:
                    claims.give_back(request.user, held.case)
                    messages.info(request, _("Your case is back in the queue. A colleague may take it."))
            return HttpResponseRedirect(reverse("admin:moderation_pause") + queues.kept(request))
        form = ReturnForm(request.POST)
        if not form.is_valid():
            return self._page(request, form)
        Comfort.objects.update_or_create(person_id=request.user.pk, defaults={"paused_until": form.until})
        return HttpResponseRedirect(reverse("admin:moderation_pause") + queues.kept(request))

    def _page(self, request: HttpRequest, form: ReturnForm) -> HttpResponse:
        context = self.get_context_data(form=form, kept=queues.kept(request), **of_today(request.user))
        return TemplateResponse(request, "moderation/pause.html", context)


class CoveredTextsForm(forms.Form):
    """Asks whether texts that are hard to read are covered."""

    uncovers = forms.ChoiceField(
        label=gettext_lazy("Texts that are hard to read"),
        choices=[
            ("", gettext_lazy("Cover them: each opens by a click or a key")),
            ("yes", gettext_lazy("Show them at once")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )


class CoveredTextsView(FormView):
    """The page on which members of staff choose whether hard texts are covered for them."""

    http_method_names = ["get", "head", "post", "options"]
    form_class = CoveredTextsForm
    template_name = "moderation/covered_texts.html"

    def get_initial(self) -> dict[str, Any]:
        return {"uncovers": "yes" if comfort_of(self.request.user).uncovers else ""}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = {**admin.site.each_context(self.request), "title": _("Covered texts"), **kwargs}
        return super().get_context_data(**context)

    def form_valid(self, form: forms.Form) -> HttpResponse:
        uncovers = bool(form.cleaned_data["uncovers"])
        Comfort.objects.update_or_create(person_id=self.request.user.pk, defaults={"uncovers": uncovers})
        messages.success(
            self.request, _("Such texts are shown at once now.") if uncovers else _("Such texts come covered now.")
        )
        return HttpResponseRedirect(reverse("admin:covered_texts"))
