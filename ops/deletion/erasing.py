"""The job that erases or anonymises an account: in batches, resumable after a crash, ending in one receipt.

``progress`` of the request records what is done and is stored with each batch; a resumed job continues from it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime, timedelta
from itertools import count, takewhile
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from messaging import page_cache
from messaging.editors import editing_as
from messaging.erasing import erasure
from messaging.erasing.anonymising import AnonymisedCounts, anonymise_batch, anonymise_rest
from messaging.erasing.erasure import ErasureCounts
from messaging.models import Message
from messaging.writing import ProtectedPerson
from ops.accounts.usernames import ANONYMISED
from ops.audit.context import one_action
from ops.console.erasure import Step, prepare_nothing
from ops.deletion import erased_names, holds, leftovers, receipts
from ops.deletion.events import DeletionEvent
from ops.deletion.models import BEFORE_ERASURE, AccountDeletion, DeletionRequest, Mode, State, Texts
from ops.deletion.notices import told
from ops.deletion.recording import record
from ops.deletion.refusals import NEEDS_SUPERUSER, DeletionRefused
from ops.jobs import errors, leases, starting
from ops.jobs.kinds import Kind, News
from ops.jobs.models import Job
from ops.jobs.pacing import BATCH_SECONDS, Pace
from ops.jobs.run import Cancelled, HandOver, JobFailed, Run

logger = logging.getLogger(__name__)

KIND = "accounts.delete"
HELD = gettext_lazy("On hold. Erasure continues when the hold is lifted.")  # others see jobs: no name
HOLD_INSTEAD = gettext_lazy("A deletion that has started cannot be cancelled. Place a hold on the account to stop it.")
TITLE = gettext_lazy("Deletion of an account")  # jobs are kept, and others see them: no name
SEE_LOG = gettext_noop("The console’s log has details.")  # sealed with the receipt, translated where it is shown
AGAIN_AFTER = timedelta(minutes=5)  # before a failed job is started again
MOST_FAILURES = 3  # of one step, before the receipt says that it failed

FIRST_SIZE, LEAST_SIZE, MOST_SIZE = 2_000, 100, 20_000  # messages in one batch
CACHE_KIB = 6_000  # takes about half as much again of memory

Counts = TypeVar("Counts", ErasureCounts, AnonymisedCounts)


class Stopped(Exception):
    """The erasure cannot continue now; the text says why."""


class HoldCheck:
    """Checks before each batch whether a hold stops the erasure.

    All messages of the account are searched only for people who were not on hold at the last check. Messages that
    were exchanged with somebody on hold since are found by each batch itself (ProtectedPerson).
    """

    def __init__(self) -> None:
        self.on_hold: set[int] = set()

    def run(self, user_id: Any, *, full: bool = False) -> None:
        """Raises Stopped where a hold applies. ``full`` searches all messages again."""
        on_hold = holds.people_on_hold()
        if user_id in on_hold or holds.count_exchanged(user_id, on_hold if full else on_hold - self.on_hold):
            raise Stopped(HELD)
        self.on_hold = on_hold


def start(request: DeletionRequest, *, here: bool = False) -> Job:
    """Start the job of a request that may run; with ``here``, a small one is done on return (see jobs.starting)."""
    requester = get_user_model().objects.filter(pk=request.requested_by_id).exclude(pk=request.user_id).first()
    with one_action():  # of its own: the person may have asked for it, and sign out with the same click
        job = starting.start(
            KIND, requester=requester, title=str(TITLE), params={"request": str(request.pk)}, here=here
        )
    DeletionRequest.objects.filter(pk=request.pk).update(job=job)
    request.job = job
    return job


def start_due(now: datetime) -> int:
    """Start the requests that are due: grace period over, hold lifted, or AGAIN_AFTER a failed job.

    The worker calls it every minute. Returns how many it started. Running it twice at once is harmless.
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
    """Whether a job is running, or failed less than AGAIN_AFTER ago."""
    if job is None or job.state in leases.UNDER_WAY:
        return job is not None
    failed = job.state in (Job.State.FAILED, Job.State.CANCELLED)
    return failed and job.ended_at is not None and job.ended_at > now - AGAIN_AFTER


