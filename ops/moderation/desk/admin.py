"""The queue, and the page of a case."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from ops.audit.readings import Shown, record_reading
from ops.audit.reasons import gate
from ops.audit.recorded_admin import RecordedLists, TrailHistory
from ops.console.keyset import KeysetChangeList
from ops.console.lists import dates
from ops.console.lists.people import PeopleAdmin
from ops.console.readonly import ReadOnlyPermissions
from ops.moderation import decisions
from ops.moderation.desk import drafts, filters, rows, views
from ops.moderation.desk.forms import DecideForm, WaitForm
from ops.moderation.desk.page import CasePage, opens, page_of
from ops.moderation.desk.removing import PERMISSION
from ops.moderation.groups.choosing import DecidesMany
from ops.moderation.models import Case
from ops.moderation.refusals import DecisionRefused, Outdated
from ops.moderation.restoring.views import RestoreView
from ops.moderation.saved import pages, parameters
from ops.moderation.wellbeing.pausing import of_today
from ops.moderation.wellbeing.views import PauseView


class QueueChangeList(KeysetChangeList):
    """The list of the queue. Its views are links above the list, not filters."""

    def get_results(self, request: HttpRequest) -> None:
        """Get one page; if a reason is required, withhold the words that only this person reported."""
        super().get_results(request)
        if gate.is_asked():
            rows.withhold_own(self.result_list, request.user)

    @property
    def filter_choices(self) -> list[tuple[str, list[Any]]]:
        return [one for one in super().filter_choices if one[0] != filters.InView.title]


LAST = "last_decision"  # session key: what the shortcut “.” chooses again
REPEATED = ("label", "action", "reason")


@admin.register(Case)
class CaseAdmin(DecidesMany, ReadOnlyPermissions, TrailHistory, RecordedLists, PeopleAdmin):
    """The queue, and a page for each case. Each step of a case has a view of its own (ops/moderation/desk/views.py)."""

    section = gettext_lazy("Queue")
    orders = parameters.ORDERS
    more_filters = (
        filters.OfLabel,
        filters.OfSeverity,
        filters.Edited,
        filters.Reporter,
        *dates.days("closed_at", gettext_lazy("closed from"), gettext_lazy("closed to")),
        filters.Opened,
        filters.Reopened,
    )
    list_filter = (filters.InView, filters.Progress, filters.Due, filters.Holder, *more_filters)
    unknown_person = gettext_lazy("Nobody who reported anything is called “%(name)s”.")
    change_list_template = "moderation/queue.html"
    rows_template = "moderation/case_rows.html"
    counts_whole = False
    how_many = ngettext_lazy("%(number)s case", "%(number)s cases", "n")
    more_than = gettext_lazy("More than %(number)s cases")
    empty_text = gettext_lazy("The queue is empty: nothing that was reported waits for a decision.")

    class Media:
        css = {"all": ("moderation/desk.css",)}

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view

        def page(route: str, view: Any, name: str) -> URLPattern:
            return path(route, wrap(view.as_view()), name=f"moderation_{name}")

        return [
            page("next/", views.NextView, "case_next"),
            *(page(route, view, f"case_{name}") for route, view, name in pages.PAGES),
            page("pause/", PauseView, "pause"),
            page("decision/<int:pk>/undo/", views.UndoView, "decision_undo"),
            page("decision/<int:pk>/restore/", RestoreView, "decision_restore"),
            page("report/<int:pk>/", views.FlagView, "flag_message"),
            page("<int:pk>/claim/", views.ClaimView, "case_claim"),
            page("<int:pk>/take-over/", views.TakeOverView, "case_take_over"),
            page("<int:pk>/release/", views.ReleaseView, "case_release"),
            page("<int:pk>/skip/", views.SkipView, "case_skip"),
            page("<int:pk>/escalate/", views.EscalateView, "case_escalate"),
            page("<int:pk>/return/", views.ReturnView, "case_return"),
            page("<int:pk>/wait/", views.WaitView, "case_wait"),
            page("<int:pk>/heartbeat/", views.HeartbeatView, "case_heartbeat"),
            path("<int:pk>/decide/", wrap(self.decide_view), name="moderation_case_decide"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[QueueChangeList]:
        return QueueChangeList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the queue, with the views above it and the number of hard cases that this person claimed today."""
        own = of_today(request.user) if request.user.has_perm("moderation.decide_case") else {}
        response = super().changelist_view(request, {**own, **(extra_context or {})})
        changes = (getattr(response, "context_data", None) or {}).get("cl")
        if changes is not None:
            response.context_data |= pages.above_the_queue(request, changes)  # type: ignore[attr-defined]
        return response

    def findable(self, request: HttpRequest) -> Any:
        return parameters.reporters()

    def prepare_rows(self, found: list[Any]) -> None:
        rows.prepare(found)

    def shown_in_list(self, found: Sequence[Any]) -> Shown:
        words = {row.queued.reported.pk: opens(row) for row in found if row.queued.reported is not None}
        return Shown(messages=words.keys(), reported=[pk for pk, is_open in words.items() if is_open])

    def withhold(self, found: Sequence[Any]) -> bool:
        rows.withhold(found)
        return True

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the page of one case. POST is refused: each step has an address of its own."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        case = self.get_object(request, object_id)
        if case is None:
            raise Http404
        return self.respond(request, case)

    def decide_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Decide a case, then open the next one if that button was pressed. A refusal is shown above the form."""
        if not request.user.has_perm("moderation.decide_case"):
            raise PermissionDenied
        case = Case.objects.filter(pk=pk).first()
        if case is None:
            raise Http404
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = self._form(request, page_of(case, request), request.POST)
        if not form.is_valid():
            return self.respond(request, case, form, status=400)
        seen = {name: form.cleaned_data[name] for name in ("token", "version")}
        try:
            decisions.decide(case.pk, form.choice, by=request.user, **seen)
        except DecisionRefused as refusal:
            drafts.keep(request.user, case, request.POST)
            form.add_error(None, str(refusal))
            return self.respond(request, case, form, status=409 if isinstance(refusal, Outdated) else 400)
        drafts.drop(request.user, case.pk)
        request.session[LAST] = {name: request.POST.getlist(name) for name in REPEATED}
        messages.success(request, _("Decided."))
        if "next" in request.POST:
            return views.open_next(request)
        return HttpResponseRedirect(views.back_to(case.pk, request))

    def respond(
        self, request: HttpRequest, case: Case, form: DecideForm | None = None, *, status: int = 200
    ) -> HttpResponse:
        """Record the reading of a case, then return its page; ``form`` is the refused form, if any."""
        page = page_of(case, request)
        try:
            record_reading(case, actor=request.user, shown=page.recorded)
        except gate.ReasonNeeded as needed:
            if page.rest:
                raise
            page.reason_address = gate.address_to_ask(request, needed.scope)
            record_reading(case, actor=request.user)
        if form is None and page.is_mine:
            form = self._form(request, page)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": page.title,
            "page": page,
            "case": case,
            "form": form,
            "repeat": json.dumps(request.session.get(LAST, {})),
            "wait_form": WaitForm(auto_id="wait_%s"),
            **(of_today(request.user) if page.may_decide else {}),
        }
        return TemplateResponse(request, "moderation/case.html", context, status=status)

    def _form(self, request: HttpRequest, page: CasePage, data: Any = None) -> DecideForm:
        words = _("#%(number)s from %(name)s")
        offered = [
            (one.row.message.pk, words % {"number": one.row.position, "name": one.row.sender}) for one in page.messages
        ]
        reported = [one.row.message.pk for one in page.reported if one.waits]
        longer = request.user.has_perm("moderation.suspend_longer")
        given: dict[str, Any] = {"messages": offered, "people": page.people, "may_suspend_longer": longer}
        given["may_remove"] = request.user.has_perm(PERMISSION)
        if data is not None:
            return DecideForm(data, **given)
        labels = [flag.label.slug for flag in page.waiting]
        initial = {"hides": reported, "label": labels[0] if labels else None}
        return DecideForm(initial=initial | drafts.initial_of(request.user, page.case), **given)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("conversation")
