"""Keyset pagination: a page starts after the key values of a row, so that every page of a list costs the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, SEARCH_VAR
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.languages.wording import grouped
from messaging.search.engine import FirstPage
from ops.console.declared_lists import DeclaredListAdmin
from ops.console.lists import declared
from ops.console.lists.shown_filters import ShownFilters
from ops.console.searching.asked import Search
from ops.console.searching.when import When, over_time

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

CURSOR_PARAMS = ("after", "before", "page")
# The most rows that are counted; beyond, the page shows "More than 1,000". Without a search or filter it costs less.
MAX_COUNTED, MAX_COUNTED_WHOLE = 1_000, 10_000
UNKNOWN_CURSOR = gettext_lazy("That place in the list is no longer known. This is its first page.")


@dataclass(frozen=True)
class Order:
    """An order of a list: its ``name`` in query strings, its title, and the fields to order by.

    The last field is unique; "-" before the first one means that all are descending. There is an index of these fields.
    """

    name: str
    title: StrOrPromise
    keyset: tuple[str, ...]


@dataclass(frozen=True)
class OfferedOrder:
    """An order as a choice on the page of a list."""

    title: StrOrPromise
    address: str
    is_chosen: bool


def rows_after(fields: Sequence[str], values: Sequence[Any], *, descending: bool) -> Q:
    """Return the condition for rows after these ``values`` of one or two ``fields``, in a form for which both databases
    use the index."""
    sign = "lt" if descending else "gt"
    first, *rest = fields
    if not rest:
        return Q(**{f"{first}__{sign}": values[0]})
    return Q(**{f"{first}__{sign}e": values[0]}) & (
        Q(**{f"{first}__{sign}": values[0]}) | Q(**{f"{rest[0]}__{sign}": values[1]})
    )


class KeysetChangeList(ShownFilters):
    """A change list with keyset pages, in one of the orders of its ``KeysetAdmin``.

    ``?o=`` names the order. ``?after=`` and ``?before=`` hold the key values of a row, prefixed with the name of the
    order unless it is the first one: a cursor is valid in one order only. ``?page=last`` shows the last page.
    """

    model_admin: KeysetAdmin
    place_params = (ORDER_VAR,)
    order: Order
    search: Search | None  # only in lists that are searched by texts

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.position = {name: request.GET[name] for name in CURSOR_PARAMS if name in request.GET}
        # Django would treat these as filters. Without them, links to filters and searches lead to the first page.
        filters = request.GET.copy()
        for name in CURSOR_PARAMS:
            filters.pop(name, None)
        request.GET = filters  # type: ignore[assignment]
        super().__init__(request, *args, **kwargs)
        self.specs_under_more = self.model_admin.get_more_filters(request)
        self.opts = self.model_admin.opts  # an admin may name its rows differently from their model
        self.title = str(self.model_admin.section) or capfirst(str(self.opts.verbose_name_plural))

    def _refuse_undeclared(self, request: HttpRequest, model_admin: Any) -> None:
        super()._refuse_undeclared(request, model_admin)
        orders = {order.name: order for order in model_admin.get_orders()}
        name = request.GET.get(ORDER_VAR)
        if name and name not in orders:
            raise IncorrectLookupParameters
        self.order = orders[name] if name else next(iter(orders.values()))
        self.cursor_prefix = "" if self.order.name == next(iter(orders)) else f"{self.order.name}~"

    @property
    def descending(self) -> bool:
        return self.order.keyset[0].startswith("-")

    @property
    def fields(self) -> tuple[str, ...]:
        return tuple(name.lstrip("-") for name in self.order.keyset)

    @property
    def orders(self) -> list[OfferedOrder]:
        """The orders that the page offers, with the search and filters of this list; empty if there is only one."""
        first, *others = self.model_admin.get_orders()
        return [
            OfferedOrder(
                order.title,
                self.get_query_string({ORDER_VAR: None if order == first else order.name}),
                is_chosen=order == self.order,
            )
            for order in (first, *others)
            if others
        ]

    def get_ordering(self, request: HttpRequest, queryset: QuerySet) -> list[Any]:
        return self._ordering(descending=self.descending)

    def _ordering(self, *, descending: bool) -> list[str]:
        return [f"-{name}" if descending else name for name in self.fields]

    def get_results(self, request: HttpRequest) -> None:
        """Load one page, and set whether there are rows before and after it."""
        size = self.list_per_page
        cursor = self._cursor(request)
        backwards = "before" in self.position or self.position.get("page") == "last"
        self.search = getattr(request, "search", None)
        self.unsearched: QuerySet | None = getattr(request, "unsearched", None)
        self.first_page: FirstPage | None = None  # of a search, from either end, if this is that page
        is_whole = not (self.query or self.has_active_filters) and self.model_admin.counts_whole
        self.most_counted = MAX_COUNTED_WHOLE if is_whole else MAX_COUNTED
        found, more = self._page(cursor, size, backwards=backwards)
        self.has_previous, self.has_next = (more, cursor is not None) if backwards else (cursor is not None, more)
        self.model_admin.prepare_rows(found)
        if found and self.search is not None and self.search.text:
            self.model_admin.prepare_found(found, self.search)
        declared.mark(request, self.opts.label_lower, found)
        self.result_list = found
        self._count(found if not self.has_previous and not self.has_next else None)
        self.show_full_result_count = False
        self.show_admin_actions = bool(found)
        self.full_result_count = None
        self.can_show_all = False
        self.multi_page = self.has_previous or self.has_next
        self.paginator = None

    def _page(self, cursor: tuple[Any, ...] | None, size: int, *, backwards: bool) -> tuple[list[Any], bool]:
        """Return the rows of one page in order, and whether there are more: after it, or before it if ``backwards``."""
        order = self._ordering(descending=self.descending != backwards)
        # Annotations of root_queryset are computed only for the rows of this page, not for all rows that are sorted.
        keys: Any
        if self.unsearched is not None and cursor is None:
            rows = self.unsearched.order_by(*order)
            self.first_page = self.model_admin.first_page(rows, self.search, size=size + 1, most=self.most_counted)
            keys = self.first_page.keys
        else:
            keys = self._placed(order, cursor, descending=self.descending != backwards).values("pk")[: size + 1]
            keys = keys if self.unsearched is None else [one["pk"] for one in keys]
        if self.unsearched is not None and not keys:
            return [], False  # a search often finds nothing
        shown = self.model_admin.with_found(self.root_queryset, self.search).filter(pk__in=keys).order_by(*order)
        # Django joins before it sorts all rows; list_select_related is needed for the rows of this page only.
        found = list(shown if shown.query.select_related else self.apply_select_related(shown))
        more = len(found) > size
        found = found[:size]
        return (found[::-1] if backwards else found), more

    def _placed(self, order: Sequence[str], cursor: tuple[Any, ...] | None, *, descending: bool) -> QuerySet:
        """Return the rows after a cursor. The search comes last, because its fastest plan depends on the cursor."""
        rows = self.queryset if self.unsearched is None else self.unsearched
        rows = rows.order_by(*order)
        if cursor is not None:
            rows = rows.filter(self._rows_after(cursor, descending=descending))
        return rows if self.unsearched is None else self.model_admin.narrowed(rows, self.search)

    @property
    def all_rows(self) -> QuerySet:
        """The rows of all pages, in the form that is fastest to iterate over."""
        descending = self.descending
        return self._placed(self._ordering(descending=descending), None, descending=descending)

    def _count(self, all_found: list[Any] | None) -> None:
        """Count the rows, and set when the messages that a search found were sent, unless there are very many.

        ``all_found`` are the rows of this page if there are no others, else None.
        """
        most, moment, query = self.most_counted, self.model_admin.moment, self.search.query if self.search else None
        self.moments: list[datetime] = []
        if query is not None and all_found is not None:
            self.result_count = len(all_found)
            self.moments = [getattr(row, moment) for row in all_found] if moment else []
        elif query is not None and moment and self.unsearched is not None:
            moments = query.moments(self.unsearched, most=most, first_page=self.first_page)
            self.moments, self.result_count = moments or [], most + 1 if moments is None else len(moments)
        else:
            rows = self.all_rows if self.first_page is None else self.first_page.rows
            # order_by() lets the database stop at this number of rows without sorting them first.
            self.result_count = rows.order_by().values("pk")[: most + 1].count()
        if query is not None and not moment and 0 < self.result_count <= most:
            self.moments = list(self.model_admin.moments_found(self)[: most + 1])

    @property
    def over_time(self) -> When | None:
        """The messages that a search found, by day, month or year; None if there are very many."""
        return over_time(self.moments, self._within) if len(self.moments) <= self.most_counted else None

    def _within(self, period: str) -> str:
        query = self.search.query if self.search is not None else None
        typed = query.within(period) if query is not None else ""
        return self.get_query_string({SEARCH_VAR: typed}) if typed else ""

    def _cursor(self, request: HttpRequest) -> tuple[Any, ...] | None:
        text = self.position.get("after") or self.position.get("before")
        if text is None:
            return None
        try:
            if not text.startswith(self.cursor_prefix):
                raise ValueError("This is a place in another order.")
            # From the right, because a name may contain the separator.
            parts = text.removeprefix(self.cursor_prefix).rsplit("~", len(self.fields) - 1)
            return tuple(self._cursor_value(name, part) for name, part in zip(self.fields, parts, strict=True))
        except (ValueError, OverflowError, ValidationError):
            messages.warning(request, UNKNOWN_CURSOR)
            self.position = {}
            return None

    def _cursor_value(self, name: str, text: str) -> Any:
        """Parse a field's value in a cursor. Raise ValueError, OverflowError or ValidationError if no row can have
        it."""
        field = self._field(name)
        value = field.to_python(text)
        field.run_validators(value)
        if value is None or (isinstance(value, str) and "\x00" in value):
            raise ValueError("There is no such value.")
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise ValueError("A moment without its time zone could be several.")
            return value.astimezone(UTC)
        return value

    def _field(self, name: str) -> Any:
        return self.lookup_opts.get_field(name)

    def _rows_after(self, cursor: tuple[Any, ...], *, descending: bool) -> Q:
        return rows_after(self.fields, cursor, descending=descending)

    def _cursor_at(self, row: Any) -> str:
        return self.cursor_prefix + "~".join(self._field(name).value_to_string(row) for name in self.fields)

    def neighbour(self, row: Any, *, forwards: bool) -> Any:
        """Return the row after ``row`` in this list, or before it; None at the end. ``row`` may be on any page."""
        descending = self.descending == forwards
        values = tuple(getattr(row, name) for name in self.fields)
        return self._placed(self._ordering(descending=descending), values, descending=descending).first()

    def _page_url(self, **position: str) -> str:
        """Return the query string of another page of this list, with its search and filters."""
        params = [
            *((name, value) for name, values in self.filter_params.items() for value in values),
            *position.items(),
        ]
        return f"?{urlencode(params)}"

    @property
    def pages(self) -> dict[str, str | None]:
        """The URLs of the ``first``, ``previous``, ``next`` and ``last`` page; None for a page that does not exist."""
        rows = self.result_list
        return {
            "first": self._page_url() if self.has_previous else None,
            "previous": self._page_url(before=self._cursor_at(rows[0])) if self.has_previous and rows else None,
            "next": self._page_url(after=self._cursor_at(rows[-1])) if self.has_next and rows else None,
            "last": self._page_url(page="last") if self.has_next else None,
        }

    @property
    def count_text(self) -> str:
        """The number of matching rows as text: "1 conversation", "More than 1,000 messages"."""
        rows, n = self.model_admin, self.result_count
        is_more = n > self.most_counted
        filled = {"n": n, "number": grouped(self.most_counted if is_more else n)}
        if rows.how_many is not None:
            return (rows.more_than if is_more else rows.how_many) % filled
        filled["things"] = self.opts.verbose_name if n == 1 else self.opts.verbose_name_plural
        return (_("More than %(number)s %(things)s") if is_more else _("%(number)s %(things)s")) % filled

    @cached_property
    def query_of_list(self) -> str:
        """The query string of this list without its cursor, encoded as part of another address."""
        return urlencode({"of": self.get_query_string()[1:]}).removeprefix("of=")

    @property
    def clear_address(self) -> str:
        """The address of the whole list in the same order."""
        return f"?{urlencode({ORDER_VAR: self.order.name})}" if self.cursor_prefix else "?"


class KeysetAdmin(DeclaredListAdmin):
    """A ModelAdmin with keyset pages, whose rows are rendered by ``rows_template``, or else as in Django's own list."""

    section: StrOrPromise = ""  # the name of the list; the default is the model's plural name
    keyset: tuple[str, ...] = ("-id",)  # the fields of the only order (Order.keyset), unless there are ``orders``
    orders: tuple[Order, ...] = ()  # the default one first
    more_filters: tuple[Any, ...] = ()  # those of list_filter that are shown under “More filters”
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_display_links = None
    sortable_by = ()
    change_list_template = "console/change_list.html"
    rows_template: str | None = None
    moment = ""  # in a list of messages: the field with the time of sending
    counts_whole = True  # whether the list without search and filters is the whole table, so that more rows are counted
    unknown_person: StrOrPromise = ""  # shown for a name in a filter that nobody has, as %(name)s
    empty_text: StrOrPromise = gettext_lazy("Nothing here yet.")
    # The number of rows: ngettext_lazy("%(number)s row", "%(number)s rows", "n"), and the text if there are more than
    # are counted. The default is composed of the model's names, which does not work in every language.
    how_many: Any = None
    more_than: StrOrPromise = ""

    def prepare_rows(self, rows: list[Any]) -> None:
        """Set attributes that the template shows on the rows of one page, without a query per row."""

    def with_found(self, rows: Any, search: Search | None) -> Any:
        """Return the rows of one page with the columns that ``prepare_found`` needs."""
        return rows

    def prepare_found(self, rows: list[Any], search: Search) -> None:
        """Set attributes of rows that a search in texts found; called after ``prepare_rows``."""

    def narrowed(self, rows: Any, search: Search | None) -> QuerySet:
        """Return those of ``rows`` that a search finds, in a list that is searched by texts."""
        raise NotImplementedError

    def first_page(self, rows: Any, search: Search | None, *, size: int, most: int) -> FirstPage:
        """Return the first ``size`` of these, and, if known without a query, when up to ``most`` + 1 were sent."""
        found = self.narrowed(rows, search)
        return FirstPage(list(found.values_list("pk", flat=True)[:size]), None, found)

    def moments_found(self, changes: KeysetChangeList) -> Any:
        """Return when the messages that a search of this list found were sent: any number of times, in any order. A
        list of messages names the field instead (``moment``)."""
        return []

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Return the filters of this list, and those of other rooms."""
        return (*super().get_list_filter(request), *declared.filters_of(request, self.opts.label_lower))

    def get_more_filters(self, request: HttpRequest) -> tuple[Any, ...]:
        """Return the filters that are shown under “More filters”."""
        return (*self.more_filters, *declared.filters_of(request, self.opts.label_lower))

    def get_orders(self) -> tuple[Order, ...]:
        """Return the orders that the list offers, the default one first."""
        return self.orders or (Order("", "", self.keyset),)

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """Link the first column of Django's own list; a rows_template has links of its own."""
        if self.rows_template is None and self.list_display_links is None:
            return list(list_display)[:1]
        return super().get_list_display_links(request, list_display)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return KeysetChangeList
