"""``manage.py dashboard``: print the dashboards, as lines or, with ``--json``, for programs."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from ops.dashboard.boards.board import Board, BoardRequest
from ops.dashboard.boards.boards import BOARDS
from ops.dashboard.boards.content import Content, Table, as_table
from ops.dashboard.periods import NoPeriod, Period


class Command(BaseCommand):
    help = "Print the figures of the dashboards, computed now. Tables name people: do not share the output."

    def add_arguments(self, parser: Any) -> None:
        names = [board.name for board in BOARDS]
        parser.add_argument("boards", nargs="*", metavar="BOARD", help=f"Which: {', '.join(names)}; all by default.")
        parser.add_argument("--json", action="store_true", help="Print JSON, with the tables.")
        parser.add_argument("--days", type=int, default=30, help="The number of days until today (30).")
        parser.add_argument("--from", dest="first", default="", help="The first day, such as 2026-01-31.")
        parser.add_argument("--to", dest="last", default="", help="The last day.")

    def handle(self, **options: Any) -> None:
        # English, whatever LANGUAGE_CODE is: programs and administrators read it.
        with translation.override("en"):
            self.print(**options)

    def print(self, *, boards: list[str], days: int, first: str, last: str, **options: Any) -> None:
        wrong = set(boards) - {board.name for board in BOARDS}
        if wrong:
            raise CommandError(f"There is no dashboard “{min(wrong)}”.")
        try:
            period = Period.written(first, last) if first or last else Period.of_days(days)
        except NoPeriod as error:
            raise CommandError(str(error)) from error
        asked = BoardRequest(period, True, timezone.now())
        shown = {board: board.compute(asked) for board in BOARDS if not boards or board.name in boards}
        self.stdout.write(as_json(asked, shown) if options["json"] else as_lines(shown))


def as_lines(shown: dict[Board, Content]) -> str:
    """Return the numbers, one line each."""
    lines = []
    for board, content in shown.items():
        numbers = (" ".join(filter(None, (one.shown, one.words, one.change))) for one in content.numbers)
        lines += [str(board.title), *(f"  {line}" for line in numbers)]
    return "\n".join(lines)


def as_json(asked: BoardRequest, shown: dict[Board, Content]) -> str:
    """Return the numbers and tables of each dashboard; times in seconds, shares as fractions of 1, sizes in bytes."""
    period = {"from": asked.period.first.isoformat(), "to": asked.period.last.isoformat()}
    head = {"as_of": asked.now.isoformat(), "zone": settings.TIME_ZONE, "period": period}
    boards = {board.name: _content(content) for board, content in shown.items()}
    return json.dumps({**head, "boards": boards}, ensure_ascii=False, indent=2)


def _content(content: Content) -> dict[str, Any]:
    tables = (*map(as_table, content.charts), *content.tables)
    return {
        "numbers": {
            one.name: {"value": one.value, "unit": one.unit.value, "before": one.before} for one in content.numbers
        },
        "tables": {table.name: _table(table) for table in tables},
    }


def _table(table: Table) -> dict[str, Any]:
    rows = [[cell.text or cell.value for cell in row] for row in table.rows]
    return {"title": table.title, "columns": table.columns, "rows": rows}
