"""Counts of break-glass openings in the menu and on the home page, for users who may see openings without a report."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy, ngettext

from ops.console.filters import days_ago
from ops.console.frame.home import Section
from ops.console.rooms import PendingWork
from ops.moderation.models import Opening

LIST = "moderation.Opening"
COUNTED_FOR = timedelta(hours=24)  # counted in the menu


def waiting(user: Any) -> Iterable[PendingWork]:
    """Count the break-glass openings by others in the past 24 hours, for users who may see the list."""
    if user.has_perm("moderation.view_opening"):
        broken = Opening.objects.with_broken_glass().exclude(reader=user.pk)
        lately = broken.filter(at__gte=timezone.now() - COUNTED_FOR)
        yield PendingWork(
            LIST,
            lately,
            lambda n: ngettext("break-glass opening, past 24 hours", "break-glass openings, past 24 hours", n),
            "glass=yes",
        )


def lines(user: Any) -> Iterable[PendingWork]:
    """Count the break-glass openings of the past 7 days."""
    if user.has_perm("moderation.view_opening"):
        lately = Opening.objects.filter(at__gte=days_ago(7))
        yield PendingWork(
            LIST,
            lately.with_broken_glass(),
            lambda n: ngettext("break-glass opening, past 7 days", "break-glass openings, past 7 days", n),
            "glass=yes&since=7d",
        )


SECTIONS = (Section("openings", gettext_lazy("Break-glass"), 16, lines=lines),)
