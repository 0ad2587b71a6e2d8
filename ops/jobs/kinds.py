"""The kinds of jobs there are: what each does, how it is taken back, and what people read about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ops.console.rooms import rooms
from ops.jobs.models import Job
from ops.jobs.run import Run


@dataclass(frozen=True)
class Kind:
    """One kind of job. Only ``name``, which jobs are stored with, and ``work`` are needed.

    ``work`` does it and returns the result (JSON) or None; it is called again after a worker died, with the cursor of
    the last batch. ``take_back`` undoes what was done when a job fails or is cancelled, and is called again likewise.
    ``unit`` is what progress counts. ``page`` gives the address of what a job is about. ``permission`` is what
    somebody needs to start one; whoever has it finds "Jobs" in the console. ``why_no_retry`` gives the sentence that
    says why an ended job cannot be started again, "" where it can. ``cancelling`` says what becomes of what was done
    when a job is cancelled, and ``why_no_cancel`` why it cannot be, with what to do instead. ``keeps`` says that
    ``take_back`` tidies up, and leaves done what was done.
    """

    name: str
    work: Callable[[Run], dict[str, Any] | None]
    take_back: Callable[[Run], None] | None = None
    unit: str = "rows"
    page: Callable[[Job], str] | None = None
    permission: str = ""
    why_no_retry: Callable[[Job], str] | None = None
    cancelling: str = ""
    why_no_cancel: str = ""
    keeps: bool = False


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known that no room declares; for tests."""
    _kinds[kind.name] = kind


@cache
def _declared() -> dict[str, Kind]:
    return {kind.name: kind for room in rooms() for kind in room.job_kinds()}


def kind_of(job: Job) -> Kind | None:
    """The kind of a job, or None where this version of the console does not have it (any more)."""
    return _kinds.get(job.kind) or _declared().get(job.kind)


def all_kinds() -> Iterable[Kind]:
    return (_declared() | _kinds).values()


def page_of(job: Job) -> str:
    """The address of what a job is about, "" where there is none."""
    kind = kind_of(job)
    return kind.page(job) if kind and kind.page else ""
