"""The base class of the jobs of imports."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.imports.models import Import
from ops.imports.notices import notices
from ops.jobs.kinds import KindWithRollback
from ops.jobs.models import Job
from ops.jobs.run import JobFailed, Run

TAKEN_OVER = gettext_lazy("Something else was done with this import meanwhile: look at its page.")


class ImportKind(KindWithRollback):
    """A kind of job that works on an import (``params["import"]``), whose state is ``state`` meanwhile."""

    unit = gettext_lazy("messages")
    permission = "imports.import_messages"
    state: Import.State

    def page(self, job: Job) -> str:
        return reverse("admin:imports_import_change", args=[job.params["import"]])

    def subject(self, job: Job) -> tuple[str, Any]:
        return notices.IMPORT, job.params["import"]

    def why_no_retry(self, job: Job) -> str:
        return _("Start it again from the page of the import.")

    def import_for(self, run: Run) -> Import | None:
        """Return the import of this job; None if its work is done. Raises JobFailed if another job has taken it."""
        import_ = Import.objects.filter(pk=run.params["import"]).first()
        if import_ is None or import_.job_id != run.job.pk:
            if run.job.ending:
                return None
            raise JobFailed(str(TAKEN_OVER))
        return import_ if import_.state == self.state else None
