"""The job that stores a file: checked once more, then stored in batches, or rolled back as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone
from django.utils.translation import gettext_lazy

from ops.audit.recording import NotRecorded, record
from ops.files import private_files
from ops.imports import recording
from ops.imports.checking.check_file import Checked
from ops.imports.checking.exported import rows_of
from ops.imports.checking.roots import Roots
from ops.imports.events import ImportEvent
from ops.imports.jobs.files import check_with_preview, context_of, open_upload
from ops.imports.jobs.kind import ImportKind
from ops.imports.models import Import
from ops.imports.notices import notices
from ops.imports.pages import previews
from ops.imports.pages.rejected import RejectedRows
from ops.imports.recording import ImportCounts
from ops.imports.staging.base import Staging
from ops.imports.staging.databases import staging_on
from ops.imports.storing.ids import Bases, reserve_ids
from ops.imports.storing.plan import KIND as PLAN
from ops.imports.storing.plan import Plan
from ops.imports.storing.restaging import restage
from ops.imports.storing.sequence import store_all
from ops.imports.undoing import Undoing
from ops.jobs.kinds import EndNotice
from ops.jobs.models import Job
from ops.jobs.run import JobFailed, Run

State = Import.State
REFUSED = gettext_lazy("Nothing was imported: the file has problems. Look at them, and decide again.")
CANCELLED = gettext_lazy("The import was cancelled; what it had stored was taken back.")


class StoreImport(ImportKind):
    """Checks the file once more and stores it. If there are new problems, nothing is stored and the import needs a
    decision again.
    """

    name = "import.store"
    cancel_note = gettext_lazy("Takes back what was stored so far.")
    state = State.STORING
    notifies = {Job.State.FINISHED: notices.STORED, Job.State.FAILED: notices.STORE_FAILED}

    def news(self, job: Job, state: str, result: Mapping[str, Any]) -> EndNotice | None:
        news = super().news(job, state, result)
        return news._replace(notice=notices.REFUSED) if news and "refused" in result else news

    def work(self, run: Run) -> dict[str, Any]:
        import_ = self.import_for(run)
        if import_ is None:
            return _end_again(run)
        with staging_on(DEFAULT_DB_ALIAS) as staging:
            found = _resume(import_, run, staging) if run.cursor.get("planned") else _plan(import_, run, staging)
            if found is None:
                return _refused(import_)
            store_all(
                staging,
                *found,
                run,
                Bases.of(import_),
                import_,
                now=timezone.now(),
                advance=lambda stored: _advance(import_, run, stored),
            )
        _finish(import_, run)
        _tidy_up(import_)
        return _result(import_)

    def roll_back(self, run: Run) -> None:
        """Remove the stored messages and restore replaced texts, as if nothing had been stored."""
        import_ = self.import_for(run)
        if import_ is None:
            return
        kept: tuple[int, list[Any]] = (0, [])
        counts: dict[str, int] = {}
        if run.cursor.get("planned"):
            with staging_on(DEFAULT_DB_ALIAS) as staging:
                Plan.load(_plan_path(import_), staging)
                undoing = Undoing(import_, staging, run, unfinished=True)
                with staging.writing():
                    undoing.restore_texts(as_they_were=True)
                    undoing.remove_messages()
                    undoing.remove_people()
                kept, counts = undoing.kept(), undoing.counts()
        with run.batch():
            import_.state = State.TAKEN_BACK
            import_.outcome = {
                "why": run.job.error or str(CANCELLED),
                "undo": {**counts, "kept": kept[0]},
                "kept": kept[1],
            }
            import_.save(update_fields=["state", "outcome"])
            if any(counts.values()):
                details = {**counts, "kept": kept[0], "batch": import_.pk}
                record(ImportEvent.IMPORT_UNDONE, actor=run.requester, target=import_, details=details)
                recording.announce(DEFAULT_DB_ALIAS)
        for kind in (PLAN, previews.REJECTED):
            with suppress(OSError):
                private_files.delete(private_files.beside(import_.upload, kind))


def _plan(import_: Import, run: Run, staging: Staging) -> tuple[Roots, Plan] | None:
    """Check the file and save the decisions before the first row is stored; return None if the file is refused."""
    total = import_.counts.get("rows") or None
    checked = check_with_preview(import_, staging, lambda rows: run.beat(rows // 2, total))
    if checked is None or import_.why_not_storable:
        with run.batch():
            recording.record_erased_names(import_, checked, by=run.requester)
            import_.save_as_checked()
        return None
    if import_.counts["rejected"]:
        _write_rejected(import_, checked)
    planned = Plan.of(checked)
    planned.save(_plan_path(import_), staging)
    reserve_ids(staging, checked.counts, import_.last_row).set_on(import_)
    with run.batch():
        recording.record_erased_names(import_, checked, by=run.requester)
        import_.save()
        run.cursor["planned"] = True
        run.advance(import_.counts["rows"] // 2, import_.counts["rows"])
    return checked.roots, planned


def _resume(import_: Import, run: Run, staging: Staging) -> tuple[Roots, Plan]:
    """Continue after a worker died: load the plan and stage its rows, without comparing them with stored ones."""
    planned = Plan.load(_plan_path(import_), staging)
    with open_upload(import_) as source:
        context = context_of(source, import_)
        rows, choices = rows_of(source), import_.get_choices()
        roots = restage(staging, rows, planned, choices, context=context, progress=lambda rows: run.beat())
    return roots, planned


def _write_rejected(import_: Import, checked: Checked) -> None:
    """Write the excluded rows as a file that can be corrected and imported."""
    path = previews.path_of(import_, previews.REJECTED)
    with open(path, "wb", opener=private_files.opener):
        pass  # created first, so that only we may ever read it
    above = max((import_.get_reading().header_row or 1) - 1, 0)
    with (
        open_upload(import_) as source,
        RejectedRows(source, path, guarded_already=checked.guarded, rows_above=above) as rejected,
    ):
        for row, why in checked.findings.excluded():
            rejected.write(row, why)


def _advance(import_: Import, run: Run, stored: int) -> None:
    """Report progress in rows: checking is the first half of the job, storing the second."""
    rows, new = import_.counts["rows"], max(import_.counts["new"], 1)
    # The second half is larger by one if the number of rows is odd, so that both add up to all rows.
    run.advance(rows // 2 + (rows - rows // 2) * stored // new)


def _finish(import_: Import, run: Run) -> None:
    stored = ImportCounts.of(run.cursor)
    changed, joined = run.cursor.get("changed", 0), run.cursor.get("joined", 0)
    try:
        with run.batch():
            run.advance(import_.counts["rows"], import_.counts["rows"])
            import_.state, import_.stored_at = State.STORED, timezone.now()
            import_.outcome = {**asdict(stored), "changed": changed, "rejected": import_.counts["rejected"]}
            import_.outcome |= {"joined": joined} if joined else {}
            into = run.cursor.get("joined_conversations")
            import_.outcome |= {"joined_conversations": into} if into else {}
            import_.save(update_fields=["state", "stored_at", "outcome"])
            details = {"batch": import_.pk, **({"joined": joined} if joined else {})}
            recording.record_import(stored, changed, using=DEFAULT_DB_ALIAS, details=details)
    except NotRecorded as error:
        raise JobFailed(str(error)) from error


def _end_again(run: Run) -> dict[str, Any]:
    """Conclude a job whose worker died after the last batch: only tidying up is left."""
    import_ = Import.objects.get(pk=run.params["import"])
    if import_.state == State.CHECKED:
        return _refused(import_)
    if import_.state != State.STORED:
        return {}
    _tidy_up(import_)
    return _result(import_)


def _tidy_up(import_: Import) -> None:
    """Delete the file, and the preview with its texts. Problems and excluded rows are kept for a day."""
    counts = import_.counts
    if import_.choices != import_.choices_without_people:
        Import.objects.filter(pk=import_.pk).update(choices=import_.choices_without_people)
    keep = [previews.REJECTED] if counts["rejected"] else []
    keep += [previews.PROBLEMS] if counts["errors"] or counts["warnings"] or counts["notices"] else []
    with suppress(OSError):
        private_files.delete_all(import_.upload, keep=keep)
        if not keep:
            Import.objects.filter(pk=import_.pk).update(upload="")


def _refused(import_: Import) -> dict[str, Any]:
    return {"refused": str(REFUSED), **import_.summary}


def _result(import_: Import) -> dict[str, Any]:
    return {
        **{name: value for name, value in import_.outcome.items() if name != "joined_conversations"},
        "batch": str(import_.pk),
    }


def _plan_path(import_: Import) -> Path:
    return previews.path_of(import_, PLAN)
