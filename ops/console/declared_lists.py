"""Lists that accept only the parameters that their admin declares: its filters, its search, and a place in the list.

Django runs every field lookup in a query string (``?content__regex=…``). Here, an undeclared parameter leads to the
whole list with a warning.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR, TO_FIELD_VAR, IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR, ChangeList
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ValidationError
from django.db.models import IntegerField
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from ops.console.addresses import names_row, whole_number

UNKNOWN_FILTER = gettext_lazy("A filter in that address was not understood. This is the whole list.")


class DeclaredChangeList(ChangeList):
    """A change list that raises IncorrectLookupParameters for every parameter and every value that is not declared."""

    place_params: tuple[str, ...] = (ORDER_VAR, PAGE_VAR, ALL_VAR)
    filter_specs: list[Any]  # subclasses of SimpleListFilter, as DeclaredListAdmin checks

    def __init__(self, request: HttpRequest, model: Any, *args: Any, **kwargs: Any) -> None:
        model_admin = kwargs.get("model_admin") or next(one for one in args if isinstance(one, admin.ModelAdmin))
        self._refuse_undeclared(request, model_admin)
        super().__init__(request, model, *args, **kwargs)

    def _refuse_undeclared(self, request: HttpRequest, model_admin: Any) -> None:
        filters = model_admin.filter_names(request)
        search = {SEARCH_VAR} if model_admin.get_search_fields(request) else set()
        declared = {*filters, *search, *self.place_params, IS_POPUP_VAR, TO_FIELD_VAR, ERROR_FLAG}
        to_field = request.GET.get(TO_FIELD_VAR)
        if request.GET.keys() - declared or (to_field and not model_admin.to_field_allowed(request, to_field)):
            raise IncorrectLookupParameters

    def get_filters(self, request: HttpRequest) -> Any:
        found = super().get_filters(request)
        specs: Any = found[0]
        offered = {spec.parameter_name: dict(spec.lookup_choices) for spec in specs}
        declaring: Any = self.model_admin
        for name in declaring.filter_names(request):
            value = request.GET.get(name)
            if value and value not in offered.get(name, {}):
                raise IncorrectLookupParameters
        return found

    @property
    def understood_filters(self) -> dict[str, str]:
        """The filters that narrow this list: names and chosen values, which an audit entry may record."""
        return {spec.parameter_name: spec.value() for spec in self.filter_specs if spec.value()}

    @property
    def active_filters(self) -> list[dict[str, str]]:
        """The filters that narrow this list: ``title`` and ``value`` in words; ``remove`` is the address without it."""
        active = []
        for spec in self.filter_specs:
            # Choices only of active filters: building the address of each choice takes time.
            chosen = [choice for choice in spec.choices(self) if choice.get("selected")] if spec.value() else []
            if chosen:
                remove = self.get_query_string(remove=[spec.parameter_name])
                active.append({"title": str(spec.title), "value": str(chosen[0]["display"]), "remove": remove})
        return active


class DeclaredListAdmin(admin.ModelAdmin):
    """An admin whose list accepts only declared parameters, and whose pages find a row by one spelling of its key only.

    Filters are subclasses of SimpleListFilter.
    """

    def __init__(self, model: Any, admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        # Set here, because subclasses override the method.
        find = self.get_object

        def get_object(request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
            row = find(request, object_id, from_field)
            return row if row is not None and names_row(request, row, object_id) else None

        self.get_object = get_object  # type: ignore[method-assign]

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        return [*super().check(**kwargs), *self._filter_faults()]

    def _filter_faults(self) -> list[CheckMessage]:
        return [
            Error(
                f"{type(self).__name__} filters by {one!r}, whose values are not declared.",
                hint="Write a subclass of SimpleListFilter with its choices.",
                obj=type(self),
                id="console.E001",
            )
            for one in self.list_filter
            if not (isinstance(one, type) and issubclass(one, admin.SimpleListFilter))
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DeclaredChangeList]:
        return DeclaredChangeList

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Allow only the names of declared filters: no lookup from a query string is run."""
        return request is not None and lookup in self.filter_names(request)

    def filter_names(self, request: HttpRequest) -> set[str]:
        """Return the parameter names of the declared filters."""
        return {one.parameter_name for one in self.get_list_filter(request)}  # type: ignore[union-attr]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if ERROR_FLAG in request.GET:
            messages.warning(request, UNKNOWN_FILTER)
            # With this flag, Django would show an error page if the other parameters are not understood either.
            rest = request.GET.copy()
            del rest[ERROR_FLAG]
            request.GET = rest  # type: ignore[assignment]
        if ACTION_CHECKBOX_NAME in request.POST:
            self._drop_invalid_keys(request)
        return super().changelist_view(request, extra_context)

    def _drop_invalid_keys(self, request: HttpRequest) -> None:
        """Remove selected keys that no row can have, for which Django would raise an error."""
        sent = request.POST.copy()
        sent.setlist(ACTION_CHECKBOX_NAME, [key for key in sent.getlist(ACTION_CHECKBOX_NAME) if self._is_key(key)])
        request.POST = sent  # type: ignore[assignment]

    def _is_key(self, text: str) -> bool:
        key = self.opts.pk
        if isinstance(key, IntegerField):
            return whole_number(text) is not None
        try:
            return str(key.to_python(text)) == text and "\x00" not in text
        except ValidationError:
            return False
