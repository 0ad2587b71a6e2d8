from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy, ngettext

from ops.console.rooms import ON_DELETE, Audit, Item, Page, PendingWork, Place, Room, Table


class JobsConfig(Room):
    name = "ops.jobs"
    label = "jobs"
    verbose_name = gettext_lazy("Jobs")

    menu = {
        "jobs.Job": Item(Place.DATA, 30),
        # Declared here because it is a job: ops.audit comes before ops.jobs, and cannot import it.
        "admin:audit_verification": Item(
            Place.AUDIT, 20, name=gettext_lazy("Verification"), permission="audit.view_entry"
        ),
    }
    finds = {"jobs.Job": gettext_lazy("job")}
    permissions = {"jobs.view_job": ()}  # for everybody's jobs; everybody sees their own
    # Cancelling and retrying are recorded. A room that writes a person's name into a title or an error erases it there.
    tables = {"jobs.job": Table(Audit.FUNCTIONS, ON_DELETE)}
    events = "ops.jobs.events.JobEvent"

    def waiting(self, user: Any) -> Iterable[PendingWork]:
        from ops.jobs.notices import home

        rows = home.failed_lately(user)
        return [
            PendingWork(
                "jobs.Job", rows, lambda n: ngettext("job failed", "jobs failed", n), f"state={home.FAILED_LATELY}"
            )
        ]

    def pages(self) -> Iterable[Page]:
        from ops.jobs.verifying import page

        return [Page("verification/", page.verification, "audit_verification")]

    def job_kinds(self) -> Iterable[Any]:
        from ops.jobs.verifying.kind import VerifyTrail

        return [VerifyTrail()]

    def notice_kinds(self) -> Iterable[Any]:
        from ops.jobs.notices import notices

        return notices.KINDS

    def home_sections(self) -> Iterable[Any]:
        from ops.jobs.notices import home
        from ops.jobs.verifying import home as verification

        return [home.SECTION, verification.SECTION]
