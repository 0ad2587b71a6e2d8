"""An uploaded file is kept until somebody has decided about it, but no longer than a day."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils import timezone

from ops.files import private_files
from ops.imports import uploads
from ops.imports.models import Import
from ops.jobs.models import Job

LIMIT = 100_000
State = Import.State


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.PRIVATE_DIR = tmp_path / "private"
    settings.MOST_UPLOADED = LIMIT
    return settings.PRIVATE_DIR


def sent(content: bytes, *, by: Any, name: str = "messages.csv") -> HttpRequest:
    """Return a request whose form has been read."""
    request = RequestFactory().post("/", {"csrfmiddlewaretoken": "token", "file": SimpleUploadedFile(name, content)})
    request.user = by
    uploads.receive(request)
    assert request.POST["csrfmiddlewaretoken"] == "token"
    return request


def test_a_file_that_is_kept_stays(folder: Path, alice: Any) -> None:
    content = bytes(range(256)) * 300  # several chunks
    request = sent(content, by=alice)
    upload: Any = request.FILES["file"]
    import_ = uploads.keep(upload, by=alice)
    request.close()
    assert private_files.path(import_.upload).read_bytes() == content
    assert (import_.by, import_.size, import_.file_name) == (alice, len(content), "messages.csv")
    assert len(import_.digest) == 64
    assert import_.state == State.CHECKING


def test_a_file_that_is_larger_than_the_limit_is_to_be_split(alice: Any) -> None:
    handler: Any = sent(b"x" * (LIMIT + 1), by=alice).upload_handlers[0]
    assert handler.problem == (
        "The file is larger than 97.7 kB, the most that is taken: split it and import the parts one after the other, "
        "beginning with the oldest messages."
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("messages.csv", "messages.csv"),
        ("C:\\fakepath\\messages.csv", "messages.csv"),
        ("../../etc/passwd", "passwd"),
        ("nul\x00l\x1b[31m.csv", "null[31m.csv"),
        ("x" * 300 + ".csv", f"{'x' * 251}.csv"),
    ],
)
def test_a_name_is_kept_as_people_may_read_it(alice: Any, name: str, shown: str) -> None:
    request = sent(b"a", by=alice, name="x.csv")
    upload: Any = request.FILES["file"]
    upload.name = name.replace("C:\\fakepath\\", "").rpartition("/")[2]
    assert uploads.keep(upload, by=alice).file_name == shown


def test_a_discarded_file_is_gone_at_once_and_only_once(alice: Any) -> None:
    name, _, _ = private_files.save([b"a"], "upload", 9)
    import_ = Import.objects.create(by=alice, file_name="a.csv", upload=name, state=State.CHECKED)
    stale = Import.objects.get()
    assert uploads.discard(import_)
    assert not private_files.exists(name)
    assert not uploads.discard(stale)
    assert Import.objects.get().state == State.DISCARDED


@pytest.mark.parametrize("state", [State.CHECKING, State.STORING, State.STORED, State.UNDOING, State.UNDONE])
def test_imports_under_way_or_done_cannot_be_discarded(alice: Any, state: str) -> None:
    name, _, _ = private_files.save([b"a"], "upload", 9)
    job = Job.objects.create(kind="import.check", title="Check", state=Job.State.RUNNING)
    assert not uploads.discard(Import.objects.create(by=alice, file_name="a.csv", upload=name, state=state, job=job))
    assert private_files.exists(name)


def test_a_file_whose_check_never_began_can_be_discarded(alice: Any) -> None:
    name, _, _ = private_files.save([b"a"], "upload", 9)
    assert uploads.discard(Import.objects.create(by=alice, file_name="a.csv", upload=name, state=State.CHECKING))


def test_a_sweep_leaves_imports_without_a_file_unchanged(alice: Any) -> None:
    yesterday = timezone.now() - timedelta(hours=25)
    for created_at in (yesterday, timezone.now()):
        Import.objects.create(by=alice, file_name="a", upload="", state=State.CHECKED, created_at=created_at)
    Import.objects.create(by=alice, file_name="b", upload="", state=State.STORED, created_at=yesterday)
    uploads.sweep()
    assert [one.state for one in Import.objects.order_by("created_at", "file_name")] == [
        State.CHECKED,
        State.STORED,
        State.CHECKED,
    ]


def test_the_command_prints_the_number_of_deleted_files(db: Any, capsys: pytest.CaptureFixture[str]) -> None:
    long_ago = (timezone.now() - timedelta(hours=25)).timestamp()
    for _ in range(2):
        name, _, _ = private_files.save([b"a"], "upload", 9)
        os.utime(private_files.path(name), (long_ago, long_ago))
    call_command("sweep_files")
    call_command("sweep_files")
    assert capsys.readouterr().out == "Deleted 2 files that were a day old.\n"


FULL = (
    "Your uploaded files take 97.7 kB of the 146.5 kB that one person may keep, so this file does not fit. Import or "
    "discard those that wait, or try again tomorrow: they are deleted after a day."
)


def test_the_quota_limits_the_files_of_one_person(settings: Any, folder: Path, alice: Any, bob: Any) -> None:
    settings.UPLOAD_QUOTA = 150_000
    first = uploads.keep(sent(b"x" * LIMIT, by=alice).FILES["file"], by=alice)  # type: ignore[arg-type]
    request = sent(b"x" * 60_000, by=alice)
    handler: Any = request.upload_handlers[0]
    assert (handler.problem, len(request.FILES)) == (FULL, 0)
    assert sent(b"x" * 60_000, by=bob).FILES
    uploads.discard(first)
    assert sent(b"x" * 60_000, by=alice).FILES


def test_files_that_arrive_at_once_do_not_share_the_room(settings: Any, folder: Path, alice: Any) -> None:
    settings.UPLOAD_QUOTA = 150_000
    both: list[Any] = [sent(b"x" * LIMIT, by=alice).FILES["file"] for _ in range(2)]
    uploads.keep(both[0], by=alice)
    with pytest.raises(uploads.QuotaExceeded, match="does not fit"):
        uploads.keep(both[1], by=alice)
    both[1].close()
    assert len(list(folder.iterdir())) == 1
