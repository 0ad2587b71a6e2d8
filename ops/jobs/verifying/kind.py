"""The job that verifies the audit trail: like ``manage.py verify_audit``, with progress, and recorded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy

from ops.audit.recording import record
from ops.audit.sealing import chain, verification
from ops.audit.sealing.verification import Report, VerificationFailed
from ops.jobs import starting
from ops.jobs.events import JobEvent
from ops.jobs.kinds import Kind
from ops.jobs.leases import UNDER_WAY
from ops.jobs.models import Job
from ops.jobs.run import JobFailed, Run

KIND = "audit.verify"
TITLE = gettext_lazy("Verification of the audit trail")
PERMISSION = "audit.view_entry"


class VerifyTrail(Kind):
    """Reads the whole chain. It always starts at the first seal: the cursor of an earlier attempt could have been
    tampered with like the trail itself. If the trail is not intact, the job fails with the fault as its error."""

    name = KIND
    unit = gettext_lazy("entries")
    permission = PERMISSION
    cancel_note = gettext_lazy("Nothing is changed; the trail stays unverified.")

    def work(self, run: Run) -> dict[str, Any]:
        fault, counter = "", _Counter(run)
        try:
            report = verification.verify(progress=counter)
        except VerificationFailed as found:
            report, fault = Report(sealed=counter.done), str(found)
        with run.batch():
            run.cursor["fault"] = fault
            run.advance(report.sealed, max(report.sealed, counter.total))
            details = {"intact": not fault, "sealed": report.sealed}
            record(JobEvent.TRAIL_VERIFIED, actor=run.requester, target=run.job, label=str(TITLE), details=details)
        if fault:
            raise JobFailed(fault)
        return {"sealed": report.sealed, "head": report.head, "unsealed": report.unsealed}

    def page(self, job: Job) -> str:
        return reverse("admin:audit_verification")


class _Counter:
    """Reports how many seals were read. The total is the last position: counting a million rows takes long."""

    def __init__(self, run: Run) -> None:
        last = chain.head()
        self.run, self.done, self.total = run, 0, last.position if last else 0

    def __call__(self, number: int) -> None:
        self.done += number
        self.run.beat(self.done, max(self.done, self.total))


@dataclass(frozen=True)
class Verification:
    """A verification: ``state`` is "running", "intact", "broken", or "unfinished" if the job has no result.

    ``fault`` is what is wrong, ``sealed`` is how many entries were intact, and ``anchor`` proves later that none of
    these was cut off.
    """

    job: Job
    state: str
    fault: str = ""
    sealed: int = 0
    anchor: str = ""


def latest(number: int) -> list[Verification]:
    """Return the latest verifications, the newest first."""
    jobs = Job.objects.filter(kind=KIND).select_related("requester").order_by("-created_at", "-id")
    return [_verification(job) for job in jobs[:number]]


def start(*, by: Any) -> Job:
    """Verify the trail: in this process if it is short, else by a worker. Return the job, or one already under way.
    Must not run in a transaction."""
    under_way = Job.objects.filter(kind=KIND, state__in=UNDER_WAY).first()
    return under_way or starting.start(KIND, requester=by, title=str(TITLE), params={}, here=True)


def _verification(job: Job) -> Verification:
    if job.state in UNDER_WAY:
        return Verification(job, "running")
    if job.state == Job.State.FINISHED:
        sealed = job.result["sealed"]
        return Verification(job, "intact", sealed=sealed, anchor=f"{sealed}:{job.result['head']}")
    fault = job.cursor.get("fault", "")
    return Verification(job, "broken" if fault else "unfinished", fault=fault or job.error, sealed=job.done)
