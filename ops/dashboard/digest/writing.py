"""The text of the weekly digest: the numbers of the review and team dashboards for last week. It names nobody."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from messaging.languages import moments
from ops.dashboard.boards.board import Board, BoardRequest
from ops.dashboard.boards.content import Number
from ops.dashboard.periods import Period
from ops.notices.mailing.writing import ENDING

WEEK = timedelta(days=7)


def week_before(day: date) -> Period:
    """Return the last week, Monday to Sunday, that ended before ``day``."""
    monday = day - timedelta(days=day.weekday())
    return Period(monday - WEEK, monday - timedelta(days=1))


def subject(week: Period) -> str:
    return _("the week of %(day)s") % {"day": moments.day(week.first)}


def body(boards: list[Board], week: Period, now: datetime) -> str:
    """Return the numbers of ``boards``, one line each, with their change from the week before."""
    head = {
        "first": date_format(week.first, "MONTH_DAY_FORMAT"),
        "last": moments.day(week.last),
        "moment": moments.day_and_time(now),
        "zone": settings.TIME_ZONE,
    }
    lines = [_("%(first)s to %(last)s, as of %(moment)s (%(zone)s)") % head]
    for board in boards:
        content = board.compute(BoardRequest(week, True, now))
        lines += ["", str(board.title), *map(_line, content.numbers)]
    lines += ["", str(ENDING)]
    return "\n".join(lines)


def _line(number: Number) -> str:
    change = f" – {number.change}" if number.change else ""
    return f"  {number.shown} {number.words}{change}"
