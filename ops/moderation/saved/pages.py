"""Views above the queue, and the pages for saving and managing them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from ops.accounts.actions import Action, ConsolePage
from ops.accounts.preferences.named import NameForm, SaveUnderName, to_manage
from ops.accounts.refusals import Refused
from ops.moderation.models import View
from ops.moderation.saved import parameters, queues, saving

VIEWS = "admin:moderation_case_views"
SEES_QUEUE = "moderation.view_case"


def above_the_queue(request: HttpRequest, changes: Any) -> dict[str, Any]:
    """Return the template context for the views above the queue. ``changes`` is the ChangeList being shown."""
    known = parameters.Known()
    views = queues.shown(request, known)
    here = next((one.view for one in views if one.is_open), None)
    narrowing = {name: value for name, value in changes.understood_filters.items() if name != queues.PARAMETER}
    is_changed = bool(narrowing) or changes.order != parameters.ORDERS[0]
    can_save = is_changed and not parameters.fault_of(narrowing, changes.order.name, known)
    return {
        "views": views,
        "open_view": here,
        "view_in_words": parameters.in_words(here.parsed, here.order, known) if here else [],
        "kept": queues.kept(request) if here else "",
        "save_query": changes.get_query_string() if can_save else "",
    }


class SaveView(SaveUnderName):
    """Saves the filters and order in the URL under a name, merged into those of the open view."""

    permission = SEES_QUEUE
    shares = saving.MANAGES_TEAM
    template_name = "moderation/save_view.html"
    title = gettext_lazy("Save as view")

    @cached_property
    def asked(self) -> tuple[dict[str, str], str]:
        """The filters and the order to save. Raises Refused."""
        view = queues.opened(self.request)
        filters, order = (view.parsed, view.order) if view else ({}, "")
        for name, value in self.request.GET.items():
            if name == "o":
                order = str(value)
            elif name != queues.PARAMETER and value:
                filters[name] = str(value)
        fault = parameters.fault_of(filters, order)
        if fault:
            raise Refused(fault)
        return filters, order

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs["back"] = reverse("admin:moderation_case_changelist")
        try:
            kwargs["in_words"] = parameters.in_words(*self.asked)
            kwargs["back"] += f"?{self.request.GET.urlencode()}"
        except Refused as refusal:
            kwargs["why_not"] = str(refusal)
        return super().get_context_data(**kwargs)

    def save(self, name: str, *, for_team: bool) -> View:
        filters, order = self.asked
        return saving.save(name, filters, order, by=self.request.user, for_team=for_team)

    def success_message(self) -> str:
        return _("Saved: “%(name)s” stands above the queue.") % {"name": self.saved}

    def get_success_url(self) -> str:
        return queues.address_of(self.saved)


class ViewsPage(ConsolePage):
    """The user's own views and, for those who manage them, the team's, with the actions on each."""

    permission = SEES_QUEUE
    http_method_names = ["get", "head", "options"]
    title = gettext_lazy("Views of the queue")

    def get(self, request: HttpRequest) -> HttpResponse:
        known = parameters.Known()
        user: Any = request.user
        groups = [(pgettext("views", "Mine"), View.objects.filter(owner=user.pk))]
        if user.has_perm(saving.MANAGES_TEAM):
            groups.append((pgettext("views", "The team’s"), View.objects.team()))
        shown = []
        for title, views in groups:
            rows = list(views.in_order()[: 2 * queues.MOST_VIEWS])
            for row in rows:
                row.in_words = parameters.in_words(row.parsed, row.order, known)  # type: ignore[attr-defined]
                row.fault = parameters.fault_of(row.parsed, row.order, known)  # type: ignore[attr-defined]
                row.address = queues.address_of(row)  # type: ignore[attr-defined]
            shown.append((title, rows))
        return TemplateResponse(request, "moderation/views.html", self.get_context_data(groups=shown))


class OfView(ConsolePage):
    """Base of the actions on one view: 404 for somebody else's view, 403 for the team's without the permission."""

    permission = SEES_QUEUE

    @cached_property
    def view(self) -> View:
        """The view in the URL. Raises Http404 or PermissionDenied."""
        view: View = to_manage(View.objects, self.kwargs["pk"], self.request.user, saving.MANAGES_TEAM)
        return view

    def look_up(self) -> None:
        _view = self.view


class RenameView(OfView, Action):
    """Renames a view."""

    template_name = "moderation/rename_view.html"
    form_class = NameForm
    title = gettext_lazy("Rename view")
    success_text = gettext_lazy("Renamed.")

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.view.name}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(back=reverse(VIEWS), view=self.view, **kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        saving.rename(self.view, data["name"], by=self.request.user)

    def get_success_url(self) -> str:
        return reverse(VIEWS)


class DeleteView(OfView, Action):
    """Asks for confirmation, then deletes a view."""

    template_name = "moderation/delete_view.html"
    form_class = forms.Form
    title = gettext_lazy("Delete view")
    success_text = gettext_lazy("Deleted. No case changed.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(back=reverse(VIEWS), view=self.view, **kwargs)

    def perform(self, data: dict[str, Any]) -> None:
        saving.delete(self.view, by=self.request.user)

    def get_success_url(self) -> str:
        return reverse(VIEWS)


class MoveView(OfView):
    """Moves a view up, or down if the form has ``down``."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        try:
            saving.move(self.view, up="down" not in request.POST, by=request.user)
        except Refused as refusal:
            messages.warning(request, str(refusal))
        return HttpResponseRedirect(reverse(VIEWS))


PAGES = (
    ("views/", ViewsPage, "views"),
    ("views/save/", SaveView, "save_view"),
    ("views/<int:pk>/rename/", RenameView, "rename_view"),
    ("views/<int:pk>/delete/", DeleteView, "delete_view"),
    ("views/<int:pk>/move/", MoveView, "move_view"),
)
