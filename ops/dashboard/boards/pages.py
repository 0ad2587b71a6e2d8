"""The pages of the dashboards, and their tables as CSV files."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from functools import cache, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import TemplateView
from django.views.generic.base import View

from ops.accounts.actions import ConsolePage
from ops.audit.details import Key
from ops.audit.recording import record
from ops.console.frame.menu import Frame
from ops.console.person import tabs
from ops.console.person.seen import seen_by
from ops.dashboard import board_cache
from ops.dashboard.boards.board import Board
from ops.dashboard.boards.boards import first_of
from ops.dashboard.boards.chooser import Chosen, choose
from ops.dashboard.boards.content import Cell, Content, Number, Table
from ops.dashboard.charts.drawing import Chart
from ops.dashboard.events import DashboardEvent
from ops.dashboard.figures.rows import ListLink
from ops.dashboard.periods import console_zone
from ops.files.csv_writing import Writer

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

COMPUTING = gettext_lazy("The figures are being computed for the first time. Reload this page in a few seconds.")

LATE = timedelta(minutes=3)


class BoardPage(ConsolePage):
    """A page of a dashboard, for users who may open it."""

    http_method_names = ["get", "head", "options"]
    board: Any = None  # a Board

    def read(self) -> tuple[Chosen, board_cache.Cached | None]:
        """Return the period that the query string asks for, and the content of the dashboard for it."""
        chosen = choose(self.request.GET)
        return chosen, self.board.shown(chosen)


class BoardView(BoardPage, TemplateView):
    """A dashboard; its numbers link to the lists that this user may open."""

    template_name = "dashboard/board.html"

    def heading(self) -> StrOrPromise:
        return self.board.title

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        chosen, kept = self.read()
        context = super().get_context_data(board=self.board, chosen=chosen, kept=kept, **kwargs)
        if kept is None:
            return {**context, "computing": COMPUTING}
        content: Content = kept.value
        shown = Links(self.request, context["frame"], self.board, chosen, content)
        told = {
            "numbers": [(number, shown.address(number.rows)) for number in content.numbers],
            # A callable, since a page whose fragment is cached needs none of these numbers.
            "charts": [(chart, partial(shown.places, chart), shown.file(chart.name)) for chart in content.charts],
            "tables": [(table, shown.cells(table), shown.file(table.name)) for table in content.tables],
        }
        return {
            **context,
            **told,
            "body": board_cache.fragment(shown.name, kept, lambda: render_to_string("dashboard/_body.html", told)),
            "at": timezone.localtime(kept.at, console_zone()),
            "counted_at": counted_at(kept),
            "zone": settings.TIME_ZONE,
            "numbers_csv": shown.file("numbers"),
        }


def counted_at(kept: board_cache.Cached) -> datetime | None:
    """Return when the numbers of the period were counted, if they lag behind: no worker runs, or much has changed."""
    as_of = kept.value.as_of
    if as_of is None or (kept.at - as_of.at < LATE and not as_of.waiting):
        return None
    return timezone.localtime(as_of.at, console_zone())


class Links:
    """The links of a dashboard for one user."""

    def __init__(self, request: HttpRequest, frame: Frame, board: Board, chosen: Chosen, content: Content) -> None:
        self.user, self.board, self.chosen = request.user, board, chosen
        self.reachable = {offer.address for offer in frame.reachable}
        cells = [cell for table in content.tables for row in table.rows for cell in row]
        named = {cell.person for cell in cells} - {None}
        lists = [number.rows for number in content.numbers] + [cell.rows for cell in cells]
        lists += [rows for chart in content.charts for one in chart.series for rows in one.rows]
        asked = {rows.permission for rows in lists if rows is not None}
        self.seen_whole = {one for one in asked if not one or self.user.has_perm(one)}
        accounts: Any = get_user_model()._default_manager.filter(pk__in=named)
        self._address_of_list = cache(reverse)  # reversing for each cell would take longer than all the rest
        # The people whose pages this user may open, in one query.
        self.people = set(seen_by(self.user, accounts).values_list("pk", flat=True)) if named else set()

    @property
    def name(self) -> str:
        """The cache name of the page's fragment: pages whose links differ have different names."""
        leads = f"{sorted(self.reachable)}{sorted(self.people)}{sorted(self.seen_whole)}{self.chosen.query}"
        return f"board:{self.board.name}:page:{sha256(leads.encode()).hexdigest()}"

    def address(self, rows: ListLink | None) -> str:
        """Return the address of the list of these rows; "" if this user may not open it or would not see them all."""
        if rows is None or rows.permission not in self.seen_whole:
            return ""
        before = self._address_of_list(rows.address)
        return f"{before}?{rows.query}" if before in self.reachable else ""

    def cells(self, table: Table) -> list[list[tuple[Cell, str]]]:
        """Return the cells of a table, each with its link: to a list, or to the page of a person."""
        return [[(cell, self._of_cell(cell)) for cell in row] for row in table.rows]

    def places(self, chart: Chart) -> list[tuple[str, list[tuple[str, str]]]]:
        """Return the numbers of a chart as a table, each with the address of its list."""
        return [(label, [(value, self.address(rows)) for value, rows in values]) for label, values in chart.rows]

    def file(self, name: str) -> str:
        """Return the address of a table as a file."""
        return f"{reverse(f'admin:{self.board.address}_csv', args=[name])}?{self.chosen.query}"

    def _of_cell(self, cell: Cell) -> str:
        if cell.person is not None:
            return tabs.address_of(cell.person, user=self.user) if cell.person in self.people else ""
        return self.address(cell.rows)


class TableFile(BoardPage):
    """A table of a dashboard, or the numbers of a chart, as a CSV file. The download is recorded before it is sent."""

    def get(self, request: HttpRequest, table: str) -> HttpResponse:
        chosen, kept = self.read()
        if kept is None:
            return HttpResponse(str(COMPUTING), status=503, content_type="text/plain", headers={"Retry-After": "5"})
        content: Content = kept.value
        found = content.table(table) if table != "numbers" else numbers_as_table(content.numbers)
        if found is None:
            raise Http404
        details = {
            "board": Key(self.board.name),
            "table": Key(found.name),
            "rows": len(found.rows),
            "first": chosen.period.first,
            "last": chosen.period.last,
        }
        record(DashboardEvent.TABLE_EXPORTED, actor=request.user, details=details)
        name = f"{self.board.name}-{found.name}-{chosen.period.first}-{chosen.period.last}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
        return HttpResponse(as_csv(found), content_type="text/csv; charset=utf-8", headers=headers)


def numbers_as_table(numbers: tuple[Number, ...]) -> Table:
    """Return the numbers at the top, with those of the period before, as a table."""
    rows = tuple(
        (Cell(text=number.row), Cell(number.value, number.unit), Cell(number.before, number.unit)) for number in numbers
    )
    return Table("numbers", _("Numbers"), (_("What"), _("Number"), _("Period before")), rows)


def as_csv(table: Table) -> str:
    """Return a table as CSV, with no cell that a spreadsheet would evaluate as a formula."""
    file = io.StringIO()
    writer = Writer(file)
    writer.row(table.columns)
    for row in table.rows:
        writer.row(cell.plain for cell in row)
    return file.getvalue()


class FirstBoard(View):
    """Redirect to the first dashboard that the user may open."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        ours = first_of(request.user)
        if ours is None:
            raise Http404
        return HttpResponseRedirect(reverse(f"admin:{ours.address}"))
