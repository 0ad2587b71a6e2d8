"""Larger exports are made by a job: each row once, even if workers die, and kept for a day for one person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from messaging.models import Message, MessageHistory
from messaging.tests.cast import make_user
from messaging.tests.conversations import write
from ops.audit.models import Entry
from ops.exports import contents, jobs, requests
from ops.exports.events import ExportEvent
from ops.exports.models import Export
from ops.exports.tests.exporting import NOW, WHY, content_of, exported
from ops.files import private_files
from ops.imports import own_ids
from ops.jobs import running, starting
from ops.jobs.models import Job
from ops.jobs.run import Run
from ops.jobs.tests.working import run_all_jobs


@pytest.fixture(autouse=True)
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every export a large one, read in ranges of 5."""
    monkeypatch.setattr("ops.exports.requests.STREAM_LIMIT", 0)
    monkeypatch.setattr("ops.exports.rows.FIRST_RANGE", 5)
    monkeypatch.setattr("ops.exports.rows.QUICK", 0.0)


@pytest.fixture
def stored(db: Any) -> list[Message]:
    alice, bob = make_user("alice"), make_user("bob")
    # Keys start from 1: PostgreSQL's sequence continues from test to test, and ranges of 5 have to reach them.
    return [write(alice, bob, f"text {number}", minute=number, pk=number + 1) for number in range(23)]


def submitted(by: Any, **options: Any) -> Export:
    draft = requests.draft(by=by, scope=Export.Scope.MESSAGES, reason=WHY, now=NOW, **options)
    return requests.submit(draft)


def queued(export: Export) -> Job:
    """Return the job of an export, which no worker has taken up yet."""
    Export.objects.filter(pk=export.pk).update(file=private_files.new_name(contents.suffix(export)))
    params = {"export": str(export.pk)}
    job = starting.start(requests.KIND, requester=export.by, title="Export", params=params, total=export.rows)
    Export.objects.filter(pk=export.pk).update(job=job)
    return job


def file_content(export: Export) -> bytes:
    export.refresh_from_db()
    return private_files.path(export.file).read_bytes()


def test_a_job_and_a_stream_make_the_same_bytes(
    dora: Any, stored: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_a_job = exported(dora)
    monkeypatch.setattr("ops.exports.requests.STREAM_LIMIT", 1_000)
    assert by_a_job == exported(dora)
    assert by_a_job.count(b"\n") == 24


def test_a_finished_export_has_rows_size_and_expiry(dora: Any, stored: list[Message]) -> None:
    export = submitted(dora)
    content = content_of(export)
    export.refresh_from_db()
    assert (export.rows, export.size) == (23, len(content))
    assert export.expires_at is not None
    assert timedelta(hours=23) < export.expires_at - timezone.now() <= timedelta(hours=24)
    assert export.file_name == "messages-dora-2026-11-22-2130.csv"
    job = export.job
    assert job is not None
    assert (job.state, job.done, job.total, job.requester) == ("finished", 23, 23, dora)
    assert job.title == "Export of messages-dora-2026-11-22-2130.csv"


def test_files_are_private_and_no_parts_are_left(dora: Any, stored: list[Message], folder: Any) -> None:
    exported(dora, histories=True, format=Export.Format.XLSX)
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


class Killed(BaseException):
    """Raised by a test where a worker dies."""


def dying_after(batches: int) -> Any:
    """Return a Run.batch for a worker that dies after this number of batches."""
    left, stored = [batches], Run.batch

    def batch(run: Run, **how: Any) -> Any:
        if not left[0]:
            raise Killed
        left[0] -= 1
        return stored(run, **how)

    return batch


def run_and_die(job: Job) -> None:
    try:
        running.run(job.pk)
    except Killed:
        Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize("asked_for", [{}, {"histories": True}, {"format": Export.Format.JSON_LINES}])
def test_the_next_worker_resumes_after_the_last_range(
    dora: Any, stored: list[Message], monkeypatch: pytest.MonkeyPatch, asked_for: Any
) -> None:
    stored[3].content = "changed"
    stored[3].save()
    MessageHistory.objects.update(id=1)
    calm = exported(dora, **asked_for)
    export = submitted(dora, **asked_for)
    job = queued(export)
    taken_up = 0
    while job.state != Job.State.FINISHED and taken_up < 40:
        with monkeypatch.context() as patch:
            patch.setattr(Run, "batch", dying_after(2))
            run_and_die(job)
        job.refresh_from_db()
        taken_up += 1
    assert taken_up > 2
    assert file_content(export) == calm


@pytest.fixture
def given_back(dora: Any, stored: list[Message], monkeypatch: pytest.MonkeyPatch) -> tuple[Export, Job]:
    """An export whose worker ran out of time while it wrote the second range, and gave the job back."""
    export = submitted(dora)
    job = queued(export)
    with monkeypatch.context() as patch:
        patch.setattr(Run, "must_end", property(lambda run: run.done > 5))
        running.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done) == (Job.State.RUNNING, 10)
    return export, job


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are copied from now on."""
    names: list[str] = []

    def copied(name: str, *more: Any, copy: Any = jobs._copy) -> Any:
        names.append(name)
        return copy(name, *more)

    monkeypatch.setattr(jobs, "_copy", copied)
    return names


def test_a_returned_job_is_continued_in_place(
    given_back: tuple[Export, Job], copies: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    export, job = given_back
    read = []

    def lines(file: contents.File, after: int, *more: Any, found: Any = contents.File.lines) -> Any:
        read.append(after)
        return found(file, after, *more)

    monkeypatch.setattr(contents.File, "lines", lines)
    running.run(job.pk)
    assert (read, copies) == ([10, 15, 20], [])
    assert file_content(export) == exported(export.by)


def test_the_file_is_copied_after_a_worker_that_continued_it_died(
    given_back: tuple[Export, Job], copies: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That worker may only seem dead, and continue writing."""
    export, job = given_back
    with monkeypatch.context() as patch:
        patch.setattr(Run, "batch", dying_after(1))
        run_and_die(job)
    running.run(job.pk)
    assert len(copies) == 1
    assert file_content(export) == exported(export.by)


