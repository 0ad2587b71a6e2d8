"""The job that stores what a file holds: checked once more, then stored in batches, or taken back whole."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.utils import timezone

from ops.audit.recording import NotRecorded, record
from ops.files import private_files
from ops.files.reading import open_source
from ops.imports import recording
from ops.imports.checking.check_file import Checked
from ops.imports.checking.findings import Mark
from ops.imports.checking.roots import Roots
from ops.imports.columns import MESSAGE_COLUMNS
from ops.imports.events import ImportEvent
from ops.imports.jobs import files
from ops.imports.models import Import
from ops.imports.pages import previews
from ops.imports.pages.rejected import RejectedRows
from ops.imports.staging.base import Staging
from ops.imports.staging.databases import staging_on
from ops.imports.storing import batches, sequence
from ops.imports.storing.batches import Bases, ImportStopped
from ops.imports.storing.plans import KIND as PLAN
from ops.imports.storing.plans import Plan
from ops.imports.storing.restaging import restage
from ops.imports.undoing import Undoing
from ops.jobs.run import JobFailed, Run

State = Import.State
REFUSED = "Nothing was imported: the file has problems. Look at them, and decide again."
CANCELLED = "The import was cancelled; what it had stored was taken back."


def work(run: Run) -> dict[str, Any]:
    """Store all that is to be stored. Where a check finds new problems nothing is, and the import is checked again."""
    import_ = files.import_for(run, State.STORING)
    if import_ is None:
        return _already(run)
    try:
        with staging_on(DEFAULT_DB_ALIAS) as staging:
            found = _resumed(import_, run, staging) if run.cursor.get("planned") else _planned(import_, run, staging)
            if found is None:
                return _refused(import_)
            roots, plan = found
            bases = Bases(import_.message_base, import_.conversation_base, import_.user_base, import_.history_base)
            choices = import_.get_choices()
            now, counts = timezone.now(), import_.counts
            sequence.store_all(
                staging, roots, plan, run, bases, choices, now=now, stored=lambda done: _advance(run, counts, done)
            )
        _finish(import_, run)
    except (ImportStopped, NotRecorded) as error:
        raise JobFailed(str(error)) from error
    tidy(import_)
    return _result(import_)


def roll_back(run: Run) -> None:
    """The import failed or was cancelled: remove what it stored, as if nothing had been."""
    import_ = files.import_for(run, State.STORING)
    if import_ is None:
        return
    kept: tuple[int, list[Any]] = (0, [])
    counts: dict[str, int] = {}
    if run.cursor.get("planned"):
        with staging_on(DEFAULT_DB_ALIAS) as staging:
            Plan.load(_plan_path(import_), staging)
            undoing = Undoing(import_, staging, run, unfinished=True)
            undoing.restore_texts(as_they_were=True)
            undoing.remove_messages()
            undoing.remove_people()
            kept, counts = undoing.left(), undoing.counts()
    with run.batch():
        import_.state = State.TAKEN_BACK
        import_.outcome = {"why": run.job.error or CANCELLED, "undo": {**counts, "kept": kept[0]}, "kept": kept[1]}
        import_.save(update_fields=["state", "outcome"])
        if any(counts.values()):
            details = {**counts, "kept": kept[0], "batch": str(import_.pk)}
            record(ImportEvent.IMPORT_UNDONE, actor=run.requester, target=import_, details=details)
            recording.announce(DEFAULT_DB_ALIAS)
    for kind in (PLAN, previews.REJECTED):
        _delete_quietly(private_files.beside(import_.upload, kind))


def tidy(import_: Import) -> None:
    """The file was used: it goes, and its texts with it. What was found stays for a day, and the rows left out."""
    counts = import_.counts
    keep = [previews.REJECTED] if counts["rejected"] else []
    keep += [previews.PROBLEMS] if counts["errors"] or counts["warnings"] or counts["notices"] else []
    with suppress(OSError):
        private_files.delete_all(import_.upload, keep=keep)
        if not keep:
            Import.objects.filter(pk=import_.pk).update(upload="")


def _advance(run: Run, counts: dict[str, Any], stored: int) -> None:
    """Checking brought the job half the way, in rows; storing brings it from there to the end."""
    half = counts["rows"] // 2
    run.advance(half + (counts["rows"] - half) * stored // max(counts["new"], 1))


def _planned(import_: Import, run: Run, staging: Staging) -> tuple[Roots, Plan] | None:
    """Check the file, and keep what was decided before the first row is stored; None where it is refused."""
    total = import_.counts.get("rows") or None
    checked = files.check_again(import_, staging, lambda rows: run.beat(rows // 2, total))
    if checked is None or import_.why_not_storable:
        if checked is not None:
            previews.write(checked, import_.upload, staging)
        with run.batch():
            import_.save_as_checked()
        return None
    # What the command tells of warnings and notices; the screens showed them before.
    previews.write(checked, import_.upload, staging)
    if checked.findings.count(Mark.EXCLUDED):
        _write_rejected(import_, checked)
    plan = Plan(checked.findings.marks, checked.guarded, batches.PIECE)
    plan.save(_plan_path(import_), staging)
    bases = sequence.reserve_ids(staging, checked.counts, import_.last_row)
    import_.message_base, import_.conversation_base = bases.messages, bases.conversations
    import_.user_base, import_.history_base = bases.users, bases.histories
    with run.batch():
        import_.save()
        run.cursor["planned"] = True
        run.advance(import_.counts["rows"] // 2, import_.counts["rows"])
    return checked.roots, plan


def _resumed(import_: Import, run: Run, staging: Staging) -> tuple[Roots, Plan]:
    """Go on after a death: as was decided, without asking again what is stored."""
    plan = Plan.load(_plan_path(import_), staging)
    reading = import_.get_reading()
    with open_source(files.file_of(import_), MESSAGE_COLUMNS, reading) as source:
        context = files.context_of(source, reading)
        roots = restage(staging, source, plan, context=context, progress=lambda rows: run.beat())
    return roots, plan


def _write_rejected(import_: Import, checked: Checked) -> None:
    path = previews.path_of(import_, previews.REJECTED)
    with open(path, "wb", opener=private_files.opener):
        pass  # only we may read it, from its beginning
    with (
        open_source(files.file_of(import_), MESSAGE_COLUMNS, import_.get_reading()) as source,
        RejectedRows(source, path, guarded_already=checked.guarded) as rejected,
    ):
        for row, why in checked.findings.left_out():
            rejected.write(row, why)


def _finish(import_: Import, run: Run) -> None:
    stored = sequence.counts_of(import_.counts)
    changed = run.cursor.get("changed", 0)
    rejected = import_.counts["rejected"]
    with run.batch():
        run.advance(import_.counts["rows"], import_.counts["rows"])
        import_.state, import_.stored_at = State.STORED, timezone.now()
        import_.outcome = {**asdict(stored), "changed": changed, "rejected": rejected}
        import_.save(update_fields=["state", "stored_at", "outcome"])
        recording.finish(stored, changed, using=DEFAULT_DB_ALIAS, details={"batch": str(import_.pk)})


def _already(run: Run) -> dict[str, Any]:
    """The job died after its last batch: what is left is to tidy up."""
    import_ = Import.objects.get(pk=run.params["import"])
    if import_.state == State.CHECKED:
        return _refused(import_)
    if import_.state != State.STORED:
        return {}
    tidy(import_)
    return _result(import_)


def _refused(import_: Import) -> dict[str, Any]:
    return {"refused": REFUSED, **import_.summary}


def _result(import_: Import) -> dict[str, Any]:
    return {**import_.outcome, "batch": str(import_.pk)}


def _plan_path(import_: Import) -> Path:
    return previews.path_of(import_, PLAN)


def _delete_quietly(name: str) -> None:
    with suppress(OSError):
        private_files.delete(name)
