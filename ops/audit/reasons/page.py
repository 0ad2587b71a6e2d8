"""The page that asks why somebody opens texts, and records the answer."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import forms
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.audit.reasons import gate
from ops.audit.reasons.giving import give

LONGEST = 200  # characters


class Why(models.TextChoices):
    """The reasons for opening texts that were not reported."""

    CONTEXT = "context", gettext_lazy("To understand a report")
    OBJECTION = "objection", gettext_lazy("An objection by a participant")
    CHECK = "check", gettext_lazy("To check a colleague’s decision")
    PATTERN = "pattern", gettext_lazy("To follow a person across conversations")
    REQUEST = "request", gettext_lazy("A legal or data protection request")
    OTHER = "other", gettext_lazy("Something else")


class ReasonForm(forms.Form):
    """A reason for opening texts. “Something else” and breaking glass require words too."""

    why = forms.ChoiceField(
        label=gettext_lazy("Reason"),
        choices=Why.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose why you open it: the choice is kept in the audit trail, with your name.")
        },
    )
    words = forms.CharField(
        label=gettext_lazy("In your words"),
        max_length=LONGEST,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto", "aria-describedby": "words-help"}),
        error_messages={
            "null_characters_not_allowed": gettext_lazy("The reason holds a character that cannot be stored.")
        },
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        needed = gate.breaks_glass() or data.get("why") == Why.OTHER
        if needed and "words" not in self.errors and not data.get("words"):
            self.add_error("words", _("Say why in a few words: they are kept in the audit trail, with your name."))
        return data


class Asked(NamedTuple):
    """The row or the model's list that a reason is asked for, and its name on the page."""

    target: Any
    name: str


def reason_view(request: HttpRequest) -> HttpResponse:
    """Ask for the reason, record it, and redirect to the page that asked. 404 unless a page signed the address."""
    scope = gate.asked_scope(request.GET.get("for", ""), request.user)
    if scope is None:
        raise Http404
    asked, back = _asked(scope), _back(request)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        details = {"why": Why(form.cleaned_data["why"])}
        entry = give(request.user, asked.target, details=details, words=form.cleaned_data["words"])
        gate.note_opening(request, scope, entry.pk)
        return HttpResponseRedirect(back)
    context = {
        **admin.site.each_context(request),
        "title": _("Break the glass") if gate.breaks_glass() else _("Why do you open this?"),
        "form": form,
        "name": asked.name,
        "breaks_glass": gate.breaks_glass(),
        "minutes": int(gate.VALID.total_seconds() // 60),
        "is_list": isinstance(asked.target, type),
    }
    return TemplateResponse(request, "audit/reason.html", context)


def _asked(scope: gate.Scope) -> Asked:
    """Return the target of ``scope`` with its name. Raises Http404 if it does not exist any more."""
    label, _colon, key = scope.partition(":")
    model = apps.get_model(label)
    if not key:
        return Asked(model, _("the list of %(rows)s") % {"rows": model._meta.verbose_name_plural})
    try:
        row = model._base_manager.filter(pk=key).first()
    except ValidationError:
        row = None
    if row is None:
        raise Http404
    name = row.get_username() if hasattr(row, "get_username") else f"{model._meta.verbose_name} {row.pk}"
    return Asked(row, name)


def _back(request: HttpRequest) -> str:
    """Return the address of the page that asked, if it is one of ours; else of the home page."""
    asked = request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure()):
        return asked
    return reverse("admin:index")
