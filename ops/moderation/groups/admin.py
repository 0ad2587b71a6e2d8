"""Groups in the console: a list, a page for each from its preview to its undo, and the steps in between."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q, QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from ops.accounts.actions import Action, ConsolePage
from ops.accounts.refusals import Refused
from ops.audit.recorded_admin import TrailHistory
from ops.console.keyset import KeysetAdmin
from ops.console.readonly import ReadOnlyPermissions
from ops.moderation.groups import page, preparing
from ops.moderation.groups.forms import ReverseForm
from ops.moderation.models import DecisionGroup, GroupKind


class StartView(ConsolePage):
    """Starts the job of a preview."""

    permission = preparing.PERMISSION
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        group = get_object_or_404(DecisionGroup, pk=pk, made_by=request.user.pk)
        try:
            preparing.start(group, by=request.user)
        except Refused as refusal:
            messages.warning(request, str(refusal))
        return HttpResponseRedirect(preparing.address_of(group.pk))


class ReverseView(Action):
    """Asks why a group is undone or restored, then shows the preview of that."""

    permission = preparing.PERMISSION
    template_name = "moderation/groups/reverse.html"
    form_class = ReverseForm

    @cached_property
    def group(self) -> DecisionGroup:
        return get_object_or_404(DecisionGroup.objects.started(), pk=self.kwargs["pk"])

    def heading(self) -> str:
        return _("Restore decisions") if self.group.kind == GroupKind.UNDO else _("Undo decisions")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs |= {"group": self.group, "back": preparing.address_of(self.group.pk)}
        kwargs["why_not"] = preparing.why_not_reverse(self.group, self.request.user)
        return super().get_context_data(**kwargs)

    def form_valid(self, form: Form) -> HttpResponse:
        try:
            preview = preparing.prepare_reversal(self.group, note=form.cleaned_data["note"], by=self.request.user)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return self.form_invalid(form)
        return HttpResponseRedirect(preparing.address_of(preview.pk))


@admin.register(DecisionGroup)
class DecisionGroupAdmin(ReadOnlyPermissions, TrailHistory, KeysetAdmin):
    """Groups that were started. Previews are not listed; only their author can open them."""

    section = gettext_lazy("Group decisions")
    keyset = ("-started_at", "id")
    list_select_related = ("label", "job", "reverses")
    rows_template = "moderation/groups/rows.html"
    how_many = ngettext_lazy("%(number)s group decision", "%(number)s group decisions", "n")
    more_than = gettext_lazy("More than %(number)s group decisions")
    empty_text = gettext_lazy("No cases have been decided together yet. Select several in the queue to do so.")
    actions = None

    class Media:
        css = {"all": ("moderation/labels.css", "moderation/desk.css")}

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:pk>/start/", wrap(StartView.as_view()), name="moderation_decisiongroup_start"),
            path("<uuid:pk>/undo/", wrap(ReverseView.as_view()), name="moderation_decisiongroup_undo"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).filter(started_at__isnull=False)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> DecisionGroup | None:
        groups = DecisionGroup.objects.select_related("label", "reason", "reverses", "job__requester")
        try:
            return groups.filter(Q(started_at__isnull=False) | Q(made_by=request.user.pk), pk=object_id).first()
        except (ValidationError, ValueError):
            return None

    def prepare_rows(self, rows: list[Any]) -> None:
        page.prepare(rows)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the page of one group. POST is refused: each step has an address of its own."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        group = self.get_object(request, object_id)
        if group is None:
            raise Http404
        shown = page.GroupPage(group, request.user)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": shown.title,
            "page": shown,
            "group": group,
        }
        return TemplateResponse(request, "moderation/groups/group.html", context)
