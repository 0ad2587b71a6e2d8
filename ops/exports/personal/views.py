"""Pages to request, approve, refuse and make exports that need a second person."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth import get_user_model
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy

from ops.accounts.actions import Action
from ops.console.person import seen
from ops.exports import person, selections
from ops.exports.forms import ReasonForm
from ops.exports.models import Export
from ops.exports.personal import approval

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class RefuseForm(forms.Form):
    """The reason for refusing an export."""

    reason = forms.CharField(
        label=gettext_lazy("Reason for refusal"),
        max_length=1_000,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        error_messages={"required": gettext_lazy("Say why: the reason is recorded.")},
    )


class RequestView(Action):
    """Requests an export of one person's data."""

    permission = selections.REQUESTS
    requires_password = True
    form_class = ReasonForm
    template_name = "exports/request_person.html"
    title = gettext_lazy("Request data export")
    success_text = gettext_lazy("Export requested. Someone else must approve it before you can make it.")

    @cached_property
    def person(self) -> Any:
        people = seen.seen_by(self.request.user, get_user_model()._default_manager.all())
        return get_object_or_404(people, pk=self.kwargs["pk"])

    def perform(self, data: dict[str, Any]) -> None:
        self.export = approval.request(self.person, by=self.request.user, reason=data["reason"])

    def get_success_url(self) -> str:
        return reverse("admin:exports_export_change", args=[self.export.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        back = seen.address_of(self.person.pk, user=self.request.user) or reverse("admin:index")
        return super().get_context_data(person=self.person, counts=person.counts_of(self.person), back=back, **kwargs)


class AboutExport(Action):
    """A page about one requested export; it returns to the export's page."""

    requires_password = True
    form_class: Any = forms.Form

    @cached_property
    def export(self) -> Export:
        export = get_object_or_404(Export.objects.select_related("by", "person"), pk=self.kwargs["pk"])
        if not export.approval:
            raise Http404
        return export

    def why_not(self) -> StrOrPromise | None:
        """Return why this step is not possible, or None."""
        return approval.why_not_approve(self.export, by=self.request.user)

    def get_success_url(self) -> str:
        return reverse("admin:exports_export_change", args=[self.export.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            export=self.export, person=self.export.person, why_not=self.why_not(), back=self.get_success_url(), **kwargs
        )


class ApproveView(AboutExport):
    permission = approval.PERMISSION
    template_name = "exports/approve_person.html"
    title = gettext_lazy("Approve data export")
    success_text = gettext_lazy("Export approved. Whoever requested it can make it within 7 days.")

    def perform(self, data: dict[str, Any]) -> None:
        approval.approve(self.export, by=self.request.user)


class RefuseView(AboutExport):
    permission = approval.PERMISSION
    form_class = RefuseForm
    template_name = "exports/refuse_person.html"
    title = gettext_lazy("Refuse data export")
    success_text = gettext_lazy("Export refused.")

    def perform(self, data: dict[str, Any]) -> None:
        approval.refuse(self.export, by=self.request.user, reason=data["reason"])


class MakeView(AboutExport):
    permission = selections.REQUESTS
    template_name = "exports/make_person.html"
    title = gettext_lazy("Export this person’s data")
    success_text = gettext_lazy("Export started.")

    def why_not(self) -> StrOrPromise | None:
        return approval.why_not_make(self.export, by=self.request.user)

    def perform(self, data: dict[str, Any]) -> None:
        approval.make(self.export, by=self.request.user)
