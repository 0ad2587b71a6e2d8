"""The web server as Procfile starts it: clients that send or read slowly do not keep others from their pages."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

SLOW = 200
PATIENCE = 20.0  # seconds after which a missing page counts as stuck
POST = b"POST /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
# Data that slow clients send before they fall silent.
BEGINNINGS = {
    "nothing": b"",
    "half of the headers": b"GET /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Some",
    "half of a form": POST + b"Content-Length: 5000\r\n\r\nusername=",
    "the beginning of an upload": POST + b"Content-Type: multipart/form-data; boundary=x\r\n"
    b"Content-Length: 500000000\r\n\r\n--x\r\n",
    "a chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\n",
    "a request for a file that they do not read": b"GET /static/admin/js/vendor/jquery/jquery.js HTTP/1.1\r\n"
    b"Host: 127.0.0.1\r\n\r\n",
    "many requests for a file that they do not read": b"GET /static/admin/js/vendor/xregexp/xregexp.js HTTP/1.1\r\n"
    b"Host: 127.0.0.1\r\n\r\n" * 40,
    "a length of twenty digits": POST + b"Content-Length: 99999999999999999999\r\n\r\n",
}
SMALLEST = 4096  # bytes in the receive buffer of a client

pytestmark = pytest.mark.once


def command(*options: str) -> list[str]:
    """Return the command that Procfile starts, with further options."""
    (web,) = (line for line in (settings.BASE_DIR / "Procfile").read_text().splitlines() if line.startswith("web:"))
    words = shlex.split(web.partition(": exec ")[2])
    words[0] = str(settings.BASE_DIR / ".venv" / "bin" / words[0])
    words[words.index("--bind") + 1] = "127.0.0.1:0"
    return [*words, *options]


class Server:
    """The web server, listening at ``address``."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.address = listener.getsockname()
        variables = {"DEBUG": "true", "ENV_FILE": os.devnull, "VAR_DIR": str(folder), "DATABASE_URL": "", **environment}
        self.log = folder / "log"  # a pipe that nobody reads would fill up
        self.process = subprocess.Popen(
            command(*options, "--bind", f"fd://{listener.fileno()}"),
            cwd=settings.BASE_DIR,
            env={**os.environ, **variables},
            pass_fds=[listener.fileno()],
            stdout=self.log.open("w"),
            stderr=subprocess.STDOUT,
        )
        listener.close()

    def connect(self, sent: bytes, *, receive_buffer: int | None = None) -> socket.socket:
        client = socket.socket()
        if receive_buffer is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(PATIENCE)
        client.connect(self.address)
        client.sendall(sent)
        return client

    def status(self, page: str = "/sign-in/") -> int:
        with urllib.request.urlopen("http://{}:{}{}".format(*self.address, page), timeout=PATIENCE) as answer:
            return int(answer.status)

    def answer(self, sent: bytes) -> bytes:
        """Return everything that the server sends until it closes the connection."""
        with self.connect(sent) as client:
            return b"".join(iter(lambda: client.recv(65_536), b""))

    def stop(self) -> str:
        """Stop the server as honcho does; return its log."""
        self.process.terminate()
        self.process.wait(PATIENCE)
        return self.log.read_text()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    one = Server(tmp_path_factory.mktemp("served"))
    yield one
    one.stop()


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server behind a proxy that terminates HTTPS, with a timeout of one second."""
    one = Server(tmp_path_factory.mktemp("hasty"), "--timeout", "1", HTTPS="true", BEHIND_PROXY="true")
    yield one
    one.stop()


def test_a_single_thread_is_refused_at_the_start(tmp_path: Path) -> None:
    """One slow upload would keep all pages waiting."""
    environment = {**os.environ, "DEBUG": "true", "ENV_FILE": os.devnull, "VAR_DIR": str(tmp_path), "DATABASE_URL": ""}
    refused = subprocess.run(
        command("--threads", "1"),
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert refused.returncode == 1
    assert (
        "Threadward cannot start. gunicorn's setting threads (--threads) is 1; it should be 2 or more" in refused.stderr
    )
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_pages_are_served_while_two_hundred_clients_hang(server: Server, kind: str) -> None:
    assert server.status() == 200
    with ExitStack() as slow:
        for _ in range(SLOW):
            slow.enter_context(server.connect(BEGINNINGS[kind], receive_buffer=SMALLEST))
        assert [server.status() for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize("kind", ["nothing", "half of the headers", "half of a form"])
def test_a_client_that_does_not_send_a_request_in_time_is_cut_off(hasty: Server, kind: str) -> None:
    assert hasty.answer(BEGINNINGS[kind]) == b""


def test_a_request_may_come_in_pieces_and_another_one_after_it(server: Server) -> None:
    with server.connect(b"GET /sign-in/ HTTP/1.1\r\nHo") as client, client.makefile("rb") as answers:
        client.sendall(b"st: 127.0.0.1\r\n\r\nGET /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        client.sendall(b"Connection: close\r\n\r\n")
        assert answers.read().count(b"HTTP/1.1 200 OK") == 2


def test_a_slow_reader_gets_all_responses_in_order(server: Server) -> None:
    path = "/static/admin/js/vendor/xregexp/xregexp.js"
    found = finders.find(path.removeprefix("/static/"))
    assert found is not None
    file = Path(found).read_bytes()
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode()
    sent = (request + b"\r\n") * 2 + request + b"Connection: close\r\n\r\n"
    with server.connect(sent, receive_buffer=SMALLEST) as client:
        received = b"".join(iter(lambda: client.recv(1000), b""))
    assert [part[-len(file) :] for part in received.split(b"HTTP/1.1 200 OK")[1:]] == [file] * 3


@pytest.mark.parametrize(
    "lengths",
    [
        [b"99999999999999999999"],
        [b"+5"],
        [b"-5"],
        [b"1 5"],
        [b"5, 5"],
        [b"0x5"],
        [b""],
        [b"5", b"5"],
        [b"5", b"6"],
    ],
)
def test_an_ambiguous_content_length_is_refused_at_once(server: Server, lengths: list[bytes]) -> None:
    headers = b"".join(b"content-length: %b\r\n" % one for one in lengths)
    with server.connect(POST + headers + b"\r\n") as client:
        assert client.recv(1000).startswith(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (BEGINNINGS["a chunk"], b"411 Length Required"),
        (b"GET / HTTP/1.1\r\n" + b"X-Much: " + b"x" * 2**17, b"431 Request Header Fields Too Large"),
        (BEGINNINGS["the beginning of an upload"], b"413 Request Entity Too Large"),
    ],
)
def test_requests_that_are_too_large_or_have_no_length_are_refused(server: Server, sent: bytes, status: bytes) -> None:
    assert server.answer(sent).startswith(b"HTTP/1.1 " + status)


def test_the_log_names_pages_without_search_terms(server: Server) -> None:
    """A request is logged before its connection is closed."""
    sent = b"GET /sign-in/?q=secret HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    assert server.answer(sent).startswith(b"HTTP/1.1 200 OK")
    logged = server.log.read_text()
    assert '"GET /sign-in/ HTTP/1.1" 200' in logged
    assert "secret" not in logged


def test_forwarded_https_is_trusted_only_behind_a_proxy(hasty: Server, tmp_path: Path) -> None:
    alone = Server(tmp_path, HTTPS="true", BEHIND_PROXY="false")
    sent = b"GET /sign-in/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n"
    try:
        assert alone.answer(sent).startswith(b"HTTP/1.1 301")
    finally:
        alone.stop()
    assert hasty.answer(sent).startswith(b"HTTP/1.1 200")
