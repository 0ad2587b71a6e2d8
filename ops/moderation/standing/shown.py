"""Reports and cases in the lists of conversations and messages, and in the panel beside a conversation.

Shown only to users who may see cases.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from ops.console.rooms import Mark
from ops.console.thread.page import ConversationPage
from ops.console.thread.panel import Section
from ops.console.thread.rows import Row
from ops.moderation.models import Flag
from ops.moderation.standing import filters, standings
from ops.moderation.standing.standings import Standing

MOST_REPORTED = 12  # links to reported messages on a page
TEMPLATE = "moderation/standing/mark.html"


def list_filters(request: HttpRequest, model: str) -> Iterable[type]:
    """Return the filters for a list of conversations or messages."""
    return (filters.ByCase, filters.ByLabel) if model in standings.PATHS and _sees(request) else ()


def marks(request: HttpRequest, model: str, keys: Collection[Any]) -> Mapping[Any, Mark]:
    """Return, by primary key, the marks that show the reports of conversations or messages."""
    if model not in standings.PATHS or not _sees(request):
        return {}
    return {key: Mark(TEMPLATE, standing) for key, standing in standings.of_rows(model, keys).items()}


@dataclass(frozen=True)
class Reports:
    """The standing of a conversation, the first reported messages on the page, and the number of ``more``."""

    standing: Standing
    rows: list[Row]
    more: int


def reports(request: HttpRequest, page: ConversationPage) -> Reports | None:
    """Return the panel's section on the reports in a conversation; None if there are none."""
    if not _sees(request):
        return None
    standing = standings.of_conversation(page.conversation.pk)
    if standing is None:
        return None
    shown = [row.message.pk for row in page.thread.rows]
    flags = Flag.objects.not_withdrawn().filter(message__in=shown)
    reported = set(flags.order_by().values_list("message", flat=True))
    rows = [row for row in page.thread.rows if row.message.pk in reported]
    return Reports(standing, rows[:MOST_REPORTED], max(0, len(rows) - MOST_REPORTED))


def _sees(request: HttpRequest) -> bool:
    return request.user.has_perm("moderation.view_case")


SECTIONS = (Section("reports", gettext_lazy("Reports"), 10, "moderation/standing/panel.html", reports),)
