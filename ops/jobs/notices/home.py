"""Jobs on the home page: those under way, and the user's recent failures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy, ngettext

from ops.console.frame.home import Section
from ops.console.rooms import PendingWork
from ops.jobs import permissions
from ops.jobs.leases import UNDER_WAY
from ops.jobs.models import Job

FAILED_LATELY = "failed-lately"  # a choice of the filter of jobs
LATELY = timedelta(days=7)


def failed_lately(user: Any) -> QuerySet[Job]:
    """Return the jobs of a requester that failed in the last seven days and were not started again."""
    return Job.objects.filter(requester=user, state=Job.State.FAILED, ended_at__gt=timezone.now() - LATELY)


def under_way(user: Any) -> Iterable[PendingWork]:
    """Yield the line that counts the jobs under way in this user's list."""
    rows = Job.objects.filter(state__in=UNDER_WAY)
    rows = rows if permissions.may_see_all(user) else rows.filter(requester=user)
    yield PendingWork("jobs.Job", rows, lambda n: ngettext("job under way", "jobs under way", n), "state=under-way")


SECTION = Section("jobs", gettext_lazy("Jobs"), 60, lines=under_way, empty=gettext_lazy("No job is running."))
