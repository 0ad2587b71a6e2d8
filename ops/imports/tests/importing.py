"""Shorthand for tests: uploaded files, imported by jobs as the screens do; and everything that is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from messaging.models import Conversation, Message, MessageHistory, Notification
from ops.files import private_files
from ops.files.sources import Reading
from ops.files.tests.files import as_csv
from ops.imports import steps
from ops.imports.models import Import
from ops.imports.options import Choices
from ops.imports.pages import previews
from ops.jobs import running
from ops.jobs.models import Job
from ops.jobs.run import Run


class Death(BaseException):
    """Simulates kill -9, except that the database and this process survive."""


def brought(*rows: tuple[str, ...], by: Any = None, content: bytes | None = None, **options: Any) -> Import:
    """Return a new import of these rows as a CSV file (or of a file's ``content``); options are choices and reading."""
    content = as_csv(*rows) if content is None else content
    name, size, digest = private_files.save([content], "csv", 10**9)
    reading = {key: options.pop(key) for key in list(options) if key in Reading.__dataclass_fields__}
    return Import.objects.create(
        by=by,
        file_name="messages.csv",
        size=size,
        digest=digest,
        upload=name,
        reading=Reading(**reading).as_json(),
        choices=Choices(**options).as_json(),
    )


def checked(*rows: tuple[str, ...], **options: Any) -> Import:
    """Return an import that has been checked."""
    import_ = brought(*rows, **options)
    do(steps.check(import_, by=import_.by, kick=False))
    import_.refresh_from_db()
    return import_


def stored_import(*rows: tuple[str, ...], **options: Any) -> Import:
    """Return an import that has been stored."""
    import_ = brought(*rows, **options)
    job = do(steps.store(import_, by=import_.by, kick=False))
    import_.refresh_from_db()
    assert (job.state, import_.state) == (Job.State.FINISHED, Import.State.STORED), (job.error, problems(import_))
    return import_


def undone(import_: Import, *, by: Any = None) -> Import:
    """Undo the import and return it."""
    job = do(steps.undo(import_, by=by, kick=False))
    import_.refresh_from_db()
    assert (job.state, import_.state) == (Job.State.FINISHED, Import.State.UNDONE), job.error
    return import_


def do_despite_a_death(job: Job, *, batch: int, committed: bool) -> None:
    """Run a job whose worker dies in this batch, before or after its commit; a second worker finishes it."""
    with at_batch(batch, Death(), committed=committed), suppress(Death):
        do(job)
    do(job)
    assert (job.state, job.error) == ("finished", "")


def do(job: Job) -> Job:
    """Take over the job, even if another worker holds its lease, and run it to its end (or death)."""
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    running.run(job.pk)
    job.refresh_from_db()
    return job


@contextmanager
def at_batch(number: int, error: BaseException | None = None, *, committed: bool = False) -> Iterator[list[int]]:
    """Raise ``error`` in a batch of a job, counted from 1: at its end, or right after its commit.

    Yields a list with one item for each batch so far.
    """
    found: list[int] = []
    batch = Run.batch

    @contextmanager
    def counted(self: Run) -> Iterator[None]:
        with batch(self):
            yield
            found.append(1)
            if error is not None and len(found) == number and not committed:
                raise error
        if error is not None and len(found) == number and committed:
            raise error

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Run, "batch", counted)
        yield found


@contextmanager
def rolled_back() -> Iterator[None]:
    """Roll back the changes of the block. A savepoint, not atomic(): batches of jobs may not run inside atomic()."""
    before = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(before)


def preview(import_: Import) -> dict[str, Any]:
    """Return what the page of a checked import shows."""
    path = private_files.path(private_files.beside(import_.upload, "preview.json"))
    shown: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return shown


def problems(import_: Import) -> list[str]:
    """Return all problems as people read them, by row."""
    return [str(problem) for problem in previews.load_problems(import_)]


def groups(import_: Import) -> list[tuple[str, int, str]]:
    """Return the level, number and sentence of each kind of problem, as the page shows them."""
    return [(one["level"], one["count"], one["sentence"]) for one in preview(import_)["groups"]]


def everything() -> dict[str, list[tuple]]:
    """Return all stored people, conversations and messages, by names: ids may differ."""
    names = {message.pk: message.external_id or f"#{message.content}" for message in Message.objects.all()}
    beginnings: dict[int, str] = {}
    for message in Message.objects.order_by("-id"):
        if message.parent_message_id is None:
            beginnings[message.conversation_id] = names[message.pk]
    columns = ("sender__username", "receiver__username", "content", "timestamp", "edited", "read")
    return {
        "people": sorted(get_user_model().objects.values_list("username", "is_active", "is_staff")),
        "messages": sorted(
            (names[pk], beginnings.get(conversation), names.get(parent), *values)
            for pk, conversation, parent, *values in Message.objects.values_list(
                "id", "conversation_id", "parent_message_id", *columns
            )
        ),
        "conversations": sorted(
            (beginnings[pk], *values)
            for pk, *values in Conversation.objects.values_list(
                "id", "started_at", "last_message_at", "message_count", "unread_count"
            )
        ),
        "histories": sorted(
            (names[message], old, editor or "")
            for message, old, editor in MessageHistory.objects.values_list(
                "message_id", "old_content", "edited_by__username"
            )
        ),
        "notifications": sorted(
            (username, names[message])
            for username, message in Notification.objects.values_list("user__username", "message_id")
        ),
    }
