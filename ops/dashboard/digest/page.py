"""The page on which a lead chooses the weekly digest, or ends it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.generic import FormView

from ops.accounts.actions import ConsolePage
from ops.audit.recording import record
from ops.dashboard.digest.sending import PERMISSION
from ops.dashboard.events import DashboardEvent
from ops.dashboard.models import DigestReader

CHOSEN = "You get the weekly digest from next Monday on."
ENDED = "You get no weekly digest."


class DigestForm(forms.Form):
    """Whether somebody wants it."""

    wanted = forms.BooleanField(label="Send me the weekly digest", required=False)


class DigestView(ConsolePage, FormView):
    """For whoever may open the team's dashboard, about themselves alone."""

    http_method_names = ["get", "head", "post", "options"]
    permission = PERMISSION
    title = "Weekly digest"
    form_class = DigestForm
    template_name = "dashboard/digest.html"

    def get_initial(self) -> dict[str, Any]:
        return {"wanted": DigestReader.objects.filter(person=self.request.user.pk).exists()}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user: Any = self.request.user
        return super().get_context_data(email=user.email, is_on=bool(settings.EMAIL_HOST), **kwargs)

    def form_valid(self, form: forms.Form) -> HttpResponse:
        user: Any = self.request.user
        wanted = form.cleaned_data["wanted"]
        with transaction.atomic():
            if wanted:
                _, changed = DigestReader.objects.get_or_create(person_id=user.pk)
            else:
                changed = bool(DigestReader.objects.filter(person=user.pk).delete()[0])
            if changed:
                event = DashboardEvent.DIGEST_CHOSEN if wanted else DashboardEvent.DIGEST_ENDED
                record(event, actor=user, target=user)
        messages.success(self.request, CHOSEN if wanted else ENDED)
        return HttpResponseRedirect(reverse("admin:digest"))
