"""Starting jobs, in the request or for a worker; cancelling and retrying them; finding forgotten ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from ops.audit.events import choices
from ops.audit.models import Entry
from ops.jobs import leases, running, starting
from ops.jobs.events import JobEvent
from ops.jobs.models import Job
from ops.jobs.run import Run, stop
from ops.jobs.tests import counting
from ops.jobs.tests.working import run_all_jobs
from ops.jobs.worker import tasks

pytestmark = pytest.mark.django_db


def start(kind: str = counting.NAME, **rest: Any) -> Job:
    return starting.start(kind, **{"requester": None, "title": "Counting", "params": {"to": 3}, **rest})


def kicked() -> list[str]:
    """Return the ids of the jobs for which the queue wakes workers."""
    return [args["args"][0] for args in DBTaskResult.objects.values_list("args_kwargs", flat=True)]


def later(seconds: float) -> Any:
    return timezone.now() + timedelta(seconds=seconds)


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_woken_when_the_job_is_stored_for_good() -> None:
    with transaction.atomic():
        job = start()
        assert kicked() == []
    assert kicked() == [str(job.pk)]


@pytest.mark.django_db(transaction=True)
def test_a_kick_does_the_job_once() -> None:
    job = start()
    tasks.run_job.call(str(job.pk))
    tasks.run_job.call(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("finished", 1)


@pytest.mark.django_db(transaction=True)
def test_small_work_ends_within_the_request() -> None:
    job = start(here=True)
    assert (job.state, job.result, kicked()) == ("finished", {"counted": 3}, [])


@pytest.mark.django_db(transaction=True)
def test_larger_work_is_handed_over_to_a_worker(monkeypatch: Any) -> None:
    monkeypatch.setattr(starting, "IN_THE_REQUEST", 0.0)
    job = start(here=True)
    assert (job.state, job.lease_token, kicked()) == ("running", None, [str(job.pk)])
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("finished", 1)


@pytest.mark.django_db(transaction=True)
def test_work_in_the_request_is_refused_within_a_transaction() -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        start(here=True)
    assert not Job.objects.exists()


def test_titles_that_are_too_long_are_cut() -> None:
    assert len(start(title="x" * 300).title) == 255


@pytest.mark.django_db(transaction=True)
def test_a_command_does_its_job_itself() -> None:
    job = start(kick=False)
    assert kicked() == []
    assert starting.run_now(job).state == "finished"


@pytest.mark.django_db(transaction=True)
def test_ctrl_c_cancels_what_a_command_does_and_rolls_it_back(register: Callable[..., str]) -> None:
    def work(run: Run) -> None:
        with run.batch():
            Group.objects.create(name=counting.name_of(0))
            run.cursor["at"] = 1
        raise KeyboardInterrupt

    job = start(register(work, roll_back=counting.uncount), kick=False)
    with pytest.raises(KeyboardInterrupt):
        starting.run_now(job)
    job.refresh_from_db()
    assert (job.state, counting.counted()) == ("cancelled", [])


def test_a_waiting_job_is_cancelled_at_once(rosa: Any) -> None:
    job = start()
    starting.cancel(job, by=rosa)
    assert (job.state, job.started_at) == ("cancelled", None)
    assert run_all_jobs() == []


def test_a_cancelled_job_cannot_be_cancelled_again(rosa: Any) -> None:
    job = start()
    starting.cancel(job, by=rosa)
    with pytest.raises(starting.NotPossible) as refusal:
        starting.cancel(job, by=rosa)
    assert str(refusal.value) == "This is over, or being cancelled, already."


def test_a_failed_job_starts_again_from_its_beginning(rosa: Any) -> None:
    job = start(params={"to": 3, "stumble": 2})
    run_all_jobs()
    Job.objects.update(params={"to": 3})
    job.refresh_from_db()
    starting.retry(job, by=rosa)
    assert (job.state, job.error, job.cursor, job.done, job.attempts) == ("queued", "", {}, 0, 0)
    assert (job.ended_at, job.cancel_requested_at) == (None, None)
    run_all_jobs()
    job.refresh_from_db()
    assert (job.state, job.result) == ("finished", {"counted": 3})


def test_a_finished_job_is_not_started_again(rosa: Any) -> None:
    job = start()
    run_all_jobs()
    job.refresh_from_db()
    with pytest.raises(starting.NotPossible) as refusal:
        starting.retry(job, by=rosa)
    assert str(refusal.value) == "Only what failed or was cancelled can be tried again."


def test_two_clicks_start_a_job_again_once(rosa: Any) -> None:
    job = start()
    starting.cancel(job, by=rosa)
    again = Job.objects.get(pk=job.pk)
    starting.retry(again, by=rosa)
    with pytest.raises(starting.NotPossible) as refusal:
        starting.retry(job, by=rosa)
    assert str(refusal.value) == "This was started again already."


def test_a_kind_says_why_its_job_cannot_be_started_again(register: Callable[..., str], rosa: Any) -> None:
    job = start(register(lambda run: None, why_no_retry=lambda job: "The file is gone: bring it again."))
    starting.cancel(job, by=rosa)
    with pytest.raises(starting.NotPossible) as refusal:
        starting.retry(job, by=rosa)
    assert str(refusal.value) == "The file is gone: bring it again."


def test_cancelling_and_starting_again_are_recorded(rosa: Any) -> None:
    job = start(title="Import of messages.csv")
    starting.cancel(job, by=rosa)
    starting.retry(job, by=rosa)
    entries = Entry.objects.filter(target_type="jobs.job").order_by("pk")
    facts = ("rosa", str(job.pk), "Import of messages.csv")
    assert list(entries.values_list("event", "actor_name", "target_id", "target_label")) == [
        (JobEvent.JOB_CANCELLED, *facts),
        (JobEvent.JOB_RETRIED, *facts),
    ]
    assert {*JobEvent.choices} <= {*choices()}


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_kick_got_lost_is_found() -> None:
    job = start(kick=False)
    assert starting.kick(timezone.now()) == 0
    assert starting.kick(later(31)) == 1
    assert kicked() == [str(job.pk)]


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_worker_died_is_found_when_its_lease_is_over() -> None:
    job = start(kick=False)
    leases.claim(job.pk, now=timezone.now())
    assert starting.kick(later(29)) == 0
    assert starting.kick(later(31)) == 1
    # The queue does not fill up with tasks for one job.
    assert starting.kick(later(32)) == 0
    assert starting.kick(later(62)) == 1


@pytest.mark.django_db(transaction=True)
def test_a_job_that_was_given_back_is_found_at_once(monkeypatch: Any) -> None:
    job = start(kick=False)
    monkeypatch.setattr(stop, "requested", True)
    running.run(job.pk)
    assert starting.kick(timezone.now()) == 1


def test_ended_jobs_are_left_alone() -> None:
    start()
    run_all_jobs()
    assert starting.kick(later(3_600)) == 0


@pytest.mark.django_db(transaction=True)
def test_a_queue_that_is_away_loses_no_job(monkeypatch: Any, caplog: Any, settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "ops.jobs.tests.no_such.Backend"}}
    job = start()
    assert "the queue cannot be reached; it is asked again soon." in caplog.text
    assert "Traceback" not in caplog.text
    assert Job.objects.get() == job
