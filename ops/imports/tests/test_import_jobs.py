"""The jobs of an import: a file is checked, stored or taken back whole, even if workers die at any moment."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from messaging.models import Message
from messaging.tests.conversations import answer, write
from ops.audit.models import Entry
from ops.files import private_files
from ops.imports import steps
from ops.imports.events import ImportEvent
from ops.imports.models import Import
from ops.imports.storing import people, plan
from ops.imports.tests.files import row
from ops.imports.tests.importing import (
    Death,
    at_batch,
    brought,
    checked,
    do,
    everything,
    preview,
    problems,
    rolled_back,
    stored_import,
)
from ops.jobs import pacing, starting
from ops.jobs.models import Job
from ops.jobs.run import Cancelled, JobFailed
from ops.jobs.tests.working import run_all_jobs

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folder")]
State = Import.State
THREADS = [
    row("1"),
    row("2", "1", sender="carol"),
    row("3", "2"),
    row("4"),
    row("5", "old", sender="dora", edited="true", read="yes"),
    row("6", "5"),
    row("7", "1"),
    row("8", "7"),
    row("9", "old", receiver="carol"),
    row("", content="no id"),
]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use two rows a batch, so that small files have many batches."""
    monkeypatch.setattr(plan, "PIECE", 2)
    monkeypatch.setattr(pacing, "BATCH_SECONDS", 0)
    monkeypatch.setattr(people, "USERS", 1)


@pytest.fixture
def old(alice: Any, bob: Any) -> Message:
    """A message that is already stored, with an answer."""
    message = write(alice, bob, external_id="old")
    answer(message, external_id="reply")
    return message


def other_words() -> tuple[str, ...]:
    """Return a row that changes the text of the stored answer."""
    sent = Message.objects.get(external_id="reply").timestamp.isoformat()
    return row("reply", "old", sender="bob", receiver="alice", timestamp=sent, content="other words")


def test_a_check_previews_the_import_and_stores_nothing(old: Message, rita: Any) -> None:
    before = everything()
    import_ = checked(*THREADS, row("11", sender="nobody\u202e", content="x\u200b" * 400), by=rita, create_users=True)
    assert everything() == before
    assert import_.state == State.CHECKED
    assert import_.understood == {
        "format": "CSV",
        "encoding": "UTF-8",
        "separator": ",",
        "description": "read as UTF-8, separated by commas",
        "time_zone": "UTC",
        "dates": "",
        "no_read": False,
        "headers": [
            "external_id",
            "parent_external_id",
            "sender",
            "receiver",
            "timestamp",
            "edited",
            "read",
            "content",
        ],
        "complete": True,
    }
    expected = {"rows": 11, "new": 10, "changed": 0, "unchanged": 0, "repeated": 0, "rejected": 1, "errors": 1}
    assert {name: import_.counts[name] for name in expected} == expected
    more = {"users": 2, "conversations": 3, "replies": 7, "warnings": 0, "notices": 0, "cures": {}}
    assert {name: import_.counts[name] for name in more} == more
    assert problems(import_) == [
        "row 12, sender: The username holds a character that cannot be seen (U+202E): remove it."
    ]
    first = preview(import_)["first"]
    assert [(one["row"], one["state"]) for one in first] == [
        *((number, "new") for number in range(2, 12)),
        (12, "faulty"),
    ]
    assert (first[4]["timestamp"], first[4]["edited"], first[4]["parent_external_id"]) == (
        "2026-01-05T10:00:00+00:00",
        "true",
        "old",
    )
    assert (len(first[10]["content"]), first[10]["cut"], first[10]["marked"]) == (500, True, True)
    assert (first[0]["cut"], first[0]["marked"]) == (False, False)


def test_a_checked_file_is_stored_and_then_deleted(old: Message, rita: Any) -> None:
    import_ = checked(*THREADS, by=rita, create_users=True)
    job = do(steps.store(import_, by=rita, kick=False))
    import_.refresh_from_db()
    outcome = {"messages": 10, "replies": 7, "conversations": 3, "users": 2, "changed": 0, "rejected": 0}
    assert (job.state, job.done, job.total) == (Job.State.FINISHED, 10, 10)
    assert (import_.state, import_.outcome, import_.upload) == (
        State.STORED,
        {**outcome, "joined_conversations": [old.conversation_id]},
        "",
    )
    assert job.result == {**outcome, "batch": str(import_.pk)}
    assert list(private_files.path("0" * 32 + ".csv").parent.iterdir()) == []
    entry = Entry.objects.get(event="import.made")
    assert (entry.actor_id, entry.details["batch"], entry.details["messages"]) == (rita.pk, str(import_.pk), 10)
    five = Message.objects.get(external_id="5")
    assert (five.edited, five.read, five.parent_message, five.conversation) == (True, True, old, old.conversation)
    assert five.pk == (import_.message_base or 0) + 6
    assert import_.message_base is not None


