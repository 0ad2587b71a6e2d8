"""The web server itself receives bodies up to the size of a page's form, and no more in total than fits into memory."""

from __future__ import annotations

import selectors
import socket
from collections import deque
from types import SimpleNamespace

import pytest
from django.conf import settings

from ops.console.limits.uploads import ROOM_FOR_A_FORM
from ops.serving import worker
from ops.serving.sending import IN_MEMORY
from ops.serving.worker import BufferingWorker, Connection


def test_the_server_and_the_pages_have_the_same_form_limit() -> None:
    """A larger body is left to the page, which refuses it unread or takes it as an upload."""
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE + ROOM_FOR_A_FORM == worker.LARGEST_FORM


def without_process(connections: int) -> BufferingWorker:
    """Return a worker with so many connections; the test acts as its main loop."""
    serving = BufferingWorker.__new__(BufferingWorker)
    serving.poller, serving.waiting, serving.nr_conns = selectors.DefaultSelector(), {}, connections
    serving.cfg, serving.worker_connections = SimpleNamespace(timeout=0, keepalive=2), connections + 1
    serving.alive, serving.swept = True, 0.0
    return serving


def answered_at_length() -> tuple[Connection, socket.socket]:
    """Return a connection with a response larger than the system takes in one go, and its client."""
    ours, theirs = socket.socketpair()
    connection = Connection(SimpleNamespace(), ours, None, None)
    connection.sock.sendall(bytes(IN_MEMORY))
    return connection, theirs


def test_the_largest_connection_is_dropped_when_too_much_is_held() -> None:
    serving = without_process(3)
    pairs = [socket.socketpair() for _ in range(3)]
    small, large, newest = (Connection(SimpleNamespace(), ours, None, None) for ours, _ in pairs)
    for connection, held in ((small, 10), (large, worker.MOST_HELD), (newest, worker.AT_ONCE + 1)):
        serving._register(connection)
        connection.received += bytes(held)
    serving._limit_held(newest)
    assert list(serving.waiting) == [small, newest]
    assert pairs[1][1].recv(1) == b""
    for _, theirs in pairs:
        theirs.close()


@pytest.mark.parametrize(("threads", "most"), [(2, 1), (3, 1), (8, 4)])
def test_uploads_leave_half_of_the_threads_to_other_requests(
    monkeypatch: pytest.MonkeyPatch, threads: int, most: int
) -> None:
    serving, started = without_process(9), list[Connection]()
    serving.cfg.threads, serving.uploading = threads, 0
    monkeypatch.setattr(serving, "enqueue_req", started.append)
    pairs = [socket.socketpair() for _ in range(9)]
    serving.uploads = deque(Connection(SimpleNamespace(), ours, None, None) for ours, _ in pairs)
    serving._start_uploads()
    assert len(started) == most
    for ours, theirs in pairs:
        ours.close()
        theirs.close()


def test_unread_responses_count_as_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MOST_HELD", 3 * IN_MEMORY)
    serving = without_process(5)
    pairs = [answered_at_length() for _ in range(5)]
    for connection, _ in pairs:
        serving._send(connection)
    assert len(serving.waiting) == 3
    for connection, client in pairs:
        connection.close()
        client.close()


def test_a_client_that_does_not_read_in_time_is_cut_off() -> None:
    serving = without_process(1)
    connection, client = answered_at_length()
    serving._send(connection)  # with a timeout of 0
    serving.murder_pending()
    assert (serving.nr_conns, serving.waiting) == (0, {})
    assert len(b"".join(iter(lambda: client.recv(2**18), b""))) < IN_MEMORY
    client.close()


def test_the_next_request_is_received_only_after_the_answer_is_read() -> None:
    serving = without_process(1)
    connection, client = answered_at_length()
    connection.keepalive = True
    serving._send(connection)
    client.sendall(b"GET / HTTP/1.1\r\n")
    while connection.sock.unsent:
        assert not connection.received
        client.recv(2**18)
        serving.wait_for_and_dispatch_events(20)
    serving.wait_for_and_dispatch_events(20)
    assert connection.received == b"GET / HTTP/1.1\r\n"
    connection.close()
    client.close()
