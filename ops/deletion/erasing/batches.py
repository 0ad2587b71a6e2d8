"""The batches of a deletion: each locks the request and runs only while no hold applies.

The request's ``progress`` is stored with each batch, and a resumed job continues from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ops.deletion import holds
from ops.deletion.models import DeletionRequest
from ops.jobs import leases
from ops.jobs.models import Job
from ops.jobs.pacing import Pace
from ops.jobs.run import Run

HELD = gettext_lazy("On hold. Erasure continues when the hold is lifted.")  # no name, because other staff see jobs

FIRST_SIZE, LEAST_SIZE, MOST_SIZE = 2_000, 100, 20_000  # messages in one batch
CACHE_KIB = 6_000  # SQLite uses about 1.5 times as much memory for it


class Stopped(Exception):
    """The erasure cannot continue now; the message gives the reason."""


class HoldCheck:
    """Checks before each batch whether a hold stops the erasure.

    Searches the account's messages only for people put on hold since the last check. Messages exchanged since then
    with somebody already on hold are found by the batch itself (ProtectedPerson).
    """

    def __init__(self) -> None:
        self.on_hold: set[int] = set()

    def run(self, user_id: Any, *, full: bool = False) -> None:
        """Raise Stopped if a hold applies. ``full`` searches the messages for everybody on hold again."""
        on_hold = holds.people_on_hold()
        if user_id in on_hold or holds.count_exchanged(user_id, on_hold if full else on_hold - self.on_hold):
            raise Stopped(HELD)
        self.on_hold = on_hold


@contextmanager
def batch(run: Run, check: HoldCheck | None = None) -> Iterator[DeletionRequest]:
    """Run the block as one batch with the locked request, and save the request at its end. Raises Stopped.

    ``check`` looks for holds; without it, and once the account is gone, holds are ignored.
    """
    with run.batch():
        rows = DeletionRequest.objects.select_for_update(of=("self",)).select_related("group")
        request = rows.get(pk=run.params["request"])
        _refuse_a_second(request, run)
        if check is not None and not request.account_is_gone:
            check.run(request.user_id)
        yield request
        # The place is in the request's progress, but Run recognises attempts without progress by its own cursor.
        run.cursor["came_to"] = [len(request.progress.get("steps", [])), request.progress.get("after")]
        request.save()


def _refuse_a_second(request: DeletionRequest, run: Run) -> None:
    """Raise Stopped if another job is working on the request; otherwise store this job as the request's."""
    others = Job.objects.filter(pk__in=[request.job_id], state__in=leases.UNDER_WAY).exclude(pk=run.job.pk)
    if others.exists():
        raise Stopped(_("Another job is working on this deletion."))
    request.job_id = run.job.pk


def locked_user(request: DeletionRequest) -> Any:
    """Return the row of the account, locked, or None if it is gone."""
    return get_user_model().objects.select_for_update().filter(pk=request.user_id).first()


def record_step(request: DeletionRequest, step: str, outcome: str, note: str = "") -> None:
    """Store the outcome of a step, for the receipt."""
    request.progress["steps"].append({"step": step, "outcome": outcome, "note": note})


def paced(run: Run, batch: Callable[[int], bool]) -> None:
    """Call ``batch`` with the number of messages to process until it returns False."""
    pace = Pace(FIRST_SIZE, least=LEAST_SIZE, most=MOST_SIZE)
    while batch(pace.size):
        pace.took(run.batch_seconds)


@contextmanager
def larger_page_cache() -> Iterator[None]:
    """Let SQLite keep more than its default 2 MB of pages in memory: a batch touches a dozen indexes."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        before = cursor.execute("PRAGMA cache_size").fetchone()[0]
        cursor.execute(f"PRAGMA cache_size = {-CACHE_KIB}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size = {before}")
