"""Pages to read, print and download receipts, and to look up and release erased names."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import FormView, TemplateView

from ops.accounts.actions import Action, ConsolePage
from ops.audit.readings import record_search
from ops.deletion import erased_names, receipts
from ops.deletion.models import ErasedIdentifier, Receipt
from ops.deletion.views import pages
from ops.deletion.views.forms import LiftIdentifierForm, LookUpForm


class AboutReceipt(ConsolePage):
    permission = "deletion.view_receipt"

    @cached_property
    def receipt(self) -> Receipt:
        return get_object_or_404(Receipt, pk=self.kwargs["pk"])


class ReceiptView(AboutReceipt, TemplateView):
    """A receipt in words, verified as ``manage.py verify_receipt`` does."""

    template_name = "deletion/receipt.html"
    title = gettext_lazy("Receipt of a deletion")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        receipt = self.receipt
        kwargs |= {
            "receipt": receipt,
            "problems": receipts.problems(receipts.as_document(receipt)),
            "way": pages.method_text(receipt),
            "counts": pages.count_rows(receipt.counts),
            "outcomes": pages.outcome_rows(receipt.steps),
        }
        return super().get_context_data(**kwargs)


class PrintedReceiptView(ReceiptView):
    """The receipt without the console's frame, to print or save as PDF."""

    template_name = "deletion/receipt_print.html"


class ReceiptFileView(AboutReceipt):
    """The receipt as the JSON file that ``manage.py verify_receipt`` reads."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        headers = {"Content-Disposition": f'attachment; filename="receipt-{self.receipt.pk}.json"'}
        return JsonResponse(receipts.as_document(self.receipt), json_dumps_params={"indent": 2}, headers=headers)


class LookUpView(ConsolePage, FormView):
    """Looks up whether and when an account was erased. The name is not stored."""

    permission = "deletion.view_receipt"
    template_name = "deletion/look_up.html"
    form_class = LookUpForm
    title = gettext_lazy("Look up an erased account")

    def form_valid(self, form: LookUpForm) -> HttpResponse:
        name = form.cleaned_data["name"]
        found = erased_names.find(name)
        # Without the name, which the erasure removed from the audit trail.
        record_search(ErasedIdentifier, actor=self.request.user, terms="", filters={}, results=len(found))
        known = set(Receipt.objects.filter(pk__in=[row.receipt_id for row in found]).values_list("pk", flat=True))
        rows = [(row, row.receipt_id in known) for row in found]
        return self.render_to_response(self.get_context_data(form=form, searched=True, name=name, found=rows))


class LiftIdentifierView(Action):
    """Releases the name or address of an erased account."""

    permission = "deletion.lift_erasedidentifier"
    requires_password = True
    template_name = "deletion/lift_identifier.html"
    form_class = LiftIdentifierForm
    success_text = gettext_lazy("Released. It can be used again, by imports too.")

    @cached_property
    def identifier(self) -> ErasedIdentifier:
        return get_object_or_404(ErasedIdentifier, pk=self.kwargs["pk"])

    def heading(self) -> str:
        if self.is_username:
            return _("Release the username of an erased account")
        return _("Release the e-mail address of an erased account")

    @property
    def is_username(self) -> bool:
        return self.identifier.kind == ErasedIdentifier.Kind.USERNAME

    def get_success_url(self) -> str:
        return reverse("admin:deletion_erased")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            identifier=self.identifier, is_username=self.is_username, back=self.get_success_url(), **kwargs
        )

    def perform(self, data: dict[str, Any]) -> None:
        erased_names.release(self.identifier, by=self.request.user, reason=data["reason"])
