"""Starting the jobs of an import: checking the file, storing it, undoing it.

The state of an import determines which job may start. Changing the state is a conditional UPDATE, so only one caller
starts the job. A job may die at any moment; a worker resumes it.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from ops.imports import uploads
from ops.imports.jobs.check import CheckImport
from ops.imports.jobs.kind import ImportKind
from ops.imports.jobs.store import StoreImport
from ops.imports.jobs.undo import UndoImport
from ops.imports.models import Import
from ops.jobs import starting
from ops.jobs.models import Job

SMALL = 1_000_000  # bytes; a smaller file is usually done within the request
FEW = 2_000  # rows, likewise

State = Import.State
NEW = Q(state=State.CHECKING, job=None)


class NotNow(Exception):
    """The state of the import does not allow this (any more); the text is the sentence to show."""


def kinds() -> list[ImportKind]:
    """Return the kinds of jobs of this app."""
    return [CheckImport(), StoreImport(), UndoImport()]


def check(import_: Import, *, by: Any, kick: bool = True) -> Job:
    """Start a job that checks the file of a new, checked or rolled back import; small files are checked on return.

    Without ``kick`` it waits for ``starting.run_now``. Raises NotNow in another state, or if the file no longer exists.
    """
    _refuse_without_file(import_)
    allowed = NEW | Q(state__in=(State.CHECKED, State.TAKEN_BACK))
    title = _("Check of %(name)s") % {"name": import_.file_name}
    return _start_step(import_, CheckImport, allowed, title, by, kick=kick, small=import_.size < SMALL)


def store(import_: Import, *, by: Any, kick: bool = True) -> Job:
    """Start a job that imports a new or checked file.

    The job checks the file again first: if changes in the database cause new problems, it stores nothing and the import
    is CHECKED again. Raises NotNow if the file cannot be imported, or another job works on it.
    """
    _refuse_without_file(import_)
    if import_.state == State.CHECKED and import_.why_not_storable:
        raise NotNow(import_.why_not_storable)
    allowed = NEW | Q(state=State.CHECKED)
    return _start_step(import_, StoreImport, allowed, str(import_), by, kick=kick, small=import_.size < SMALL)


def undo(import_: Import, *, by: Any, kick: bool = True) -> Job:
    """Start a job that removes what an import added and restores replaced texts; messages touched since are kept.
    Raises NotNow if the import is not stored, or is being undone already."""
    title = _("Undoing the import of %(name)s") % {"name": import_.file_name}
    allowed = Q(state=State.STORED)
    return _start_step(import_, UndoImport, allowed, title, by, kick=kick, small=import_.last_row < FEW)


def release_stuck() -> int:
    """Roll back imports whose job ended before it started and was not rolled back; return how many."""
    waiting = Import.objects.filter(state__in=(State.CHECKING, State.STORING, State.UNDOING), job__cursor={})
    jobs = Job.objects.filter(pk__in=waiting.values("job"))
    return sum(map(starting.roll_back, jobs))


def _refuse_without_file(import_: Import) -> None:
    if not uploads.is_kept(import_):
        raise NotNow(str(uploads.NOT_KEPT))


def _start_step(
    import_: Import, kind: type[ImportKind], allowed: Q, title: str, by: Any, *, kick: bool, small: bool
) -> Job:
    """Change the state and create the job in one transaction; then run a small job here, or wake a worker."""
    with transaction.atomic():
        if not Import.objects.filter(allowed, pk=import_.pk).update(state=kind.state):
            raise NotNow(_("Somebody did something else with this import meanwhile: look at it again."))
        params = {"import": str(import_.pk)}
        job = starting.start(kind.name, requester=by, title=title, params=params, kick=kick and not small)
        Import.objects.filter(pk=import_.pk).update(job=job)
    if kick and small:
        starting.do_here(job)
    import_.refresh_from_db()
    job.refresh_from_db()
    return job
