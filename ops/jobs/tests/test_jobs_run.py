"""A job runs in batches, each stored with its cursor, from which another worker resumes it: one at a time."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.test import override_settings
from django.utils import timezone
from django.utils.translation import gettext

from messaging.editors import current_editor
from ops.audit import context
from ops.jobs import kinds, leases, progress, running, starting
from ops.jobs.leases import LeaseLost
from ops.jobs.models import Job
from ops.jobs.run import Cancelled, HandOver, JobFailed, Run, stop
from ops.jobs.tests import counting
from ops.jobs.tests.failing import FULL, LOCKED, LOST, TOO_SLOW, database_error
from ops.jobs.tests.working import run_all_jobs

pytestmark = pytest.mark.django_db


class Crash(BaseException):
    """The death of a worker: nothing in the job after it is executed."""


def start(kind: str = counting.NAME, **params: Any) -> Job:
    return starting.start(kind, requester=None, title="Counting", params={"to": 5, **params})


def claim(job: Job, *, later: float = 0) -> Job:
    claimed = leases.claim(job.pk, now=timezone.now() + timedelta(seconds=later))
    assert claimed is not None
    return claimed


def numbers(upto: int) -> list[str]:
    return [counting.name_of(number) for number in range(upto)]


def die(job: Job) -> None:
    """Claim a job and die immediately."""
    claim(job)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now())


@contextmanager
def dying_rollback() -> Iterator[list[int]]:
    """Within the block, have workers die when they roll a counting job back; the list gets an item for each death."""
    deaths: list[int] = []

    class Dying(counting.Counting):
        def roll_back(self, run: Run) -> None:
            deaths.append(1)
            raise Crash

    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(kinds._registered, counting.NAME, Dying())
        yield deaths


def test_a_job_runs_to_its_end_and_stores_its_result() -> None:
    job = start()
    assert job.state == "queued"
    assert run_all_jobs() == [job]
    job.refresh_from_db()
    assert (job.state, job.result, job.done, job.total) == ("finished", {"counted": 5}, 5, 5)
    assert job.started_at and job.ended_at and job.lease_token is None
    assert counting.counted() == numbers(5)


def test_one_of_two_workers_gets_a_job() -> None:
    job = start()
    claim(job)
    assert leases.claim(job.pk, now=timezone.now()) is None
    assert running.run(job.pk) is False


def test_a_silent_worker_loses_its_job_to_another() -> None:
    job = start()
    first = claim(job)
    assert leases.claim(job.pk, now=timezone.now() + timedelta(seconds=29)) is None
    second = claim(job, later=31)
    assert second.attempts == 2
    with pytest.raises(LeaseLost), Run(first).batch():
        pytest.fail("The batch of a worker that lost its lease must not begin.")


@pytest.mark.django_db(transaction=True)
def test_a_job_is_locked_within_a_transaction_alone() -> None:
    job = claim(start())
    with transaction.atomic():
        assert leases.lock(job) is False
    with pytest.raises(TransactionManagementError):  # also once the statement is cached
        leases.lock(job)


def test_a_batch_is_not_stored_when_another_worker_took_over() -> None:
    job = start()
    run = Run(claim(job))
    with pytest.raises(LeaseLost), run.batch():
        Group.objects.create(name="number 0")
        # Impossible while the row is locked; the second worker's token stops the first one anyway.
        claim(job, later=31)
    assert counting.counted() == []


def test_a_heartbeat_stores_progress_and_raises_when_the_lease_is_lost(monkeypatch: Any) -> None:
    monkeypatch.setattr("ops.jobs.run.HEARTBEAT_EVERY", 0.0)
    job = start()
    run = Run(claim(job))
    run.beat(2, 5)
    job.refresh_from_db()
    assert (job.done, job.total) == (2, 5)
    claim(job, later=31)
    with pytest.raises(LeaseLost):
        run.beat()


def test_heartbeats_are_stored_once_a_second(django_assert_num_queries: Any) -> None:
    run = Run(claim(start()))
    with django_assert_num_queries(0):
        for number in range(1_000):
            run.beat(number)


def test_after_a_crash_the_next_worker_goes_on_after_the_last_batch(register: Callable[..., str]) -> None:
    starts = []

    def work(run: Run) -> None:
        starts.append(run.cursor.get("at", 0))
        for at in range(starts[-1], 5):
            with run.batch():
                Group.objects.create(name=counting.name_of(at))
                run.cursor["at"] = at + 1
                run.advance(at + 1, 5)
                if at == 3 and len(starts) == 1:
                    raise Crash

    job = start(register(work))
    with pytest.raises(Crash):
        running.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.cursor, job.done, counting.counted()) == ("running", {"at": 3}, 3, numbers(3))
    assert running.run(job.pk) is False
    Job.objects.update(lease_until=timezone.now())
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.attempts, starts) == ("finished", 2, [0, 3])
    assert counting.counted() == numbers(5)


def test_work_that_fails_is_rolled_back_and_says_why() -> None:
    job = start(stumble=3)
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.ending, job.error) == ("failed", "", "That number is not to be counted.")
    assert counting.counted() == []


def test_details_of_an_unexpected_error_are_only_in_the_log(register: Callable[..., str], caplog: Any) -> None:
    def work(run: Run) -> None:
        raise ValueError("a detail for programmers")

    job = start(register(work))
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.error) == (
        "failed",
        "Something unexpected went wrong; the system administrator finds it in the log.",
    )
    assert "ValueError: a detail for programmers" in caplog.text


def test_a_job_of_an_unknown_kind_fails_in_words() -> None:
    job = start("nobody.knows")
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.error) == (
        "failed",
        "This version of the console does not know what to do here: the job is of another version.",
    )


def test_cancelling_works_between_batches_and_undoes_what_was_done(register: Callable[..., str], rosa: Any) -> None:
    def work(run: Run) -> None:
        for number in range(5):
            with run.batch():
                Group.objects.create(name=counting.name_of(number))
                run.cursor["at"] = number + 1
            if number == 2:
                starting.cancel(run.job, by=rosa)

    job = start(register(work, roll_back=counting.uncount))
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.error, job.cursor) == ("cancelled", "", {"at": 0})
    assert counting.counted() == []


def test_cancelling_is_noticed_by_work_that_only_sends_heartbeats(
    register: Callable[..., str], rosa: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("ops.jobs.run.HEARTBEAT_EVERY", 0.0)

    def work(run: Run) -> None:
        starting.cancel(run.job, by=rosa)
        run.beat(1)
        pytest.fail("Cancelled work goes no further.")

    job = start(register(work))
    run_all_jobs()
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_rolling_back_resumes_after_a_crash(register: Callable[..., str]) -> None:
    crashes = [Crash(), None]

    def roll_back(run: Run) -> None:
        with run.batch():
            Group.objects.filter(name=counting.name_of(2)).delete()
            run.cursor["at"] = 2
        if crash := crashes.pop(0):
            raise crash
        counting.uncount(run)

    job = start(register(counting.count, roll_back=roll_back), stumble=3)
    with pytest.raises(Crash):
        run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.ending, job.error) == ("running", "failed", counting.SORRY)
    assert counting.counted() == numbers(2)
    Job.objects.update(lease_until=timezone.now())
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.error, counting.counted()) == ("failed", counting.SORRY, [])


def test_a_rollback_that_fails_is_tried_again_later(register: Callable[..., str], caplog: Any) -> None:
    full = [database_error(FULL), None]

    def roll_back(run: Run) -> None:
        if error := full.pop(0):
            raise error
        counting.uncount(run)

    job = start(register(counting.count, roll_back=roll_back), stumble=3)
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.ending, counting.counted()) == ("running", "failed", numbers(3))
    assert job.lease_until and job.lease_until > timezone.now()
    assert "is not rolled back yet" in caplog.text
    Job.objects.update(lease_until=timezone.now())
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.error, counting.counted()) == ("failed", counting.SORRY, [])


def test_a_job_whose_workers_keep_dying_fails_and_is_rolled_back() -> None:
    job = start(to=3)
    Job.objects.update(cursor={"at": 2})
    Group.objects.bulk_create(Group(name=name) for name in numbers(2))
    for _ in range(5):
        die(job)
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, counting.counted()) == ("failed", [])
    assert job.error == (
        "The worker died 5 times in a row at this work, perhaps for lack of memory; "
        "the system administrator finds details in the system log."
    )


def test_a_job_whose_rollback_keeps_killing_workers_ends_as_failed(rosa: Any) -> None:
    """Otherwise it would be claimed forever, and kill one worker after another."""
    job = start(stumble=3)
    with dying_rollback() as deaths:
        for _ in range(7):
            with suppress(Crash):
                run_all_jobs()
            Job.objects.filter(state="running").update(lease_until=timezone.now())
    job.refresh_from_db()
    assert (len(deaths), job.state, job.ending, job.error) == (5, "failed", "failed", counting.SORRY)
    assert job.ended_at is not None and counting.counted() == numbers(3)
    assert progress.rollback_failure(job) == (
        "What had been done could not be taken back: the worker died 5 times in a row while trying, perhaps for lack "
        "of memory. The system administrator finds details in the system log. A part of it may still be there, until "
        "somebody resumes the job."
    )
    starting.retry(job, by=rosa)
    assert (job.state, job.ending, job.cursor) == ("queued", "failed", {"at": 3})
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.ending, job.error, counting.counted()) == ("failed", "", counting.SORRY, [])
    assert progress.rollback_failure(job) == ""
    starting.retry(job, by=rosa)  # from the beginning
    assert (job.cursor, job.error, job.started_at) == ({}, "", None)


def test_a_resumed_rollback_of_a_cancelled_job_ends_as_cancelled(rosa: Any) -> None:
    job = start()
    Job.objects.update(cursor={"at": 2}, started_at=timezone.now(), cancel_requested_at=timezone.now())
    Group.objects.bulk_create(Group(name=name) for name in numbers(2))
    with dying_rollback():
        for _ in range(7):
            with suppress(Crash):
                run_all_jobs()
            Job.objects.filter(state="running").update(lease_until=timezone.now())
    job.refresh_from_db()
    assert (job.state, job.ending, job.error) == ("failed", "cancelled", "")
    starting.retry(job, by=rosa)
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.ending, counting.counted()) == ("cancelled", "", [])


def test_deaths_at_work_do_not_count_for_the_rollback() -> None:
    """The rollback of a job that failed because its workers died gets as many attempts again."""
    job = start(to=3)
    for _ in range(5):
        die(job)
    with dying_rollback() as deaths, suppress(Crash):
        run_all_jobs()
    job.refresh_from_db()
    assert (len(deaths), job.state, job.ending, job.attempts_without_progress) == (1, "running", "failed", 1)


def test_an_error_while_rolling_back_does_not_count_as_a_death(register: Callable[..., str]) -> None:
    """A disk may be full for an hour: the rollback is tried again until it succeeds, even after some progress."""
    full = [database_error(FULL)] * 9

    def roll_back(run: Run) -> None:
        if len(full) == 5:
            with run.batch():
                run.cursor["seen"] = True
        if full:
            raise full.pop()
        counting.uncount(run)

    job = start(register(counting.count, roll_back=roll_back), stumble=3)
    for _ in range(10):
        run_all_jobs()
        Job.objects.filter(state="running").update(lease_until=timezone.now())
    job.refresh_from_db()
    assert (job.state, job.ending, counting.counted()) == ("failed", "", [])


def test_stored_progress_resets_the_count_of_deaths() -> None:
    job = start()
    for number in range(5):
        die(job)
        Job.objects.update(attempts_without_progress=1)
        Job.objects.update(lease_until=None)
        run = Run(claim(job))
        with run.batch():
            run.advance(number + 1)
        Job.objects.update(lease_until=timezone.now())
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("finished", 11)


def test_batches_without_progress_do_not_reset_the_count_of_deaths() -> None:
    """Some work stores a batch at each attempt only to find out how far it is."""
    job = start()
    for _ in range(5):
        with Run(claim(job)).batch():
            pass
        Job.objects.update(lease_until=timezone.now())
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.error.split(" at ")[0]) == ("failed", "The worker died 5 times in a row")


def test_a_transient_error_is_tried_again_from_the_last_batch(
    register: Callable[..., str], monkeypatch: Any, caplog: Any
) -> None:
    monkeypatch.setattr(running, "RETRY_PAUSES", (0.0, 0.0))
    raised = [database_error(LOCKED), database_error(LOCKED), None] * 2

    def work(run: Run) -> None:
        for number in range(run.cursor.get("at", 0), 2):
            with run.batch():
                Group.objects.create(name=counting.name_of(number))
                run.cursor["at"] = number + 1
                if error := raised.pop(0):
                    raise error

    job = start(register(work))
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.attempts, counting.counted()) == ("finished", 1, numbers(2))
    assert "OperationalError; trying again." in caplog.text


def test_a_database_that_restarts_is_waited_for(register: Callable[..., str], monkeypatch: Any) -> None:
    waited: list[float] = []
    monkeypatch.setattr(Run, "wait", lambda run, seconds: waited.append(seconds))

    def work(run: Run) -> None:
        if sum(waited) < 25:
            raise database_error(LOST)

    job = start(register(work))
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.error) == ("finished", "")


def test_a_persistent_error_ends_in_a_sentence(register: Callable[..., str], monkeypatch: Any) -> None:
    monkeypatch.setattr(running, "RETRY_PAUSES", (0.0, 0.0))

    def work(run: Run) -> None:
        with run.batch():
            raise database_error(LOCKED)

    job = start(register(work))
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.error) == (
        "failed",
        "Another program is writing to the database: try again when it is done.",
    )


def test_a_full_disk_is_not_tried_again(register: Callable[..., str]) -> None:
    tries = []

    def work(run: Run) -> None:
        tries.append(1)
        raise database_error(FULL)

    job = start(register(work))
    run_all_jobs()
    job.refresh_from_db()
    assert job.error == "The disk is full, or the room for temporary files is: make room and try again."
    assert len(tries) == 1


def test_a_query_that_takes_too_long_is_not_tried_again(register: Callable[..., str]) -> None:
    tries = []

    def work(run: Run) -> None:
        tries.append(1)
        raise database_error(TOO_SLOW)

    job = start(register(work))
    run_all_jobs()
    job.refresh_from_db()
    assert job.error.startswith("The database stopped a query that took too long: ")
    assert len(tries) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("code", [LOCKED, TOO_SLOW])
def test_a_heartbeat_that_cannot_be_stored_is_skipped(monkeypatch: Any, caplog: Any, code: str) -> None:
    monkeypatch.setattr("ops.jobs.run.HEARTBEAT_EVERY", 0.0)
    run = Run(claim(start()))

    def renew(*args: Any, **changes: Any) -> None:
        raise database_error(code)

    with monkeypatch.context() as patch:
        patch.setattr(leases, "renew", renew)
        run.beat(1)
    assert "a heartbeat could not be stored (OperationalError)" in caplog.text


@pytest.mark.skipif(connection.vendor != "sqlite", reason="Only SQLite limits the size of its file.")
def test_a_disk_that_fills_up_leaves_nothing_half_written(register: Callable[..., str]) -> None:
    def work(run: Run) -> None:
        for number in range(3):
            with run.batch():
                Group.objects.bulk_create(
                    Group(name=f"number {number} {'x' * 100} {one}") for one in range((500 + free) * number)
                )
                run.cursor["at"] = number + 1

    def roll_back(run: Run) -> None:
        with run.batch():
            Group.objects.filter(name__startswith="number").delete()

    job = start(register(work, roll_back=roll_back))
    with connection.cursor() as cursor:
        # Pages that other tests left free are filled as well: a page has room for at most 40 of these rows.
        free = 40 * cursor.execute("PRAGMA freelist_count").fetchone()[0]
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        most = cursor.execute("PRAGMA max_page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages + 60}")
        try:
            run_all_jobs()
        finally:
            cursor.execute(f"PRAGMA max_page_count = {most}")
    job.refresh_from_db()
    assert (job.state, counting.counted()) == ("failed", [])
    assert job.error == "The disk is full, or the room for temporary files is: make room and try again."


def test_a_worker_that_is_to_end_gives_its_job_back_between_batches(
    register: Callable[..., str], monkeypatch: Any
) -> None:
    def work(run: Run) -> None:
        with run.batch():
            run.cursor["at"] = 1
        monkeypatch.setattr(stop, "requested", True)
        with run.batch():
            pytest.fail("A worker that is to end begins no batch.")

    job = start(register(work))
    running.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.lease_token, job.lease_until, job.cursor) == ("running", None, None, {"at": 1})
    # The worker did not die, so this attempt does not count.
    assert (job.attempts, job.attempts_without_progress) == (0, 0)


@pytest.mark.parametrize("error", [database_error(LOCKED), LeaseLost()])
def test_a_job_that_cannot_be_released_is_claimed_when_its_lease_is_over(
    monkeypatch: Any, caplog: Any, error: Exception
) -> None:
    """A page that hands over its work must not fail because of it, and no database error is stored with the task."""

    def release(job: Job) -> None:
        raise error

    job = start()
    monkeypatch.setattr(leases, "release", release)
    monkeypatch.setattr(starting, "IN_THE_REQUEST", 0.0)
    starting.do_here(job)
    assert (job.state, job.lease_token is None) == ("running", False)
    Job.objects.update(lease_until=timezone.now())
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, counting.counted()) == ("finished", numbers(5))


def test_work_that_begins_again_finds_the_cursor_of_the_last_batch(
    register: Callable[..., str], monkeypatch: Any
) -> None:
    monkeypatch.setattr(running, "RETRY_PAUSES", (0.0,))
    found = []

    def work(run: Run) -> None:
        found.append((dict(run.cursor), run.done))
        if len(found) == 1:
            with run.batch():
                run.cursor["at"] = 1
                run.advance(1)
            run.cursor["at"] = 2
            run.beat(2)
            raise database_error(LOCKED)

    start(register(work))
    run_all_jobs()
    assert found == [({}, 0), ({"at": 1}, 1)]


def test_work_has_its_requester_as_editor_and_the_action_of_the_request(
    register: Callable[..., str], rosa: Any
) -> None:
    seen: list[Any] = []

    def work(run: Run) -> None:
        seen.extend((run.requester, current_editor(), context.current().action))

    with context.one_action() as facts:
        starting.start(register(work), requester=rosa, title="Counting", params={})
    run_all_jobs()
    assert seen == [rosa, rosa, facts.action]


def test_a_long_batch_is_written_to_the_log(monkeypatch: Any, caplog: Any) -> None:
    monkeypatch.setattr("ops.jobs.run.LONG_BATCH", 0.0)
    caplog.set_level(logging.WARNING)
    with Run(claim(start())).batch():
        pass
    assert re.search(r"\(test\.count\): a batch took \d+\.\d s\.", caplog.text)


@pytest.mark.django_db(transaction=True)
def test_a_batch_is_refused_within_another_transaction() -> None:
    run = Run(claim(start()))
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic(), run.batch():
        pytest.fail("What is stored with the cursor must not fall with somebody else's transaction.")


def test_a_cancelled_job_is_not_cancelled_again_while_it_is_rolled_back(rosa: Any) -> None:
    job = start()
    claimed = claim(job)
    starting.cancel(job, by=rosa)
    run = Run(claimed)
    with pytest.raises(Cancelled), run.batch():
        pytest.fail("A cancelled job begins no batch.")
    leases.start_rollback(claimed, Job.Ending.CANCELLED, "")
    with run.batch():
        run.cursor["at"] = 0


def test_a_run_out_of_time_ends_at_its_next_batch() -> None:
    run = Run(claim(start()), seconds=0)
    with pytest.raises(HandOver), run.batch():
        pytest.fail("The time is used up.")
    with pytest.raises(HandOver):
        run.beat()


def test_finished_work_is_stored_before_a_run_ends() -> None:
    job = start()
    run = Run(claim(job), seconds=0)
    with run.batch(work_is_done=True):
        run.cursor["at"] = 1
    with pytest.raises(HandOver):
        run.beat()
    job.refresh_from_db()
    assert job.cursor == {"at": 1}


def test_jobs_fail_with_the_sentence_they_are_given() -> None:
    assert str(JobFailed("It rained.")) == "It rained."


def test_work_uses_the_language_of_its_requester(register: Callable[..., str], dora: Any) -> None:
    dora.language = "de"
    dora.save()
    kind = register(lambda run: {"day": gettext("Monday")})
    with override_settings(LANGUAGES=[("en", "English"), ("de", "German")]):
        job = starting.start(kind, requester=dora, title="Counting", params={})
        run_all_jobs()
    job.refresh_from_db()
    assert job.result == {"day": "Montag"}
