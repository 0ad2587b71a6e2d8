"""The jobs of an import of reports: checking its file, storing the reports, undoing the import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from ops.files import private_files
from ops.jobs.kinds import EndNotice, KindWithRollback
from ops.jobs.models import Job
from ops.jobs.run import JobFailed, Run
from ops.moderation.models import FlagImport, ImportState
from ops.moderation.notices import notices
from ops.moderation.refusals import FlagRefused
from ops.moderation.report_imports import storing, uploading

TAKEN_OVER = gettext_lazy("Something else was done with this import meanwhile: look at its page.")
NO_LONGER_SOUND = gettext_lazy(
    "What is stored changed since the file was checked, so nothing was imported. See the problems."
)


class ImportsFlags(KindWithRollback):
    """Base of the jobs of an import of reports. The import has the state ``uploading.WHILE[name]`` during the job, and
    returns to ``before`` if the job is rolled back."""

    unit = pgettext_lazy("moderation", "reports")
    permission = uploading.PERMISSION
    before: ImportState = ImportState.CHECKED

    def page(self, job: Job) -> str:
        return uploading.address_of(job.params["import"])

    def subject(self, job: Job) -> tuple[str, Any]:
        return notices.IMPORT, job.params["import"]

    def why_no_retry(self, job: Job) -> str:
        return _("Start it again from the page of the import.")

    def work(self, run: Run) -> dict[str, Any]:
        import_ = self._import_of(run)
        if import_ is None:
            return {}
        try:
            return self.do(import_, run)
        except FlagRefused as refusal:
            raise JobFailed(str(refusal)) from refusal

    def do(self, import_: FlagImport, run: Run) -> dict[str, Any]:
        """Do the work, in one batch. Raises FlagRefused."""
        raise NotImplementedError

    def roll_back(self, run: Run) -> None:
        with run.batch():
            self._at_work(run).update(state=self.before)

    def _at_work(self, run: Run) -> Any:
        return FlagImport.objects.filter(
            pk=run.params["import"], job=run.job.pk, state=uploading.STATE_DURING[self.name]
        )

    def _import_of(self, run: Run) -> FlagImport | None:
        """Return the import, or None if this job has finished with it. Raises JobFailed if another job has it."""
        import_ = FlagImport.objects.filter(pk=run.params["import"]).first()
        if import_ is None or import_.job_id != run.job.pk:
            raise JobFailed(str(TAKEN_OVER))
        return import_ if import_.state == uploading.STATE_DURING[self.name] else None


class CheckFlags(ImportsFlags):
    """Checks the file. The import is "checked" afterwards, whatever problems were found."""

    name = uploading.CHECK
    cancel_note = gettext_lazy("Nothing is stored, and the file can be checked again.")
    notifies = {Job.State.FINISHED: notices.CHECKED, Job.State.FAILED: notices.CHECK_FAILED}

    def do(self, import_: FlagImport, run: Run) -> dict[str, Any]:
        uploading.check(import_, run.beat)
        with run.batch():
            self._at_work(run).update(state=ImportState.CHECKED, counts=import_.counts)
            run.advance(done=import_.counts["rows"], total=import_.counts["rows"])
        return {name: import_.counts[name] for name in ("new", "known", "errors")}


class StoreFlags(ImportsFlags):
    """Checks the file again and stores all of its reports or none."""

    name = uploading.STORE
    cancel_note = gettext_lazy("Nothing of the file is imported.")
    notifies = {Job.State.FINISHED: notices.STORED, Job.State.FAILED: notices.STORE_FAILED}

    def news(self, job: Job, state: str, result: Mapping[str, Any]) -> EndNotice | None:
        news = super().news(job, state, result)
        return news._replace(notice=notices.REFUSED) if news and "refused" in result else news

    def do(self, import_: FlagImport, run: Run) -> dict[str, Any]:
        found = uploading.check(import_, run.beat)
        if found.errors:
            with run.batch():
                self._at_work(run).update(state=ImportState.CHECKED, counts=import_.counts)
            return {"refused": str(NO_LONGER_SOUND)}
        with run.batch():
            stored = storing.store(found.ready, by=run.requester, known=found.known, import_=import_)
            FlagImport.objects.filter(pk=import_.pk).update(upload="")
            run.advance(done=len(found.ready), total=len(found.ready))
        private_files.delete_all(import_.upload)  # if this process dies before, the sweep deletes them
        return {name: stored.counts[name] for name in ("flags", "known", "cases")}


class UndoFlags(ImportsFlags):
    """Removes the imported reports that nobody has decided since."""

    name = uploading.UNDO
    cancel_note = gettext_lazy("What was imported stays.")
    notifies = {Job.State.FINISHED: notices.IMPORT_UNDONE, Job.State.FAILED: notices.UNDO_FAILED}
    before = ImportState.STORED

    def do(self, import_: FlagImport, run: Run) -> dict[str, Any]:
        with run.batch():
            removed = storing.undo(import_.pk, by=run.requester, using=DEFAULT_DB_ALIAS)
            run.advance(done=removed["flags"], total=removed["flags"])
        return removed


KINDS = (CheckFlags(), StoreFlags(), UndoFlags())
