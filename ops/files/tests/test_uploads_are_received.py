"""An uploaded file is written directly to a private file, up to the limit, and deleted unless it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, UnreadablePostError
from django.test import RequestFactory

from ops.files import uploads

LIMIT = 100_000
REMEDY = "split it and import the parts one after the other, beginning with the oldest messages."


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.PRIVATE_DIR = tmp_path / "private"
    return settings.PRIVATE_DIR


def sent(*files: tuple[str, bytes], name: str = "messages.csv") -> HttpRequest:
    """Return a request whose form has been read. Files are pairs of the field's name and the content."""
    data = {"csrfmiddlewaretoken": "token", **{field: SimpleUploadedFile(name, content) for field, content in files}}
    request = RequestFactory().post("/", data)
    uploads.receive(request, limit=LIMIT, remedy=REMEDY)
    assert request.POST["csrfmiddlewaretoken"] == "token"
    return request


def left(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.iterdir()] if folder.exists() else []


def problem(request: HttpRequest) -> str:
    handler: Any = request.upload_handlers[0]
    return handler.problem


def test_a_file_that_is_not_kept_is_deleted_with_its_request(folder: Path) -> None:
    request = sent(("file", b"a,b"))
    assert len(left(folder)) == 1
    request.close()
    assert left(folder) == []


def test_a_file_of_exactly_the_limit_is_accepted(folder: Path) -> None:
    request = sent(("file", b"x" * LIMIT))
    assert problem(request) == ""
    assert [upload.size for upload in request.FILES.getlist("file")] == [LIMIT]


def test_a_file_of_one_byte_more_is_refused_and_nothing_is_kept(folder: Path) -> None:
    request = sent(("file", b"x" * (LIMIT + 1)))
    assert problem(request) == (
        "The file is larger than 97.7 kB, the most that is taken: split it and import the parts one after the other, "
        "beginning with the oldest messages."
    )
    assert not request.FILES
    assert left(folder) == []


class Endless:
    """A client that sends an endless file; ``read_so_far`` counts the bytes read."""

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
    uploads.receive(request, limit=LIMIT)
    return request, client


def test_an_upload_of_many_times_the_limit_is_cut_off(folder: Path) -> None:
    request, client = endless(50 * 2**30)
    assert request.POST["csrfmiddlewaretoken"] == "token"
    assert "larger than" in problem(request)
    assert client.read_so_far < 3 * LIMIT
    assert left(folder) == []


def test_nothing_is_kept_when_the_client_disconnects(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.parametrize("files", [[("other", b"aside"), ("file", b"a")], [("file", b"a"), ("other", b"aside")]])
def test_other_files_of_the_form_are_not_kept(folder: Path, files: Any) -> None:
    request = sent(*files)
    assert [upload.size for upload in request.FILES.getlist("file")] == [1]
    assert (list(request.FILES), len(left(folder))) == (["file"], 1)


def test_a_full_disk_is_reported_in_words(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.parent.joinpath("private").write_text("a file where the folder should be")
    assert problem(sent(("file", b"a"))) == (
        "The server could not keep the file: its disk is full, or is not writable. Tell the system administrator."
    )


@pytest.mark.parametrize(("size", "words"), [(1, "1 byte"), (1_536, "1.5 kB"), (2**29, "512 MB"), (2**31, "2 GB")])
def test_sizes_are_in_units_that_people_use(size: int, words: str) -> None:
    assert uploads.size_in_words(size) == words
