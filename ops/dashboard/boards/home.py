"""The section of the home page with the first numbers of a dashboard, if they are cached. If they are missing or stale,
the page requests them separately.

Home itself computes nothing: it runs the same few queries however much data there is.
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

MOST = 4  # numbers shown


def section(request: HttpRequest) -> dict[str, Any] | None:
    """Return the cached numbers, which the page replaces if they are stale; None for users without a dashboard."""
    board = first_of(request.user)
    if board is None:
        return None
    kept, is_due = board.kept(choose({}))
    return _shown(board, kept.value if kept else None, asks=is_due)


@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """Return the same section, computed if it is due, for the page to put in its place."""
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
