"""Selecting many cases in the queue: rows of a page, or all that match its filters."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.console.addresses import whole_number
from ops.console.keyset import CURSOR_PARAMS
from ops.moderation.groups import preparing
from ops.moderation.groups.forms import DecideManyForm
from ops.moderation.refusals import DecisionRefused

MOST_CHOSEN = 50  # rows of a page
NOT_UNDERSTOOD = gettext_lazy("A filter in that address was not understood: choose again.")


class DecidesMany(admin.ModelAdmin):
    """A queue whose cases can be decided together, by users with the permission."""

    actions: Any = ("decide_chosen",)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.decide_many_view)
        return [path("decide-many/", view, name="moderation_case_decide_many"), *super().get_urls()]

    def has_decide_many_permission(self, request: HttpRequest) -> bool:
        """Return whether this person may decide many cases together, and see the queue."""
        return not preparing.why_not(request.user) and self.has_view_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        address = reverse("admin:moderation_case_decide_many") if self.has_decide_many_permission(request) else ""
        return super().changelist_view(request, {"decide_many_address": address, **(extra_context or {})})

    @admin.action(description=gettext_lazy("Decide selected…"), permissions=["decide_many"])
    def decide_chosen(self, request: HttpRequest, queryset: Any) -> HttpResponse:
        """Redirect to the form with the selected rows, and with the filters to return to."""
        query = request.GET.copy()
        chosen = queryset.most_urgent_first().values_list("pk", flat=True)[:MOST_CHOSEN]
        query.setlist("id", [str(pk) for pk in chosen])
        return HttpResponseRedirect(f"{reverse('admin:moderation_case_decide_many')}?{query.urlencode()}")

    def decide_many_view(self, request: HttpRequest) -> HttpResponse:
        """Show the form for a decision about many cases; on POST redirect to its preview."""
        if not self.has_decide_many_permission(request):
            raise PermissionDenied
        query = list_query(request)
        queue = f"{reverse('admin:moderation_case_changelist')}?{query}"
        try:
            ids = self._chosen(request, query)
        except IncorrectLookupParameters:
            messages.warning(request, NOT_UNDERSTOOD)
            return HttpResponseRedirect(reverse("admin:moderation_case_changelist"))
        if not ids:
            messages.warning(request, _("No case is chosen, or none matches any more."))
            return HttpResponseRedirect(queue)
        form = DecideManyForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                data = form.cleaned_data
                group = preparing.prepare(
                    ids, form.choice, action=form.chosen_action, warns=data["warns"], by=request.user
                )
            except DecisionRefused as refusal:
                form.add_error(None, str(refusal))
            else:
                return HttpResponseRedirect(preparing.address_of(group.pk))
        number = min(len(ids), preparing.MOST)
        context = {
            **self.admin_site.each_context(request),
            "title": preparing.title_of_deciding(number),
            "opts": self.opts,
            "form": form,
            "number": number,
            "chosen": "id" in request.GET,
            "more": len(ids) > preparing.MOST,
            "back": queue,
        }
        return TemplateResponse(request, "moderation/groups/decide.html", context)

    def _chosen(self, request: HttpRequest, query: str) -> list[int]:
        """Return the selected cases in the order of the queue, one more than a group may have if there are more.

        Raises IncorrectLookupParameters if the address has filters that the list does not offer.
        """
        if "id" in request.GET:
            keys = [key for key in map(whole_number, request.GET.getlist("id")) if key is not None]
            found: Any = self.get_queryset(request).filter(pk__in=keys[:MOST_CHOSEN])
        else:
            asked = request.GET
            changes = self.get_changelist_instance(request)
            request.GET = asked  # the list replaced it by one without its cursor
            self.record_narrowing(request, changes)  # type: ignore[attr-defined]
            found = changes.queryset
        rows = found.most_urgent_first().values_list("pk", flat=True)
        return list(rows[: preparing.MOST + 1])


def list_query(request: HttpRequest) -> str:
    """Return the query string of the queue, without its page and the selected rows."""
    query = request.GET.copy()
    for name in (*CURSOR_PARAMS, "id"):
        query.pop(name, None)
    return query.urlencode()