def work(run: Run) -> dict[str, Any]:
    """The work of the job: everything that is not done yet, in order. Idempotent."""
    check = HoldCheck()
    try:
        mode, texts = _prepare(run, check)
        with _larger_page_cache():
            if mode == Mode.ERASE:
                _erase(run, check)
            else:
                _anonymise(run, check, blank=texts == Texts.BLANK)
        _run_steps(run)
        return {"receipt": str(_write_receipt(run))}
    except ProtectedPerson:
        return {"stopped": str(HELD)}
    except (Stopped, DeletionRefused) as reason:  # a hold was placed during the last batch
        return {"stopped": str(reason)}


@contextmanager
def _larger_page_cache() -> Iterator[None]:
    """SQLite keeps more than its usual 2 MB of pages in memory: a batch touches a dozen indexes."""
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


class Deletion(Kind):
    """The job that runs an approved deletion. It is not rolled back: the next job resumes it."""

    name = KIND
    unit = gettext_lazy("messages")
    permission = "accounts.delete_user"
    tells = {Job.State.FINISHED: "deletion.finished", Job.State.FAILED: "deletion.failed"}

    def news(self, job: Job, state: str, result: Mapping[str, Any]) -> News | None:
        """A failure once, because it is tried again every few minutes; of several accounts that were requested together
        only the last one. Nothing where a hold stops it, or where it waits for approval again."""
        news = super().news(job, state, result)
        if news is None or (state == Job.State.FINISHED and "receipt" not in result):
            return None
        group = DeletionRequest.objects.select_related("group").get(pk=job.params["request"]).group
        if state != Job.State.FINISHED or not told.is_of_several(group):
            return news._replace(occasion="")
        if group.requests.open().exists():
            return None
        return News("deletion.group_finished", (told.GROUP, group.pk), news.to, "")

    def subject(self, job: Job) -> tuple[str, Any]:
        return told.REQUEST, job.params["request"]

    def work(self, run: Run) -> dict[str, Any]:
        return work(run)

    def page(self, job: Job) -> str:
        return reverse("admin:deletion_deletionrequest_change", args=[job.params["request"]])

    def why_no_retry(self, job: Job) -> str:
        return _("The deletion resumes by itself within a few minutes.")

    def why_no_cancel(self, job: Job) -> str:
        return str(HOLD_INSTEAD)


@contextmanager
def _batch(run: Run, check: HoldCheck | None = None) -> Iterator[DeletionRequest]:
    """One batch on the locked request, which is saved at its end. Raises Stopped.

    ``check`` looks for holds; without it, and once the account is gone, holds do not matter.
    """
    with run.batch():
        rows = DeletionRequest.objects.select_for_update(of=("self",)).select_related("group")
        request = rows.get(pk=run.params["request"])
        _refuse_a_second(request, run)
        if check is not None and not request.account_is_gone:
            check.run(request.user_id)
        yield request
        run.cursor["came_to"] = [len(request.progress.get("steps", [])), request.progress.get("after")]
        request.save()


def _refuse_a_second(request: DeletionRequest, run: Run) -> None:
    """One job at a time works on a request: the one it names, or the first to come once that one ended."""
    others = Job.objects.filter(pk__in=[request.job_id], state__in=leases.UNDER_WAY).exclude(pk=run.job.pk)
    if others.exists():
        raise Stopped(_("Another job is working on this deletion."))
    request.job_id = run.job.pk


def _prepare(run: Run, check: HoldCheck) -> tuple[str, str]:
    """Begin or resume: sets the request running; returns its mode and texts."""
    stored = DeletionRequest.objects.select_related("group").get(pk=run.params["request"])
    if not stored.account_is_gone:
        check.run(stored.user_id)  # outside of a batch: it may take a second, and a batch blocks writers
    # Each by its own index: SQLite keeps all rows that an OR finds in memory.
    total = Message.objects.filter(sender=stored.user_id).count()
    if stored.group.mode == Mode.ERASE:
        total += Message.objects.filter(receiver=stored.user_id).exclude(sender=stored.user_id).count()
    with _batch(run, check) as request:
        if request.state not in (State.APPROVED, State.RUNNING):
            raise Stopped(request.status_text)
        if request.runs_at is None or request.runs_at > timezone.now():
            raise Stopped(_("The grace period is not over."))
        if request.state in BEFORE_ERASURE:
            _locked_user(request)  # nobody gives it power until the erasure has begun
            if request.lacks_superuser():
                _send_back(request)
            else:
                request.state, request.started_at = State.RUNNING, timezone.now()
                request.progress = {"counts": {}, "steps": [], "failures": {}, "total": total}
        run.advance(total=request.progress.get("total", total))
    if request.state != State.RUNNING:
        raise Stopped(NEEDS_SUPERUSER)
    return request.group.mode, request.group.texts


