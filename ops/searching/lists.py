"""Lists that are searched by the language of messaging/search: those of conversations and of messages."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property

from ops.accounts.models import User
from ops.audit.recorded_admin import RecordedLists
from ops.console.addresses import clean_search_term
from ops.console.keyset import CURSOR_PARAMS
from ops.console.lists.people import PeopleAdmin
from ops.console.searching.asked import Search, asked
from ops.searching.saved.shown import Offered


class SearchedAdmin(RecordedLists, PeopleAdmin):
    """A list searched by texts and filtered by people; what it shows is recorded."""

    change_list_template = "searching/change_list.html"
    searches_texts = True
    autocomplete_search = False  # message texts are searched in the lists only
    search_fields = ("content",)  # shows the search box

    class Media:
        css = {"all": ("moderation/labels.css",)}  # of what they were reported for

    def get_queryset(self, request: HttpRequest) -> Any:
        return self.list_rows.all()

    @cached_property
    def list_rows(self) -> Any:
        """Made once: that takes longer than asking for a page of them. Each request has a copy."""
        return self.model.objects.for_list()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, with saved searches above it. Whoever is shown the first page of one has seen what is new."""
        if not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        offered = Offered(request, self.model, clean_search_term(request.GET.get(SEARCH_VAR, "")))
        is_first = not any(name in request.GET for name in CURSOR_PARAMS)
        response = super().changelist_view(request, {"offered": offered, **(extra_context or {})})
        if is_first and getattr(response, "context_data", {}).get("cl") is not None:
            offered.look()
        return response

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet, bool]:
        """Narrow to what was searched for, and keep the search with the request."""
        search = self.asked(request, search_term)
        request.search = search  # type: ignore[attr-defined]
        if not search.text:
            return queryset, False
        request.unsearched = queryset  # type: ignore[attr-defined]
        # Of the list's pages: which way to their rows is the shortest, only they know (KeysetChangeList).
        return self.matching(queryset, search), False

    def matching(self, rows: Any, search: Search) -> QuerySet:
        """Those of ``rows`` that a search finds, as a condition like others."""
        raise NotImplementedError

    def asked(self, request: HttpRequest, text: str) -> Search:
        """What somebody typed, in which they name those whom they find in this list."""
        return asked(request, clean_search_term(text), lambda name: self.person_named(request, name))

    def findable(self, request: HttpRequest) -> Any:
        """Whoever may not see users finds people who wrote or received something: the lists show those."""
        return User.objects.all() if request.user.has_perm("accounts.view_user") else User.objects.with_messages()