def test_a_file_without_the_needed_columns_is_checked_with_one_error(db: None) -> None:
    import_ = checked(content=b"id,who\n1,alice\n")
    assert (import_.state, import_.counts["errors"], import_.counts["cures"]) == (State.CHECKED, 1, {"columns": 1})
    assert import_.understood["headers"] == ["id", "who"]
    assert (import_.understood["unknown"], import_.understood["missing"][0]) == (["who"], "parent_external_id")
    with pytest.raises(steps.NotNow, match=r"^The file could not be read to its end"):
        steps.store(import_, by=None)


def test_only_a_checked_file_without_errors_can_be_stored_and_once(alice: Any, bob: Any) -> None:
    bad = checked(row("1", sender="nobody"))
    with pytest.raises(steps.NotNow, match=r"^Some rows have problems: correct the file, make another choice"):
        steps.store(bad, by=None)
    good = checked(row("1"))
    other_tab = Import.objects.get(pk=good.pk)
    job = steps.store(good, by=None, kick=False)
    for verb in (steps.store, steps.check, steps.undo):
        with pytest.raises(steps.NotNow):
            verb(other_tab, by=None)
    do(job)
    with pytest.raises(steps.NotNow, match=r"^This file is no longer available\. Upload it again\.$"):
        steps.check(other_tab, by=None)
    assert Message.objects.count() == 1


def test_new_problems_since_the_check_stop_the_import_before_its_first_row(alice: Any, bob: Any) -> None:
    import_ = checked(row("1"), row("2"))
    write(alice, bob, "something else", external_id="2")
    before = everything()
    job = do(steps.store(import_, by=None, kick=False))
    import_.refresh_from_db()
    assert (job.state, import_.state) == (Job.State.FINISHED, State.CHECKED)
    assert job.result["refused"] == "Nothing was imported: the file has problems. Look at them, and decide again."
    assert everything() == before
    assert problems(import_)[0].startswith("row 3, external_id: message 2 is already stored with different content")