def test_an_export_restarts_if_its_file_is_too_short(given_back: tuple[Export, Job]) -> None:
    export, job = given_back
    private_files.path(job.cursor["file"]).write_bytes(b"external")
    running.run(job.pk)
    assert file_content(export) == exported(export.by)


def test_an_export_restarts_if_its_file_is_missing(dora: Any, stored: list[Message]) -> None:
    calm = exported(dora)
    export = submitted(dora)
    job = queued(export)
    Job.objects.filter(pk=job.pk).update(
        cursor={"made": [], "file": private_files.new_name("part"), "size": 99, "rows": 5, "after": stored[4].pk}
    )
    run_all_jobs()
    assert file_content(export) == calm


def test_output_after_the_last_range_is_discarded(dora: Any, stored: list[Message]) -> None:
    calm = exported(dora)
    head = calm[: calm.index(f'"{own_ids.prefix()}{stored[5].pk}"'.encode())]
    export = submitted(dora)
    job = queued(export)
    export.refresh_from_db()
    part = private_files.beside(export.file, "dead.part")
    private_files.path(part).write_bytes(head + b"half a li")
    cursor = {"made": [], "file": part, "size": len(head), "rows": 5, "after": stored[4].pk}
    Job.objects.filter(pk=job.pk).update(cursor=cursor)
    run_all_jobs()
    assert file_content(export) == calm
    assert not private_files.exists(part)


def test_an_export_is_complete_after_the_last_batch(dora: Any, stored: list[Message], folder: Any) -> None:
    """Its partial file may still exist: the next worker removes it."""
    export = submitted(dora)
    content = content_of(export)
    export.refresh_from_db()
    private_files.path(private_files.beside(export.file, "dead.part")).write_bytes(content)
    Job.objects.filter(requester=dora).update(state=Job.State.RUNNING, ended_at=None, lease_until=None)
    (job,) = run_all_jobs()
    assert (job.state, job.result) == ("finished", {"rows": 23, "size": len(content)})
    assert file_content(export) == content
    assert [file.name for file in folder.iterdir()] == [export.file]


def test_a_cancelled_export_leaves_no_file(
    dora: Any, stored: list[Message], monkeypatch: pytest.MonkeyPatch, folder: Any
) -> None:
    export = submitted(dora)
    job = queued(export)

    def batch(run: Run, stored: Any = Run.batch, **how: Any) -> Any:
        if run.done > 9:
            Job.objects.filter(pk=job.pk).update(cancel_requested_at=timezone.now())
        return stored(run, **how)

    monkeypatch.setattr(Run, "batch", batch)
    run_all_jobs()
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert list(folder.iterdir()) == []


def test_losing_the_permission_fails_the_job_with_a_sentence(dora: Any, stored: list[Message], folder: Any) -> None:
    job = queued(submitted(dora))
    dora.user_permissions.remove(Permission.objects.get(codename="export_messages"))
    run_all_jobs()
    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert job.error == "You may not export this (any more): ask an administrator."
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_text_that_became_too_long_fails_the_job_with_a_sentence(
    dora: Any, stored: list[Message], folder: Any
) -> None:
    job = queued(submitted(dora, format=Export.Format.XLSX))
    Message.objects.filter(pk=stored[9].pk).update(content="\U0001f600" * 17_000)  # two code units each in UTF-16
    run_all_jobs()
    job.refresh_from_db()
    assert job.error == "An Excel cell holds at most 32,767 characters, and a text here is longer: export it as CSV."
    assert list(folder.iterdir()) == []


def test_an_export_made_by_a_job_is_recorded_once(dora: Any, stored: list[Message]) -> None:
    content_of(submitted(dora))
    assert Entry.objects.filter(event=ExportEvent.MESSAGES_EXPORTED).count() == 1
