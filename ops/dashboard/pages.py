"""The addresses of the dashboards."""

from __future__ import annotations

from ops.console.rooms import Page
from ops.dashboard.boards import home
from ops.dashboard.boards.boards import BOARDS
from ops.dashboard.boards.pages import BoardView, FirstBoard, TableFile

PAGES = [
    Page("dashboard/", FirstBoard.as_view(), "dashboard"),
    Page("dashboard/home/", home.numbers, "dashboard_home"),
]
for board in BOARDS:
    view, file = (kind.as_view(board=board, permission=board.permission) for kind in (BoardView, TableFile))
    PAGES += [
        Page(f"dashboard/{board.name}/", view, board.address),
        Page(f"dashboard/{board.name}/<slug:table>.csv", file, f"{board.address}_csv"),
    ]
