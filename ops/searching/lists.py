"""The lists of conversations and of messages, which are searched in the language of messaging/search."""

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
        css = {"all": ("moderation/labels.css",)}  # for the labels of reports

    def get_queryset(self, request: HttpRequest) -> Any:
        return self.list_rows.all()

    @cached_property
    def list_rows(self) -> Any:
        """The queryset, built once, since that takes longer than fetching a page of it. Each request gets a copy."""
        return self.model.objects.for_list()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list, with saved searches above it. Showing the first page of one marks its new messages as seen."""
        if not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        offered = Offered(request, self.model, clean_search_term(request.GET.get(SEARCH_VAR, "")))
        is_first = not any(name in request.GET for name in CURSOR_PARAMS)
        response = super().changelist_view(request, {"offered": offered, **(extra_context or {})})
        if is_first and getattr(response, "context_data", {}).get("cl") is not None:
            offered.look()
        return response

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet, bool]:
        """Narrow the rows by the search, and keep the search on the request."""
        search = self.asked(request, search_term)
        request.search = search  # type: ignore[attr-defined]
        if not search.text:
            return queryset, False
        request.unsearched = queryset  # type: ignore[attr-defined]
        # For the list's pages: only KeysetChangeList can choose the fastest query for their rows.
        return self.matching(queryset, search), False

    def matching(self, rows: Any, search: Search) -> QuerySet:
        """Return the ``rows`` that a search finds, filtered by an ordinary condition."""
        raise NotImplementedError

    def asked(self, request: HttpRequest, text: str) -> Search:
        """Parse what the user typed, which may name the people that they find in this list."""
        return asked(request, clean_search_term(text), lambda name: self.person_named(request, name))

    def findable(self, request: HttpRequest) -> Any:
        """Return all users; for users who may not see accounts, only those with messages, whom the lists show."""
        return User.objects.all() if request.user.has_perm("accounts.view_user") else User.objects.with_messages()
