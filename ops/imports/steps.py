"""The jobs of an import: checking the file, storing it, undoing it. Each may die at any moment and is taken up again.

The state of the import says what may be done with it; whoever changes the state starts the job, and nobody else can.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from ops.imports import uploads
from ops.imports.jobs import check as check_job
from ops.imports.jobs import store as store_job
from ops.imports.jobs import undo as undo_job
from ops.imports.models import Import
from ops.jobs import starting
from ops.jobs.kinds import KindWithRollback
from ops.jobs.models import Job
from ops.jobs.run import Run

SMALL = 1_000_000  # bytes of a file that is usually done in the request
FEW = 2_000  # rows, likewise

State = Import.State
NEW = Q(state=State.CHECKING, job=None)


class NotNow(Exception):
    """The import is not in the state for this (any more); the text is the sentence for people."""


def check(import_: Import, *, by: Any, kick: bool = True) -> Job:
    """Read and check the file of a new, checked or taken back import, and write its preview.

    Raises NotNow where the import is elsewhere by now, or its file is gone. Small work is over when this returns.
    Without ``kick`` the job waits for ``starting.run_now``.
    """
    _refuse_without_file(import_)
    allowed = NEW | Q(state__in=(State.CHECKED, State.TAKEN_BACK))
    title = f"Check of {import_.file_name}"
    small = import_.size < SMALL
    return _start_step(import_, "import.check", allowed, State.CHECKING, title, by, kick=kick, small=small)


def store(import_: Import, *, by: Any, kick: bool = True) -> Job:
    """Import what a checked file holds; raises NotNow where that cannot be, or is under way already.

    All is checked again first: where the database has changed so that there are new problems, nothing is stored and
    the import is back among the checked ones. A new import may be stored at once, too.
    """
    _refuse_without_file(import_)
    if import_.state == State.CHECKED and import_.why_not_storable:
        raise NotNow(import_.why_not_storable)
    allowed = NEW | Q(state=State.CHECKED)
    small = import_.size < SMALL
    return _start_step(import_, "import.store", allowed, State.STORING, str(import_), by, kick=kick, small=small)


def undo(import_: Import, *, by: Any, kick: bool = True) -> Job:
    """Remove what an import added and put replaced texts back; what was touched since is left and listed.

    Raises NotNow where there is nothing to undo, or it is being undone already.
    """
    title = f"Undoing the import of {import_.file_name}"
    small = import_.last_row < FEW
    return _start_step(import_, "import.undo", Q(state=State.STORED), State.UNDOING, title, by, kick=kick, small=small)


def release_stuck() -> int:
    """Have imports go on that wait for a job which ended before it began, as earlier versions left some; how many.

    What a job had begun is taken back before it ends, whichever way.
    """
    waiting = Import.objects.filter(state__in=(State.CHECKING, State.STORING, State.UNDOING), job__cursor={})
    jobs = Job.objects.filter(pk__in=waiting.values("job"))
    return sum(map(starting.roll_back, jobs))


class _ImportKind(KindWithRollback):
    unit = "messages"
    permission = "imports.import_messages"

    def page(self, job: Job) -> str:
        return reverse("admin:imports_import_change", args=[job.params["import"]])

    def why_no_retry(self, job: Job) -> str:
        return "Start it again from the page of the import."


class CheckImport(_ImportKind):
    """Reads and checks the file."""

    name = "import.check"
    cancel_note = "Nothing is stored, and the file can be checked again."

    def work(self, run: Run) -> dict[str, Any]:
        return check_job.work(run)

    def roll_back(self, run: Run) -> None:
        check_job.roll_back(run)


class StoreImport(_ImportKind):
    """Stores what was checked."""

    name = "import.store"
    cancel_note = "Takes back what was stored so far."

    def work(self, run: Run) -> dict[str, Any]:
        return store_job.work(run)

    def roll_back(self, run: Run) -> None:
        store_job.roll_back(run)


class UndoImport(_ImportKind):
    """Removes what was stored; what is removed stays removed when the job fails or is cancelled."""

    name = "import.undo"
    cancel_note = "What is removed by then stays removed; undoing can go on later."
    undoes_work = False

    def work(self, run: Run) -> dict[str, Any]:
        return undo_job.work(run)

    def roll_back(self, run: Run) -> None:
        undo_job.roll_back(run)


def _refuse_without_file(import_: Import) -> None:
    if not uploads.is_kept(import_):
        raise NotNow(uploads.NOT_KEPT)


def _start_step(
    import_: Import, kind: str, allowed: Q, to: str, title: str, by: Any, *, kick: bool, small: bool
) -> Job:
    """Change the state and store the job, both or neither; then have it done."""
    with transaction.atomic():
        if not Import.objects.filter(allowed, pk=import_.pk).update(state=to):
            raise NotNow("Somebody did something else with this import meanwhile: look at it again.")
        params = {"import": str(import_.pk)}
        job = starting.start(kind, requester=by, title=title, params=params, kick=kick and not small)
        Import.objects.filter(pk=import_.pk).update(job=job)
    if kick and small:
        starting.do_here(job)
    import_.refresh_from_db()
    job.refresh_from_db()
    return job
