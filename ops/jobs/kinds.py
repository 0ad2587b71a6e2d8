"""The kinds of jobs: what each does, how it is rolled back, and what the console shows about it.

A room declares its kinds in its ``apps.py`` (``Room.job_kinds``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.translation import gettext_lazy

from ops.console.rooms import rooms
from ops.jobs.models import Job
from ops.jobs.run import Run

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class EndNotice(NamedTuple):
    """A notice that a job ended: the name of its kind (ops.notices.kinds.Kind), its subject, and the keys of its
    recipients. ``occasion`` identifies the start of the job, since several jobs about one subject may end."""

    notice: str
    about: tuple[str, Any]
    to: Iterable[Any]
    occasion: str


class Kind(ABC):
    """One kind of job. A subclass sets ``name`` and implements ``work``; KindWithRollback is for kinds with a rollback.

    ``name``: stored with each job, so it never changes.
    ``unit``: what progress counts, in the plural.
    ``permission``: required to start one ("app.codename"); users who have it see "Jobs" in the console.
    ``cancel_note``: what cancelling does, the sentence beside the button.
    ``undoes_work``: whether a job that fails or is cancelled leaves nothing behind.
    ``notifies``: the name of the notice to the requester when a job ends, by the job's state.
    """

    name: str
    unit: StrOrPromise = gettext_lazy("rows")
    permission = ""
    cancel_note: StrOrPromise = ""
    undoes_work = False
    notifies: Mapping[str, str] = {Job.State.FINISHED: "jobs.finished", Job.State.FAILED: "jobs.failed"}

    @abstractmethod
    def work(self, run: Run) -> dict[str, Any] | None:
        """Do the job and return its result (JSON). Called again after a worker died, with the last batch's cursor.

        Raises JobFailed with the message for people.
        """

    def page(self, job: Job) -> str:
        """Return the URL of the job's subject, "" for none."""
        return ""

    def news(self, job: Job, state: str, result: Mapping[str, Any]) -> EndNotice | None:
        """Return the notice about a job that ends in this ``state`` with this ``result``; None for none."""
        name = self.notifies.get(state)
        return EndNotice(name, self.subject(job), [job.requester_id], str(job.action)) if name else None

    def subject(self, job: Job) -> tuple[str, Any]:
        """Return the subject of a notice about the job: a model ("app.model", lower case) and a key."""
        return "jobs.job", job.pk

    def why_no_retry(self, job: Job) -> str:
        """Return why an ended job cannot be started again, as a sentence; "" if it can."""
        return ""

    def why_no_cancel(self, job: Job) -> str:
        """Return why a job cannot be cancelled, as a sentence with what to do instead; "" if it can."""
        return ""


class KindWithRollback(Kind):
    """A kind whose jobs are rolled back when they fail or are cancelled.

    ``undoes_work`` is False if ``roll_back`` only tidies up, and the work stays done.
    """

    undoes_work = True

    @abstractmethod
    def roll_back(self, run: Run) -> None:
        """Undo what was done. Called again after a worker died, with the last batch's cursor."""


_registered: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Register a kind that no room declares; for tests."""
    _registered[kind.name] = kind


@cache
def _kinds_of_rooms() -> dict[str, Kind]:
    """Collect the kinds at first use: when a room's ``ready()`` runs, others may not be loaded yet."""
    return {kind.name: kind for room in rooms() for kind in room.job_kinds()}


def all_kinds() -> Iterable[Kind]:
    return {**_kinds_of_rooms(), **_registered}.values()


def kind_of(job: Job) -> Kind | None:
    """Return the kind of a job, or None if this version of the console does not have it."""
    return _registered.get(job.kind) or _kinds_of_rooms().get(job.kind)


def page_of(job: Job) -> str:
    """Return the URL of the job's subject, "" for none."""
    kind = kind_of(job)
    return kind.page(job) if kind else ""
