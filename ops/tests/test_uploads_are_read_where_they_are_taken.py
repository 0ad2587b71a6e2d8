"""Files are only read from the network by the pages that take them, and only from people who may send some."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.urls import Resolver404, get_resolver, resolve

from ops.tests.asking import EXPECTED, address, empty_pages, routes, signed_in
from ops.tests.roles import PEOPLE
from ops.tests.test_who_may_open_what import keys

__all__ = ["keys"]

pytestmark = pytest.mark.once

MANY = 2**30
BOUNDARY = "line"
FORM = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="q"\r\n\r\nx\r\n'.encode()
FILE = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'.encode()
SIGN_OUT = ("logout", "/sign-out/")
REFERENCE = ("moderation_label_import", "moderation_cannedreason_import", "moderation_view_import")
POLICY = {name: {"lena", "rosa"} for name in REFERENCE}
IMPORTS = {name: {"dan", "rosa"} for name in ("imports_import_add", "moderation_flagimport_add")}
THEMES = {name: {"rosa"} for name in ("admin_interface_theme_add", "admin_interface_theme_change")}
TAKES_FILES = {**IMPORTS, **POLICY, **THEMES}
# These people request every page, because only pages that declare that they take files check who sends one. Others
# request only those pages.
EVERYWHERE = ("nobody", "alice", "rosa")


class Network(io.RawIOBase):
    """A client that sends a form with an endless file, and counts the bytes that were read."""

    def __init__(self, head: bytes) -> None:
        self.head, self.was_read = head, 0

    def read(self, size: int = -1) -> bytes:
        sent, self.head = self.head or b"x" * max(size, 0), b""
        self.was_read += len(sent)
        return sent


@pytest.fixture(autouse=True)
def folders(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of all places where bytes could be left."""
    settings.PRIVATE_DIR = tmp_path / "private"
    settings.MOST_UPLOADED = 1_000_000
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def post(client: Any, page: str, head: bytes, length: int) -> tuple[Any, int]:
    """Return the response to a form, and the number of its bytes that were read."""
    network = Network(head)
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    answer = client.post(page, b"-", content_type=kind, CONTENT_LENGTH=str(length), **{"wsgi.input": network})
    return answer, network.was_read


def elsewhere() -> list[str]:
    """Return the addresses outside of the console, with a number where they need one."""
    found = [f"/{re.sub('<[^>]+>', '1', route)}" for _, route in routes(get_resolver().url_patterns)]
    return [page for page in found if not page.startswith("/console/")]


def pages(keys: dict[str, Any]) -> dict[str, str]:
    return {name: address(name, keys) for name in EXPECTED} | {page: page for page in elsewhere()}


def pages_for(who: str, keys: dict[str, Any]) -> dict[str, str]:
    """Return the pages to which one of PEOPLE posts a form."""
    return {name: page for name, page in pages(keys).items() if who in EVERYWHERE or name in TAKES_FILES}


def says_that_it_takes_files(page: str) -> bool:
    try:
        return getattr(resolve(page.partition("?")[0]).func, "takes_files", False)
    except Resolver404:
        return False


def left(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


def test_no_other_page_says_that_it_takes_files(keys: dict[str, Any]) -> None:
    assert {name for name, page in pages(keys).items() if says_that_it_takes_files(page)} == TAKES_FILES.keys()


@pytest.mark.parametrize("who", PEOPLE)
def test_bodies_larger_than_a_form_are_read_by_declared_pages_only(
    who: str, keys: dict[str, Any], folders: Path, plain_refusals: None
) -> None:
    client = signed_in(who)
    with empty_pages():
        read = {name: post(client, page, FORM + FILE, MANY)[1] for name, page in pages_for(who, keys).items()}
    assert {name for name, number in read.items() if number} == {
        n for n, people in TAKES_FILES.items() if who in people
    }
    assert max(read.values()) < 3_000_000
    assert left(folders) == []


@pytest.mark.parametrize("who", PEOPLE)
def test_a_small_form_with_a_file_leaves_nothing_where_no_file_is_taken(
    who: str, keys: dict[str, Any], folders: Path, plain_refusals: None
) -> None:
    content = FORM + FILE + b"a" * 5_000 + f"\r\n--{BOUNDARY}--\r\n".encode()
    client = signed_in(who)
    with empty_pages():
        for name, page in pages_for(who, keys).items():
            if who not in TAKES_FILES.get(name, ()):
                # Signing out uses a client of its own.
                answer, _ = post(signed_in(who) if name in SIGN_OUT else client, page, content, len(content))
                assert answer.status_code != 500, name
                assert not answer.wsgi_request.FILES, name
    assert left(folders) == []


def test_a_file_sent_to_another_page_is_refused_with_the_reason(client: Any, db: Any) -> None:
    content = FORM + FILE + f"\r\n--{BOUNDARY}--\r\n".encode()
    answer, _ = post(client, "/sign-in/", content, len(content))
    assert answer.status_code == 400
    assert "This page takes no files" in answer.content.decode()


def test_a_form_that_is_too_large_is_refused_with_the_limit(client: Any, db: Any) -> None:
    answer, read = post(client, "/sign-in/", FORM, MANY)
    assert (answer.status_code, read) == (413, 0)
    assert "What you sent is larger than 2.5 MB, the most that a form may hold" in answer.content.decode()
