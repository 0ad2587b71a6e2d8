"""The deletion job: its order of work, when it starts, and the notices about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.models import Message
from messaging.writing import ProtectedPerson
from ops.audit.context import one_action
from ops.deletion import receipts
from ops.deletion.erasing.account import anonymise, erase
from ops.deletion.erasing.batches import HELD, HoldCheck, Stopped, batch, larger_page_cache, locked_user
from ops.deletion.erasing.steps import run_steps
from ops.deletion.events import DeletionEvent
from ops.deletion.models import BEFORE_ERASURE, DeletionRequest, Mode, State, Texts
from ops.deletion.notices import notices
from ops.deletion.recording import record
from ops.deletion.refusals import NEEDS_SUPERUSER, DeletionRefused
from ops.jobs import leases, starting
from ops.jobs.kinds import EndNotice, Kind
from ops.jobs.models import Job
from ops.jobs.run import Run

KIND = "accounts.delete"
HOLD_INSTEAD = gettext_lazy("A deletion that has started cannot be cancelled. Place a hold on the account to stop it.")
TITLE = gettext_lazy("Deletion of an account")  # no name, because jobs are kept and other staff see them
AGAIN_AFTER = timedelta(minutes=5)  # before a failed job is started again


def start(request: DeletionRequest, *, here: bool = False) -> Job:
    """Start the job of a request that may run; with ``here``, a small one is finished on return (see jobs.starting)."""
    requester = get_user_model().objects.filter(pk=request.requested_by_id).exclude(pk=request.user_id).first()
    with one_action():  # its own, because the same click may record the person's own request and their signing out
        job = starting.start(
            KIND, requester=requester, title=str(TITLE), params={"request": str(request.pk)}, here=here
        )
    DeletionRequest.objects.filter(pk=request.pk).update(job=job)
    request.job = job
    return job


def start_due(now: datetime) -> int:
    """Start the requests that are due: grace period over, hold lifted, or AGAIN_AFTER a failed job; returns how many.

    The worker calls it every minute. Two concurrent calls are harmless.
    """
    started = 0
    for request in DeletionRequest.objects.due(now).select_related("job").order_by("runs_at", "pk"):
        if _is_busy(request.job, now):
            continue
        with transaction.atomic():
            start(request)
        started += 1
    return started


def _is_busy(job: Job | None, now: datetime) -> bool:
    """Return whether a job is under way, or failed or was cancelled less than AGAIN_AFTER ago."""
    if job is None or job.state in leases.UNDER_WAY:
        return job is not None
    failed = job.state in (Job.State.FAILED, Job.State.CANCELLED)
    return failed and job.ended_at is not None and job.ended_at > now - AGAIN_AFTER


def work(run: Run) -> dict[str, Any]:
    """Do what remains of the deletion, in order. Idempotent."""
    check = HoldCheck()
    try:
        mode, texts = prepare(run, check)
        with larger_page_cache():
            if mode == Mode.ERASE:
                erase(run, check)
            else:
                anonymise(run, check, blank=texts == Texts.BLANK)
        run_steps(run)
        return {"receipt": str(_write_receipt(run))}
    except ProtectedPerson:
        return {"stopped": str(HELD)}
    except (Stopped, DeletionRefused) as reason:  # a hold was placed during the last batch
        return {"stopped": str(reason)}


class Deletion(Kind):
    """The job that runs an approved deletion. It is not rolled back: the next job resumes it."""

    name = KIND
    unit = gettext_lazy("messages")
    permission = "accounts.delete_user"
    notifies = {Job.State.FINISHED: "deletion.finished", Job.State.FAILED: "deletion.failed"}

    def news(self, job: Job, state: str, result: Mapping[str, Any]) -> EndNotice | None:
        """Return the notice of a finished or failed deletion, or None if a hold stops it or it needs approval again.

        Failures give one notice, because the job is retried every few minutes; a group gives one when its last
        deletion finishes.
        """
        news = super().news(job, state, result)
        if news is None or (state == Job.State.FINISHED and "receipt" not in result):
            return None
        group = DeletionRequest.objects.select_related("group").get(pk=job.params["request"]).group
        if state != Job.State.FINISHED or not notices.has_several_requests(group):
            return news._replace(occasion="")
        if group.requests.open().exists():
            return None
        return EndNotice("deletion.group_finished", (notices.GROUP, group.pk), news.to, "")

    def subject(self, job: Job) -> tuple[str, Any]:
        return notices.REQUEST, job.params["request"]

    def work(self, run: Run) -> dict[str, Any]:
        return work(run)

    def page(self, job: Job) -> str:
        return reverse("admin:deletion_deletionrequest_change", args=[job.params["request"]])

    def why_no_retry(self, job: Job) -> str:
        return _("The deletion resumes by itself within a few minutes.")

    def why_no_cancel(self, job: Job) -> str:
        return str(HOLD_INSTEAD)


def prepare(run: Run, check: HoldCheck) -> tuple[str, str]:
    """Begin or resume: set the request's state to running; returns its mode and texts. Raises Stopped."""
    stored = DeletionRequest.objects.select_related("group").get(pk=run.params["request"])
    if not stored.account_is_gone:
        check.run(stored.user_id)  # outside of a batch, which blocks writers: it may take a second
    # Two queries, each by its own index: SQLite would keep all rows that an OR finds in memory.
    total = Message.objects.filter(sender=stored.user_id).count()
    if stored.group.mode == Mode.ERASE:
        total += Message.objects.filter(receiver=stored.user_id).exclude(sender=stored.user_id).count()
    with batch(run, check) as request:
        if request.state not in (State.APPROVED, State.RUNNING):
            raise Stopped(request.status_text)
        if request.runs_at is None or request.runs_at > timezone.now():
            raise Stopped(_("The grace period is not over."))
        if request.state in BEFORE_ERASURE:
            locked_user(request)  # so that nobody makes it a colleague's account before the erasure has begun
            if request.needs_superuser():
                _send_back(request)
            else:
                request.state, request.started_at = State.RUNNING, timezone.now()
                request.progress = {"counts": {}, "steps": [], "failures": {}, "total": total}
        run.advance(total=request.progress.get("total", total))
    if request.state != State.RUNNING:
        raise Stopped(NEEDS_SUPERUSER)
    return request.group.mode, request.group.texts


def _send_back(request: DeletionRequest) -> None:
    """Set an approved request back to pending, because its account became a colleague's since the approval."""
    request.state, request.runs_at = State.REQUESTED, None
    request.approved_by = request.approved_at = None
    request.one_person = False
    record(DeletionEvent.DELETION_SENT_BACK, request, by=None)
    notices.notify_sent_back(request)


def _write_receipt(run: Run) -> UUID:
    with batch(run) as request:
        now = timezone.now()
        receipt = receipts.write(request, receipt_id=UUID(request.progress["receipt"]), now=now)
        request.state, request.ended_at = State.DONE, now
        run.advance(done=run.total)
    return receipt.pk
