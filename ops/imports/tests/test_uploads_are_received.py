"""A file to import goes straight into a private file, no further than the limit, and stays only if it is kept."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.http import HttpRequest, UnreadablePostError
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


def sent(*files: tuple[str, bytes], allowed: bool = True, name: str = "messages.csv") -> HttpRequest:
    """A request whose form was read: each file with the name of its field."""
    data = {"csrfmiddlewaretoken": "token", **{field: SimpleUploadedFile(name, content) for field, content in files}}
    request = RequestFactory().post("/", data)
    uploads.receive(request, allowed=allowed)
    assert request.POST["csrfmiddlewaretoken"] == "token"
    return request


def left(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.iterdir()] if folder.exists() else []


def problem(request: HttpRequest) -> str:
    handler: Any = request.upload_handlers[0]
    return handler.problem


def test_a_file_that_is_kept_stays(folder: Path, alice: Any) -> None:
    content = bytes(range(256)) * 300  # several chunks
    request = sent(("file", content))
    upload: Any = request.FILES["file"]
    import_ = uploads.keep(upload, by=alice)
    request.close()
    assert private_files.path(import_.upload).read_bytes() == content
    assert (import_.by, import_.size, import_.file_name) == (alice, len(content), "messages.csv")
    assert len(import_.digest) == 64
    assert import_.state == State.CHECKING


def test_a_file_that_nobody_kept_goes_with_its_request(folder: Path) -> None:
    request = sent(("file", b"a,b"))
    assert len(left(folder)) == 1
    request.close()
    assert left(folder) == []


def test_a_file_of_just_the_limit_is_taken(folder: Path) -> None:
    request = sent(("file", b"x" * LIMIT))
    assert problem(request) == ""
    assert [upload.size for upload in request.FILES.getlist("file")] == [LIMIT]


def test_one_byte_more_is_not_and_nothing_stays(folder: Path) -> None:
    request = sent(("file", b"x" * (LIMIT + 1)))
    assert problem(request) == (
        "The file is larger than 97.7 kB, the most that is taken: split it and import the parts one after the other, "
        "beginning with the oldest messages."
    )
    assert not request.FILES
    assert left(folder) == []


class Endless:
    """A client that sends a file without an end; says how much of it was read."""

    def __init__(self, head: bytes) -> None:
        self.head, self.read_so_far = head, 0

    def read(self, size: int) -> bytes:
        chunk = self.head or b"x" * size
        self.head = b""
        self.read_so_far += len(chunk)
        return chunk


def endless(length: int) -> tuple[HttpRequest, Endless]:
    head = (
        b'--line\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\ntoken\r\n'
        b'--line\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    )
    request = RequestFactory().generic("POST", "/", b"replaced", content_type="multipart/form-data; boundary=line")
    client: Any = Endless(head)
    request._stream = client
    request.META["CONTENT_LENGTH"] = str(length)
    uploads.receive(request, allowed=True)
    return request, client


def test_who_sends_many_times_the_limit_is_not_heard_to_the_end(folder: Path) -> None:
    request, client = endless(50 * 2**30)
    assert request.POST["csrfmiddlewaretoken"] == "token"
    assert "larger than" in problem(request)
    assert client.read_so_far < 3 * LIMIT
    assert left(folder) == []


def test_a_client_that_goes_away_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request, client = endless(LIMIT)
    first = client.read

    def gone(size: int) -> bytes:
        if client.read_so_far:
            raise UnreadablePostError
        return first(size)

    monkeypatch.setattr(client, "read", gone)
    with pytest.raises(UnreadablePostError):
        request.POST  # noqa: B018
    assert left(folder) == []


def test_nothing_is_taken_from_who_may_not_import(folder: Path) -> None:
    request = sent(("file", b"a"), allowed=False)
    assert not request.FILES
    assert left(folder) == []


@pytest.mark.parametrize("files", [[("other", b"aside"), ("file", b"a")], [("file", b"a"), ("other", b"aside")]])
def test_other_files_of_the_form_are_not_kept_and_do_no_harm(folder: Path, files: Any) -> None:
    request = sent(*files)
    assert [upload.size for upload in request.FILES.getlist("file")] == [1]
    assert (list(request.FILES), len(left(folder))) == (["file"], 1)


def test_a_full_disk_is_said_in_words(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.parent.joinpath("private").write_text("a file where the folder should be")
    assert problem(sent(("file", b"a"))) == (
        "The server could not keep the file: its disk is full, or may not be written to. Tell whoever runs it."
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
    request = sent(("file", b"a"), name="x.csv")
    upload: Any = request.FILES["file"]
    upload.name = name.replace("C:\\fakepath\\", "").rpartition("/")[2]
    assert uploads.keep(upload, by=alice).file_name == shown


@pytest.mark.parametrize(("size", "words"), [(1, "1 byte"), (1_536, "1.5 kB"), (2**29, "512 MB"), (2**31, "2 GB")])
def test_sizes_are_said_as_people_say_them(size: int, words: str) -> None:
    assert uploads.in_words(size) == words


def test_a_discarded_file_is_gone_at_once_and_only_once(alice: Any) -> None:
    name, _, _ = private_files.save([b"a"], "upload", 9)
    import_ = Import.objects.create(by=alice, file_name="a.csv", upload=name, state=State.CHECKED)
    stale = Import.objects.get()
    assert uploads.discard(import_)
    assert not private_files.exists(name)
    assert not uploads.discard(stale)
    assert Import.objects.get().state == State.DISCARDED


@pytest.mark.parametrize("state", [State.CHECKING, State.STORING, State.STORED, State.UNDOING, State.UNDONE])
def test_what_is_under_way_or_done_cannot_be_discarded(alice: Any, state: str) -> None:
    name, _, _ = private_files.save([b"a"], "upload", 9)
    job = Job.objects.create(kind="import.check", title="Check", state=Job.State.RUNNING)
    assert not uploads.discard(Import.objects.create(by=alice, file_name="a.csv", upload=name, state=state, job=job))
    assert private_files.exists(name)


def test_a_file_whose_check_never_began_can_be_discarded(alice: Any) -> None:
    name, _, _ = private_files.save([b"a"], "upload", 9)
    assert uploads.discard(Import.objects.create(by=alice, file_name="a.csv", upload=name, state=State.CHECKING))


def test_a_sweep_forgets_what_nobody_came_back_for(alice: Any) -> None:
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


def test_the_command_sweeps_and_says_how_much(db: Any, capsys: pytest.CaptureFixture[str]) -> None:
    long_ago = (timezone.now() - timedelta(hours=25)).timestamp()
    for _ in range(2):
        name, _, _ = private_files.save([b"a"], "upload", 9)
        os.utime(private_files.path(name), (long_ago, long_ago))
    call_command("sweep_files")
    call_command("sweep_files")
    assert capsys.readouterr().out == "Deleted 2 files that were a day old.\n"
