"""What the home page shows of a dashboard: its first numbers, as far as they are kept. Where they are not, or are
no longer up to date, the page asks for them.

Home itself computes nothing: however much there is, it takes the same few queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from ops.console.frame.home import Section
from ops.dashboard.boards.board import Board
from ops.dashboard.boards.boards import first_of
from ops.dashboard.boards.chooser import choose
from ops.dashboard.boards.content import Content

MOST = 4  # numbers


def section(request: HttpRequest) -> dict[str, Any] | None:
    """What is kept, to be replaced where it is not up to date; None for people without a dashboard."""
    board = first_of(request.user)
    if board is None:
        return None
    kept, is_due = board.kept(choose({}))
    return _shown(board, kept.value if kept else None, asks=is_due)


@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """The same, computed where it is due: the part of the page that asks for it."""
    board = first_of(request.user)
    if board is None:
        raise Http404
    kept = board.shown(choose({}))
    return render(request, "dashboard/home.html", {"content": _shown(board, kept.value if kept else None, asks=False)})


def _shown(board: Board, content: Content | None, *, asks: bool) -> dict[str, Any]:
    first: Sequence[Any] = content.numbers[:MOST] if content else ()
    return {
        "heading": board.title,
        "address": reverse(f"admin:{board.address}"),
        "numbers": first,
        "asks": asks,
    }


SECTIONS = (
    Section("figures", gettext_lazy("Figures, last 30 days"), 5, template="dashboard/home.html", content=section),
)
