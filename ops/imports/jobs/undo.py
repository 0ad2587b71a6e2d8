"""The job that undoes an import."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone
from django.utils.translation import gettext_lazy

from ops.audit.recording import NotRecorded, record
from ops.files import private_files
from ops.imports import recording
from ops.imports.events import ImportEvent
from ops.imports.jobs.kind import ImportKind
from ops.imports.models import Import
from ops.imports.notices import notices
from ops.imports.staging.databases import staging_on
from ops.imports.undoing import Undoing
from ops.jobs.kinds import EndNotice
from ops.jobs.models import Job
from ops.jobs.run import JobFailed, Run

State = Import.State


class UndoImport(ImportKind):
    """Removes the messages that nobody touched since, restores texts, and lists the messages that are kept.

    What was removed stays removed if the job fails or is cancelled.
    """

    name = "import.undo"
    cancel_note = gettext_lazy("What is removed by then stays removed; undoing can go on later.")
    undoes_work = False
    state = State.UNDOING
    notifies = {Job.State.FINISHED: notices.UNDONE, Job.State.FAILED: notices.UNDO_FAILED}

    def news(self, job: Job, state: str, result: Mapping[str, Any]) -> EndNotice | None:
        """Address the news to the importer as well, if somebody else undoes the import."""
        news = super().news(job, state, result)
        if news is None:
            return None
        importer = Import.objects.filter(pk=job.params["import"]).values_list("by", flat=True)
        return news._replace(to={*news.to, *importer})

    def work(self, run: Run) -> dict[str, Any]:
        import_ = self.import_for(run)
        if import_ is None:
            return {}
        with staging_on(DEFAULT_DB_ALIAS, tables=()) as staging:
            undoing = Undoing(import_, staging, run)
            with staging.writing():
                undoing.restore_texts(as_they_were=False)
                undoing.remove_messages()
                undoing.remove_people()
            try:
                _end(import_, run, undoing, State.UNDONE)
            except NotRecorded as error:
                raise JobFailed(str(error)) from error
        with suppress(OSError):
            private_files.delete_all(import_.upload)
        return {**import_.outcome["undo"], "batch": str(import_.pk)}

    def roll_back(self, run: Run) -> None:
        """Set the import back to STORED, so that the rest can be undone later."""
        import_ = self.import_for(run)
        if import_ is None:
            return
        with staging_on(DEFAULT_DB_ALIAS, tables=()) as staging:
            undoing = Undoing(import_, staging, run)
            if any(undoing.counts().values()):
                _end(import_, run, undoing, State.STORED)
                return
        with run.batch():
            import_.state = State.STORED
            import_.save(update_fields=["state"])


def _end(import_: Import, run: Run, undoing: Undoing, state: str) -> None:
    """Save what this job and earlier ones undid, and record what this one did."""
    kept, named = undoing.kept()
    before = import_.outcome.get("undo", {})
    done = undoing.counts()
    names = [name for name in {**before, **done} if name != "kept"]
    counts = {name: before.get(name, 0) + done.get(name, 0) for name in names}
    with run.batch():
        import_.state, import_.undone_at = state, timezone.now() if state == State.UNDONE else None
        import_.outcome = {**import_.outcome, "undo": {**counts, "kept": kept}, "kept": named}
        import_.save(update_fields=["state", "undone_at", "outcome"])
        run.advance(import_.outcome["messages"], import_.outcome["messages"])
        details = {**undoing.counts(), "kept": kept, "batch": import_.pk}
        record(ImportEvent.IMPORT_UNDONE, actor=run.requester, target=import_, details=details)
        recording.announce(DEFAULT_DB_ALIAS)