def _send_back(request: DeletionRequest) -> None:
    """Let an approved request wait for approval again: its account was given power since."""
    request.state, request.runs_at = State.REQUESTED, None
    request.approved_by = request.approved_at = None
    request.one_person = False
    record(DeletionEvent.DELETION_SENT_BACK, request, by=None)
    told.tell_sent_back(request)


def _counts_of(request: DeletionRequest, kind: type[Counts]) -> Counts:
    known = {field.name for field in fields(kind)}
    return kind(**{name: number for name, number in request.progress["counts"].items() if name in known})


def _paced(run: Run, batch: Callable[[int], bool]) -> None:
    """Call ``batch`` with the number of messages to process until it returns False."""
    pace = Pace(FIRST_SIZE, least=LEAST_SIZE, most=MOST_SIZE)
    while batch(pace.size):
        pace.took(run.batch_seconds)


def _erase(run: Run, check: HoldCheck) -> None:
    def batch(size: int) -> bool:
        with _batch(run, check) as request:
            if request.account_is_gone:
                return False
            counts = _counts_of(request, ErasureCounts)
            erased = erasure.erase_batch(request.user_id, counts, size=size, protected=check.on_hold)
            request.progress["counts"] = counts.as_dict()
            run.advance(done=counts.messages)
            return bool(erased)

    _paced(run, batch)
    with _batch(run, check) as request:
        if request.account_is_gone:
            return
        user = _locked_user(request)
        _store_erased_names(request, user)
        counts = _counts_of(request, ErasureCounts)
        if user is not None:
            # Messages that arrived since the last batch are removed with the row, in one transaction.
            erasure.delete_user(user, counts=counts)
        request.progress["counts"] = counts.as_dict()
        _record_step(request, "messages", "removed" if counts.messages else "none")
        _record_step(request, "account", "removed" if user is not None else "none")


def _anonymise(run: Run, check: HoldCheck, *, blank: bool) -> None:
    def batch(size: int) -> bool:
        with _batch(run, check) as request:
            if request.account_is_gone:
                return False
            counts, after = _counts_of(request, AnonymisedCounts), request.progress.get("after")
            after = anonymise_batch(
                request.user_id, counts, after=after, size=size, blank=blank, protected=check.on_hold
            )
            if after is not None:
                request.progress["after"] = after
            request.progress["counts"] = counts.as_dict()
            run.advance(done=min(run.done + size, run.total or 0))
            return after is not None

    _paced(run, batch)
    with _batch(run, check) as request:
        if request.account_is_gone:
            return
        user = _locked_user(request)
        check.run(request.user_id, full=True)  # all messages lose the name, new ones too
        _store_erased_names(request, user)
        counts = _counts_of(request, AnonymisedCounts)
        anonymise_rest(request.user_id, counts, blank=blank, size=LEAST_SIZE)
        request.progress["counts"] = counts.as_dict()
        if user is not None:
            _strip_identity(user)
            _record_anonymised(request, counts, by=run.requester)
        _record_step(request, "messages", "removed" if blank and counts.texts_blanked else "none")
        _record_step(request, "account", "removed" if user is not None else "none")


def _locked_user(request: DeletionRequest) -> Any:
    return get_user_model().objects.select_for_update().filter(pk=request.user_id).first()


def _store_erased_names(request: DeletionRequest, user: Any) -> None:
    """Mark the account as erased: imports refuse its names from here on, and holds no longer stop the rest."""
    if user is not None:  # renamed since the request
        request.username, request.email = user.get_username(), user.email
    now, receipt_id = timezone.now(), uuid4()
    erased_names.store(username=request.username, email=request.email, receipt_id=receipt_id, at=now)
    hashes = receipts.hashes(request.username, request.email)
    request.progress.update(erased_at=now.isoformat(), receipt=str(receipt_id), **hashes)


