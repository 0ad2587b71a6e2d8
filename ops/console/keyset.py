"""Lists whose every page costs the same: pages are found by the last row's values, not by counting rows (keyset)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import ERROR_FLAG, ChangeList
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse

CURSOR_PARAMS = ("after", "before", "page")
MOST_COUNTED = 1_000  # rows counted to say how many there are; beyond, "1,000+"
UNKNOWN_FILTER = "A filter in that address was not understood. This is the whole list."
UNKNOWN_PLACE = "That place in the list is not known (anymore). This is its first page."


class KeysetChangeList(ChangeList):
    """A change list in the one order of ``ModelAdmin.keyset``, two fields of which the second is unique.

    ``?after=`` and ``?before=`` hold the values of a row; ``?page=last`` asks for the far end.
    """

    model_admin: KeysetAdmin

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.place = {name: request.GET[name] for name in CURSOR_PARAMS if name in request.GET}
        # The place is no filter: links to filters, and the search, begin at the first page.
        filters = request.GET.copy()
        for name in CURSOR_PARAMS:
            filters.pop(name, None)
        request.GET = filters  # type: ignore[assignment]
        super().__init__(request, *args, **kwargs)
        self.title = str(self.opts.verbose_name_plural).capitalize()

    @property
    def keyset(self) -> tuple[str, ...]:
        """The names of the fields that order the list; a leading ``-`` on the first one turns it around."""
        return self.model_admin.keyset

    @property
    def descending(self) -> bool:
        return self.keyset[0].startswith("-")

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(name.lstrip("-") for name in self.keyset)

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        return self._ordering(descending=self.descending)

    def _ordering(self, *, descending: bool) -> list[str]:
        return [f"-{name}" if descending else name for name in self.fields]

    def get_results(self, request: HttpRequest) -> None:
        """Load one page and whether there are rows on either side of it."""
        size = self.list_per_page
        cursor = self._cursor(request)
        backwards = "before" in self.place or self.place.get("page") == "last"
        order = self._ordering(descending=self.descending != backwards)
        rows = self.queryset.order_by(*order)
        if cursor is not None:
            rows = rows.filter(self._beyond(cursor, descending=self.descending != backwards))
        # What a row shows is computed for the rows of this page only, not for all that are sorted to find them.
        page = self.root_queryset.filter(pk__in=rows.values("pk")[: size + 1])
        found = list(page.order_by(*order))
        more = len(found) > size
        found = found[:size]
        if backwards:
            found.reverse()
        self.has_previous, self.has_next = (more, cursor is not None) if backwards else (cursor is not None, more)
        self.model_admin.prepare_rows(found)
        self.result_list = found
        # order_by() lets the database stop at MOST_COUNTED rows without sorting them first.
        self.result_count = self.queryset.order_by()[: MOST_COUNTED + 1].count()
        self.show_full_result_count = False
        self.show_admin_actions = bool(found)
        self.full_result_count = None
        self.can_show_all = False
        self.multi_page = self.has_previous or self.has_next
        self.paginator = None

    def _cursor(self, request: HttpRequest) -> tuple[Any, ...] | None:
        text = self.place.get("after") or self.place.get("before")
        if text is None:
            return None
        try:
            values = [
                self._field(name).to_python(part)
                for name, part in zip(self.fields, text.split("~", len(self.fields) - 1), strict=True)
            ]
        except (ValueError, ValidationError):
            values = [None]
        if None in values or any(isinstance(value, datetime) and value.tzinfo is None for value in values):
            messages.warning(request, UNKNOWN_PLACE)
            self.place = {}
            return None
        return tuple(values)

    def _field(self, name: str) -> Any:
        return self.lookup_opts.get_field(name)

    def _beyond(self, cursor: tuple[Any, ...], *, descending: bool) -> Q:
        """Rows after ``cursor`` in the order of the fields, put so that both databases use the index."""
        sign = "lt" if descending else "gt"
        first, *rest = self.fields
        if not rest:
            return Q(**{f"{first}__{sign}": cursor[0]})
        return Q(**{f"{first}__{sign}e": cursor[0]}) & (
            Q(**{f"{first}__{sign}": cursor[0]}) | Q(**{f"{rest[0]}__{sign}": cursor[1]})
        )

    def _cursor_of(self, row: Any) -> str:
        values = (getattr(row, name) for name in self.fields)
        return "~".join(value.isoformat() if isinstance(value, datetime) else str(value) for value in values)

    def _address(self, **place: str) -> str:
        """The query string of another page of the same list, with its search and filters."""
        params = [*((name, value) for name, values in self.filter_params.items() for value in values), *place.items()]
        return f"?{urlencode(params)}"

    @property
    def pages(self) -> dict[str, str | None]:
        """Addresses of the ``first``, ``previous``, ``next`` and ``last`` page; None where there is nothing."""
        rows = self.result_list
        return {
            "first": self._address() if self.has_previous else None,
            "previous": self._address(before=self._cursor_of(rows[0])) if self.has_previous and rows else None,
            "next": self._address(after=self._cursor_of(rows[-1])) if self.has_next and rows else None,
            "last": self._address(page="last") if self.has_next else None,
        }

    @property
    def counted(self) -> str:
        """How many rows match, in words: "1 conversation", "1,000+ messages"."""
        number = f"{MOST_COUNTED:,}+" if self.result_count > MOST_COUNTED else f"{self.result_count:,}"
        name = self.opts.verbose_name if self.result_count == 1 else self.opts.verbose_name_plural
        return f"{number} {name}"

    @property
    def filter_choices(self) -> list[tuple[str, list[Any]]]:
        """Each filter's title and its choices as Django describes them."""
        return [(str(spec.title), list(spec.choices(self))) for spec in self.filter_specs]

    @property
    def active_filters(self) -> list[dict[str, str]]:
        """What narrows the list: a filter's ``title`` and ``value`` in words; ``remove`` is the address without it."""
        active = []
        for spec in self.filter_specs:
            chosen = [choice for choice in spec.choices(self) if choice.get("selected")]
            if spec.used_parameters and chosen:
                remove = self.get_query_string(remove=[name for name in spec.expected_parameters() if name])
                active.append({"title": str(spec.title), "value": str(chosen[0]["display"]), "remove": remove})
        return active


class KeysetAdmin(admin.ModelAdmin):
    """A ModelAdmin with keyset pages of 50 rows, drawn by ``rows_template``, or else as Django's own list."""

    keyset: tuple[str, ...] = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_display_links = None
    sortable_by = ()
    change_list_template = "console/change_list.html"
    rows_template: str | None = None
    empty_words = "Nothing here yet."

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if ERROR_FLAG in request.GET:
            messages.warning(request, UNKNOWN_FILTER)
        return super().changelist_view(request, extra_context)

    def prepare_rows(self, rows: list[Any]) -> None:
        """Add to the rows of one page what their template shows, with a few queries for all rows together."""

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """In Django's own list the first column leads to the row; a template draws links of its own."""
        if self.rows_template is None and self.list_display_links is None:
            return list(list_display)[:1]
        return super().get_list_display_links(request, list_display)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return KeysetChangeList
