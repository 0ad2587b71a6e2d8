"""Filters by people: users type a name, with suggestions, and the query string gets the person's primary key.

Query strings are stored in exports and audit entries, so they contain the key and never the name. A key finds only
people whom a name finds too (``PeopleAdmin.findable``): otherwise all names could be listed by counting up keys.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from ops.console.addresses import clean_search_term, whole_number
from ops.console.keyset import KeysetAdmin

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LONGEST = 150  # characters of a name
MOST_SUGGESTED = 10


class PersonFilter(admin.SimpleListFilter):
    """A filter whose value is a person's primary key. Its form field, ``typed_name``, takes the name.

    ``typed`` is a name that nobody has, which stays in the field; the list is then empty, as for a key of nobody.
    """

    input_type = "person"
    typed_name = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        self.typed = getattr(request, "unknown_people", {}).get(self.typed_name, "")
        self.username = self.name_of(self.value(), model_admin.findable(request))
        return [] if self.username is None else [(self.value() or "", self.username or _("unknown user"))]

    @classmethod
    def name_of(cls, user_id: str | None, findable: QuerySet) -> str | None:
        """Return the name for this key, "" for an account that is not ``findable``, None if it is not a number."""
        number = whole_number(user_id)
        if number is None:
            return None
        person = findable.filter(pk=number).first()
        return person.get_username() if person is not None else ""

    def has_output(self) -> bool:
        return True  # its field is shown before anybody is named

    @property
    def field_value(self) -> str:
        """The value of the form field."""
        return self.typed or self.username or ""

    def queryset(self, request: HttpRequest, queryset: Any) -> QuerySet:
        if self.typed or self.username == "":
            return queryset.none()
        return self.narrow(request, queryset) if self.lookup_choices else queryset

    def narrow(self, request: HttpRequest, queryset: Any) -> QuerySet:
        """Return ``queryset`` narrowed to the person; called only if one is named."""
        raise NotImplementedError


class Participant(PersonFilter):
    """The conversations or messages of one person, or, with ``OtherParticipant``, those between two people."""

    title = gettext_lazy("participant")
    parameter_name = "participant"
    typed_name = "person"

    def narrow(self, request: HttpRequest, queryset: Any) -> QuerySet:
        other = request.GET.get(OtherParticipant.parameter_name)
        return queryset.between(self.value(), other) if other else queryset.listed_of(self.value())


class OtherParticipant(PersonFilter):
    """The second of two people; alone, it filters like the first."""

    title = gettext_lazy("and participant")
    parameter_name = "with"
    typed_name = "other"

    def narrow(self, request: HttpRequest, queryset: Any) -> QuerySet:
        # If both are given, the first filter narrows to both.
        return queryset if request.GET.get(Participant.parameter_name) else queryset.listed_of(self.value())


class PeopleAdmin(KeysetAdmin):
    """A list with filters by people: it suggests names, and redirects from typed names to primary keys."""

    unknown_person: StrOrPromise = gettext_lazy("No participant is called “%(name)s”.")
    unknown_help: StrOrPromise = gettext_lazy("Check the spelling.")

    def findable(self, request: HttpRequest) -> Any:
        """Return the people whom this user may find here, by name or primary key."""
        raise NotImplementedError

    def people_named(self, request: HttpRequest, text: str) -> QuerySet:
        """Return those of them whose names begin with ``text``, in the order of their names."""
        return self.findable(request).beginning_with(text)

    def person_named(self, request: HttpRequest, text: str) -> Any:
        """Return the one of them with this name, or None."""
        return self.findable(request).named(text)

    def record_lookup(self, request: HttpRequest, *, terms: str, results: int) -> None:
        """Record the typed text."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_people"
        return [path("people/", self.admin_site.admin_view(self.people_view), name=name), *super().get_urls()]

    @method_decorator(require_safe)
    def people_view(self, request: HttpRequest) -> HttpResponse:
        """Return the names that begin with ``q``, for the field of a filter. Recorded first, like the jump box."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        text = clean_search_term(request.GET.get("q", ""))[:LONGEST]
        people = self.people_named(request, text)[: MOST_SUGGESTED + 1] if text else ()
        found = [person.get_username() for person in people]
        if text:
            self.record_lookup(request, terms=text, results=len(found))
        return JsonResponse({"names": found[:MOST_SUGGESTED], "has_more": len(found) > MOST_SUGGESTED})

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Redirect typed names to primary keys, or show the list. A name that nobody has stays in its field."""
        if request.method == "GET" and self.has_view_or_change_permission(request):
            address = self._with_numbers(request)
            if address is not None:
                return HttpResponseRedirect(address)
        return super().changelist_view(request, extra_context)

    def _with_numbers(self, request: HttpRequest) -> str | None:
        """Return the address with keys instead of typed names; None without any, or if nobody has one of the names."""
        asked: list[Any] = [spec for spec in self.get_list_filter(request) if getattr(spec, "typed_name", "")]
        if not request.GET.keys() & {spec.typed_name for spec in asked}:
            return None
        params, unknown = request.GET.copy(), {}
        for spec in asked:
            name = clean_search_term(params.pop(spec.typed_name, [""])[-1])
            if name and name == spec.name_of(params.get(spec.parameter_name), self.findable(request)):
                continue  # keep the key: a deleted account could not be found by its name
            params.pop(spec.parameter_name, None)
            person = self.person_named(request, name) if 0 < len(name) <= LONGEST else None
            if name:
                self.record_lookup(request, terms=name[:LONGEST], results=int(person is not None))
            if person is not None:
                params[spec.parameter_name] = str(person.pk)
            elif name:
                unknown[spec.typed_name] = name[:LONGEST]
        if not unknown:
            return f"{request.path}?{_without_empty(params)}"
        request.GET = params  # type: ignore[assignment]
        request.unknown_people = unknown  # type: ignore[attr-defined]
        return None


def _without_empty(params: QueryDict) -> str:
    """Return a query string without empty form fields."""
    for name in [name for name, value in params.items() if not value]:
        del params[name]
    return params.urlencode()