def _strip_identity(user: Any) -> None:
    """Rename the account to “Deleted user N” and close it: no password, address, rights. The trail records nothing of
    it: what it records is about the request."""
    user.email, user.last_login = "", None
    user.time_zone = user.language = user.zone_asked = user.keys_off = None
    user.anonymised_at = timezone.now()
    user.is_active = user.is_staff = user.is_superuser = False
    user.set_unusable_password()
    taken = get_user_model().objects.filter(username__startswith=f"{ANONYMISED} ").count()
    for number in count(taken + 1):
        user.username = f"{ANONYMISED} {number}"
        try:
            with transaction.atomic():
                user.save()
            break
        except IntegrityError:  # the name is taken
            continue
    for given in (user.groups, user.user_permissions):
        # Not by clear(), which the trail records as a change of what the account may do.
        given.through._default_manager.filter(user_id=user.pk).delete()


def _record_anonymised(request: DeletionRequest, counts: AnonymisedCounts, *, by: Any) -> None:
    with editing_as(by):  # not as the person themselves, who may have asked for it and is signed in
        AccountDeletion.objects.record(counts.as_dict())
    record(DeletionEvent.ACCOUNT_ANONYMISED, request, by=by, details=counts.as_dict())
    page_cache.invalidate_all()


def _record_step(request: DeletionRequest, step: str, outcome: str, note: str = "") -> None:
    request.progress["steps"].append({"step": step, "outcome": outcome, "note": note})


def _run_steps(run: Run) -> None:
    """Run the remaining steps in their order: those that prepare nothing in shared transactions, until one of them
    fails; a transaction of its own takes longer than most steps."""
    stored = DeletionRequest.objects.get(pk=run.params["request"])
    remaining = [step for step in leftovers.steps() if step.name not in stored.progress.get("cleared", [])]
    may_share = True
    while remaining:
        ready = list(takewhile(lambda step: step.prepare is prepare_nothing, remaining)) if may_share else []
        done = _run_together(run, ready) if ready else 0
        if not done:
            may_share = not ready
            _run_alone(run, remaining[0])
        remaining = remaining[done or 1 :]


def _run_together(run: Run, steps: Sequence[Step]) -> int:
    """Run as many steps as fit into a batch; returns how many. 0 where one failed, and none of them is done then."""
    until = time.monotonic() + BATCH_SECONDS
    try:
        with _batch(run) as request:
            for number, step in enumerate(steps, start=1):
                _do(request, step)
                if time.monotonic() >= until or number == len(steps):
                    return number
    except Exception as error:
        if not _is_failure(error):
            raise
    return 0


def _run_alone(run: Run, step: Step) -> None:
    """Run a step in a transaction of its own. Raises JobFailed where it failed and will be tried again."""
    try:
        prepared = step.prepare(DeletionRequest.objects.get(pk=run.params["request"]), run)
        with _batch(run) as request:
            _do(request, step, prepared)
    except Exception as error:
        if not _is_failure(error):
            raise
        _record_failure(run, step.name, error)


def _do(request: DeletionRequest, step: Step, prepared: Any = None) -> None:
    outcome = step.do(request, prepared)
    if outcome is not None:
        _record_step(request, step.name, outcome.result, outcome.note)
    request.progress.setdefault("cleared", []).append(step.name)


def _is_failure(error: Exception) -> bool:
    """Whether a step failed, not the job that runs it."""
    return not isinstance(error, (leases.LeaseLost, HandOver, Cancelled, Stopped)) and not errors.is_transient(error)


def _record_failure(run: Run, step: str, error: Exception) -> None:
    """Count a failure of a step; after MOST_FAILURES the receipt says that it failed, before that raises JobFailed."""
    with _batch(run) as request:
        failures = request.progress["failures"]
        failures[step] = failures.get(step, 0) + 1
        give_up = failures[step] >= MOST_FAILURES
        if give_up:
            _record_step(request, step, "failed", SEE_LOG)
            request.progress.setdefault("cleared", []).append(step)
    why = errors.for_log(error)
    logger.error("Deletion %s: the step %s failed:\n%s", run.params["request"], step, why)
    if not give_up:
        raise JobFailed(
            _("The account was erased, but some of its data could not be cleared yet: it is tried again soon.")
        )


def _write_receipt(run: Run) -> UUID:
    with _batch(run) as request:
        now = timezone.now()
        receipt = receipts.write(request, receipt_id=UUID(request.progress["receipt"]), now=now)
        request.state, request.ended_at = State.DONE, now
        run.advance(done=run.total)
    return receipt.pk
