"""All dashboards, in the order in which /dashboard/ and home look for the first one that a user may open."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from ops.console.rooms import Place
from ops.dashboard.boards import accounts, data, oversight, review, team
from ops.dashboard.boards.board import Board
from ops.dashboard.changes import DELETIONS, DESK, JOBS, MESSAGES

TEAM = Board("team", gettext_lazy("Team dashboard"), Place.REVIEW, 51, "dashboard.view_team", (DESK,), team.content)
REVIEW = Board(
    "review", gettext_lazy("Review dashboard"), Place.REVIEW, 50, "dashboard.view_review", (DESK,), review.content
)
ACCOUNTS = Board(
    "accounts",
    gettext_lazy("Accounts dashboard"),
    Place.PEOPLE,
    60,
    "dashboard.view_accounts",
    (DELETIONS,),
    accounts.content,
)
DATA = Board(
    "data",
    gettext_lazy("Data dashboard"),
    Place.DATA,
    60,
    "dashboard.view_data",
    (MESSAGES, JOBS),
    data.content,
    can_exclude_imports=True,
)
OVERSIGHT = Board(
    "oversight",
    gettext_lazy("Oversight dashboard"),
    Place.AUDIT,
    60,
    "dashboard.view_oversight",
    (),
    oversight.content,
)

BOARDS = (TEAM, REVIEW, ACCOUNTS, DATA, OVERSIGHT)


def first_of(user: Any) -> Board | None:
    """Return the first dashboard that this user may open."""
    return next((board for board in BOARDS if user.has_perm(board.permission)), None)