def test_small_files_are_done_at_once_and_large_ones_by_a_worker(
    alice: Any, bob: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_ = brought(row("1"))
    assert steps.check(import_, by=None).state == Job.State.FINISHED
    assert steps.store(import_, by=None).state == Job.State.FINISHED
    monkeypatch.setattr(steps, "SMALL", 10)
    assert steps.check(brought(row("2")), by=None).state == Job.State.QUEUED


@pytest.mark.parametrize("committed", [False, True])
def test_a_worker_may_die_at_any_batch(old: Message, rita: Any, committed: bool) -> None:
    """Whether it dies right before a commit or right after, the next worker gets the same result, ids included."""
    changed = other_words()
    expected, batches, number = None, 1, 0
    while number <= batches:
        with rolled_back():
            import_ = brought(*THREADS, changed, by=rita, create_users=True, notify=True, existing="edit")
            job = steps.store(import_, by=rita, kick=False)
            with at_batch(number, Death(), committed=committed) as found, suppress(Death):
                do(job)
            batches = batches if number else len(found)
            do(job)
            assert (job.state, job.error) == (Job.State.FINISHED, "")
            base = Import.objects.get().message_base or 0
            ids = Message.objects.filter(pk__gt=base).values_list("external_id", "pk").order_by("pk")
            now = (everything(), [(name, pk - base) for name, pk in ids], {**job.result, "batch": ""})
            expected = expected or now
            assert now == expected, number
        number += 1
    assert batches > 8


@pytest.mark.parametrize("stop", ["cancelled", "failed"])
def test_an_import_stopped_at_any_batch_is_rolled_back(old: Message, rita: Any, stop: str) -> None:
    """Messages, accounts, texts, counts and edited flags are restored; the file can then be imported after all."""
    changed = other_words()
    before, batches, number = everything(), 9, 1
    removed: list[int] = []
    while number < batches:
        with rolled_back():
            import_ = brought(*THREADS, changed, by=rita, create_users=True, notify=True, existing="edit")
            job = steps.store(import_, by=rita, kick=False)
            error = Cancelled() if stop == "cancelled" else JobFailed("Somebody changed something.")
            with at_batch(number, error, committed=True):
                do(job)
            import_.refresh_from_db()
            assert (job.state, import_.state) == (stop, State.TAKEN_BACK)
            assert everything() == before, number
            assert import_.outcome["kept"] == []
            removed.append(import_.outcome["undo"]["conversations"])
            if number == 5:
                assert steps.check(import_, by=rita).state == Job.State.FINISHED
                assert steps.store(import_, by=rita).state == Job.State.FINISHED
                assert Message.objects.count() == 12
        number += 1
    assert max(removed) == 2  # as many as were stored


ENDS = pytest.mark.parametrize(
    ("verb", "left"), [("check", State.CHECKED), ("store", State.TAKEN_BACK), ("undo", State.STORED)]
)
MADE = {"check": brought, "store": checked, "undo": stored_import}


@ENDS
def test_an_import_whose_job_is_cancelled_before_it_began_can_continue(
    alice: Any, bob: Any, rita: Any, monkeypatch: pytest.MonkeyPatch, verb: str, left: str
) -> None:
    """It happens immediately, without a worker, and is not recorded as an undo."""
    import_ = MADE[verb](row("1"), by=rita)
    before, entries = everything(), Entry.objects.filter(event=ImportEvent.IMPORT_UNDONE)
    monkeypatch.setattr(steps, "SMALL", 0)
    monkeypatch.setattr(steps, "FEW", 0)
    job = getattr(steps, verb)(import_, by=rita)
    assert job.state == Job.State.QUEUED
    starting.cancel(job, by=rita)
    import_.refresh_from_db()
    assert (job.state, job.started_at, import_.state) == (Job.State.CANCELLED, None, left)
    assert (everything(), entries.count()) == (before, 0)
    assert verb == "store" or "undo" not in import_.outcome
    again = getattr(steps, "check" if verb == "store" else verb)(import_, by=rita)
    assert do(again).state == Job.State.FINISHED


@ENDS
def test_the_sweep_settles_imports_whose_job_was_cancelled_before_it_began(
    alice: Any, bob: Any, rita: Any, verb: str, left: str
) -> None:
    """Earlier versions left imports in this state: nothing was stored, and nobody could continue."""
    import_ = MADE[verb](row("1"), by=rita)
    before = everything()
    job = getattr(steps, verb)(import_, by=rita, kick=False)
    Job.objects.filter(pk=job.pk).update(state=Job.State.CANCELLED, ended_at=timezone.now())
    call_command("sweep_files", stdout=(output := io.StringIO()))
    assert output.getvalue() == "Rolling back imports that waited for a job that has ended: 1.\n"
    run_all_jobs()
    import_.refresh_from_db()
    job.refresh_from_db()
    assert (job.state, job.ended_at is not None, import_.state) == (Job.State.CANCELLED, True, left)
    assert everything() == before
    assert steps.release_stuck() == 0
    again = getattr(steps, "check" if verb == "store" else verb)(import_, by=rita)
    assert do(again).state == Job.State.FINISHED


def test_queued_and_properly_ended_jobs_are_left_alone(old: Message, rita: Any) -> None:
    under_way = steps.check(brought(row("1"), by=rita), by=rita, kick=False)
    stored_import(row("2"), by=rita)
    stopped = steps.store(brought(row("3"), by=rita), by=rita, kick=False)
    with at_batch(1, Cancelled()):
        do(stopped)
    assert stopped.state == Job.State.CANCELLED
    assert steps.release_stuck() == 0
    under_way.refresh_from_db()
    assert under_way.state == Job.State.QUEUED


def test_a_stuck_check_of_a_file_that_is_gone_is_settled_too(alice: Any, rita: Any) -> None:
    """The file of an erased person, for instance."""
    import_ = brought(row("1"), by=rita)
    job = steps.check(import_, by=rita, kick=False)
    Job.objects.filter(pk=job.pk).update(state=Job.State.CANCELLED, ended_at=timezone.now())
    Import.objects.update(upload="")
    assert steps.release_stuck() == 1
    run_all_jobs()
    import_.refresh_from_db()
    assert import_.state == State.CHECKED


def test_jobs_whose_rollback_failed_are_left_alone(alice: Any, bob: Any, rita: Any) -> None:
    job = steps.check(brought(row("1"), by=rita), by=rita, kick=False)
    given_up = Job.objects.filter(pk=job.pk)
    given_up.update(state=Job.State.FAILED, ending=Job.Ending.FAILED, ended_at=timezone.now())
    assert steps.release_stuck() == 0
    assert given_up.get().state == Job.State.FAILED
