"""The kinds of jobs: what each does, how it is rolled back, and what the console says about it.

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


class News(NamedTuple):
    """A notice that tells of the end of a job: its kind by name (ops.notices.kinds.Kind), what it is about, and whom it
    is for, by their keys. ``occasion`` differs where it is another end of a job about the same thing: its start."""

    notice: str
    about: tuple[str, Any]
    to: Iterable[Any]
    occasion: str


class Kind(ABC):
    """One kind of job. A subclass sets ``name`` and implements ``work``; KindWithRollback is for what can be undone.

    ``name``: stored with each job, so it never changes.
    ``unit``: what progress counts, in the plural.
    ``permission``: what a user needs to start one ("app.codename"); who has it finds "Jobs" in the console.
    ``cancel_note``: what cancelling does, the sentence beside the button.
    ``undoes_work``: whether a job that fails or is cancelled leaves nothing behind.
    ``notifies``: the name of the notice that tells its requester of the end of a job, by its state.
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

        Raises JobFailed with the sentence that people read.
        """

    def page(self, job: Job) -> str:
        """The URL of what a job is about, "" for none."""
        return ""

    def news(self, job: Job, state: str, result: Mapping[str, Any]) -> News | None:
        """What is told of a job that ends in this ``state`` with this ``result``; None for nothing."""
        name = self.notifies.get(state)
        return News(name, self.subject(job), [job.requester_id], str(job.action)) if name else None

    def subject(self, job: Job) -> tuple[str, Any]:
        """What a notice about a job is about: a model ("app.model", lower case) and a key."""
        return "jobs.job", job.pk

    def why_no_retry(self, job: Job) -> str:
        """Why an ended job cannot be started again, as a sentence; "" where it can."""
        return ""

    def why_no_cancel(self, job: Job) -> str:
        """Why a job cannot be cancelled, as a sentence with what to do instead; "" where it can."""
        return ""


class KindWithRollback(Kind):
    """A kind whose jobs are rolled back when they fail or are cancelled.

    ``undoes_work`` is False where ``roll_back`` only tidies up, and what was done stays.
    """

    undoes_work = True

    @abstractmethod
    def roll_back(self, run: Run) -> None:
        """Undo what was done. Called again after a worker died, with the last batch's cursor."""


_registered: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known that no room declares; for tests."""
    _registered[kind.name] = kind


@cache
def _kinds_of_rooms() -> dict[str, Kind]:
    """Collected at first use: when a room's ``ready()`` runs, others may not be loaded yet."""
    return {kind.name: kind for room in rooms() for kind in room.job_kinds()}


def all_kinds() -> Iterable[Kind]:
    return {**_kinds_of_rooms(), **_registered}.values()


def kind_of(job: Job) -> Kind | None:
    """The kind of a job, or None where this version of the console does not have it."""
    return _registered.get(job.kind) or _kinds_of_rooms().get(job.kind)


def page_of(job: Job) -> str:
    """The URL of what a job is about, "" for none."""
    kind = kind_of(job)
    return kind.page(job) if kind else ""
