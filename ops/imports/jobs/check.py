"""The job that checks the file of an import and writes its preview."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext_lazy

from ops.files.problems import Problem
from ops.imports import recording
from ops.imports.jobs.files import check_with_preview, nothing_read
from ops.imports.jobs.kind import ImportKind
from ops.imports.models import Import
from ops.imports.notices import notices
from ops.imports.pages import previews
from ops.imports.staging.databases import staging_on
from ops.jobs.models import Job
from ops.jobs.run import Run

STOPPED = gettext_lazy("The check was stopped before its end: check the file again.")


class CheckImport(ImportKind):
    """Checks the file. Afterwards the import is CHECKED, whatever was found."""

    name = "import.check"
    cancel_note = gettext_lazy("Nothing is stored, and the file can be checked again.")
    state = Import.State.CHECKING
    notifies = {Job.State.FINISHED: notices.CHECKED, Job.State.FAILED: notices.CHECK_FAILED}

    def work(self, run: Run) -> dict[str, Any]:
        import_ = self.import_for(run)
        if import_ is None:
            return {}
        with staging_on(DEFAULT_DB_ALIAS) as staging:
            checked = check_with_preview(import_, staging, lambda rows: run.beat(done=rows))
        with run.batch():
            recording.record_erased_names(import_, checked, by=run.requester)
            run.advance(done=import_.counts["rows"], total=import_.counts["rows"])
            import_.save_as_checked()
        return import_.summary

    def roll_back(self, run: Run) -> None:
        """Leave the import in a state in which the file can be checked again."""
        import_ = self.import_for(run)
        if import_ is None:
            return
        problem = Problem(None, "", "error", run.job.error or str(STOPPED))
        if import_.upload:
            # If the disk is full, the page still shows the job's error.
            with suppress(OSError):
                previews.write_problem(problem, import_.upload)
        import_.understood, import_.counts = {}, nothing_read()
        with run.batch():
            import_.save_as_checked()
