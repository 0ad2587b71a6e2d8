"""A worker of gunicorn that gives a thread only to requests that have been received.

gunicorn's own threaded worker reads a request in the thread that answers it, so that as many half-sent requests as
there are threads block every page. Here the main loop, which waits for all connections together, receives the request
line, the headers and the body of a form. A client that does not send them in time is disconnected. A larger body is an
upload: the page that accepts it reads it, and uploads never occupy all threads. The main loop also sends the rest of a
response as its client reads it, and only then receives the client's next request.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections import deque
from contextlib import suppress
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

from ops.serving.sending import ClientSocket

END_OF_HEADERS = b"\r\n\r\n"
LONGEST_LENGTH = 18  # digits of a Content-Length
AT_ONCE = 2**16  # bytes received in one call
MOST_HEADERS = 2**16  # bytes
LARGEST_FORM = 2_621_440 + 2**16  # bytes: Django's DATA_UPLOAD_MAX_MEMORY_SIZE and the rest of a multipart form
MOST_HELD = 2**26  # bytes of memory for all requests that are being received and all responses that are being sent
SLOWEST_READER = 2**12  # bytes a second: a client that reads less is disconnected after a while
LINGER = 2.0  # seconds for a client to read the response before its connection is closed
MOST_DISCARDED = 2**16  # bytes that it may still send meanwhile
REFUSALS = {
    400: b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    411: b"HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    431: b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
}


class Connection(TConn):
    """A connection, what it has sent of its next request, and its deadline for sending or reading the rest."""

    sock: ClientSocket

    def __init__(self, cfg: Any, sock: socket.socket, *addresses: Any) -> None:
        super().__init__(cfg, ClientSocket(sock), *addresses)
        self.received = bytearray()
        self.deadline = 0.0
        self.closing = False
        self.keepalive = False  # whether another request may follow the current one
        self.large = False  # whether its body is left to the page
        self.data_ready = True  # for gunicorn: the thread has nothing to wait for

    def init(self) -> None:
        """Have the parser read what was received first. Called in the thread, before the request is parsed."""
        super().init()
        self.sock.settimeout(self.cfg.timeout)
        self.parser.unreader.unread(bytes(self.received))
        self.received.clear()

    def expect_request(self, seconds: float) -> None:
        """Take back what the parser has read of the next request, and set the deadline for the rest."""
        self.sock.setblocking(False)
        if self.parser is not None:
            self.received += self.parser.unreader.take_buffered()
        self.large = False
        self.deadline = time.monotonic() + seconds

    def held(self) -> int:
        """Return how many bytes of memory the connection needs."""
        return len(self.received) + self.sock.held()

    def is_complete(self) -> bool:
        """Return whether a thread can answer without waiting. Raises Refused."""
        end = self.received.find(END_OF_HEADERS)
        if end < 0:
            if len(self.received) > MOST_HEADERS:
                raise Refused(431)
            return False
        body = body_length(bytes(self.received[:end]))
        self.large = body > LARGEST_FORM
        return self.large or len(self.received) >= end + len(END_OF_HEADERS) + body


def body_length(head: bytes) -> int:
    """Return how many bytes follow the request line and headers. Raises Refused if these do not state it clearly."""
    fields = [line.partition(b":") for line in head.split(b"\r\n")[1:]]
    named = [(name.strip().lower(), value.strip(b" \t")) for name, _, value in fields]
    if any(name == b"transfer-encoding" for name, _ in named):
        raise Refused(411)
    lengths = [value for name, value in named if name == b"content-length"]
    if len(lengths) > 1 or not all(one.isdigit() and len(one) <= LONGEST_LENGTH for one in lengths):
        raise Refused(400)
    return int(lengths[0]) if lengths else 0


class Refused(Exception):
    """A request that is not received; ``status`` is one of REFUSALS."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class BufferingWorker(ThreadWorker):
    """Its ``timeout`` in gunicorn's settings is how many seconds a client has to send a request, and may pause while
    it uploads or reads the response.

    HTTPS ends at the proxy: this worker supports plain HTTP only.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting: dict[Connection, None] = {}  # in the order in which they began to wait
        self.uploads: deque[Connection] = deque()  # those that wait for a thread
        self.uploading = 0
        self.swept = 0.0

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Check the settings before a process starts. Raises RuntimeError, whose message gunicorn prints as it ends."""
        if cfg.threads < 2:
            raise RuntimeError(
                f"Threadward cannot start. gunicorn's setting threads (--threads) is {cfg.threads}; it should be 2 or "
                "more, because half of the threads are left to requests that are no uploads."
            )
        super().check_config(cfg, log)

    def accept(self, listener: socket.socket) -> None:
        try:
            sock, client = listener.accept()
        except BlockingIOError:
            return
        except OSError as error:
            self.log.warning("No connection could be accepted: %s", error.strerror)
            self._drop_slowest()
            return
        self.nr_conns += 1
        connection = Connection(self.cfg, sock, client, listener.getsockname())
        self._wait(connection, self.cfg.timeout)

    def _wait(self, connection: Connection, seconds: float) -> None:
        """Receive the next request of a connection, which may have arrived already."""
        connection.expect_request(seconds)
        self._register(connection)
        if connection.received:
            self._continue(connection)

    def _register(self, connection: Connection) -> None:
        self.waiting[connection] = None
        self.poller.register(connection.sock, selectors.EVENT_READ, partial(self._on_received, connection))

    def _unregister(self, connection: Connection) -> None:
        self.waiting.pop(connection, None)
        with suppress(KeyError, ValueError, OSError):
            self.poller.unregister(connection.sock)

    def _on_received(self, connection: Connection, sock: socket.socket) -> None:
        if connection not in self.waiting:  # dropped earlier in this round of the loop
            return
        try:
            data = sock.recv(AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(connection)
            return
        if not connection.received:
            connection.deadline = time.monotonic() + (LINGER if connection.closing else self.cfg.timeout)
        connection.received += data
        if connection.closing:
            if len(connection.received) > MOST_DISCARDED:
                self._drop(connection)
            return
        self._continue(connection)

    def _continue(self, connection: Connection) -> None:
        """Pass a request to a thread once it is complete."""
        try:
            if not connection.is_complete():
                self._limit_held(connection)
                return
        except Refused as refusal:
            with suppress(OSError):
                connection.sock.send(REFUSALS[refusal.status])
            self._unregister(connection)
            self._close(connection)
            return
        self._unregister(connection)
        if connection.large:
            self.uploads.append(connection)
            self._start_uploads()
        else:
            self.enqueue_req(connection)

    def _start_uploads(self) -> None:
        """Give threads to uploads, as long as at least half of the threads are left for other requests."""
        while self.uploads and self.uploading < self.cfg.threads // 2:
            self.uploading += 1
            self.enqueue_req(self.uploads.popleft())

    def _limit_held(self, connection: Connection) -> None:
        """Drop the connection that holds most memory if all connections together hold too much."""
        if connection.held() > AT_ONCE and sum(one.held() for one in self.waiting) > MOST_HELD:
            self._drop(max(self.waiting, key=Connection.held))

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:
        # Reading the rest of an upload that no page has read is not worth a thread.
        return not conn.large and super()._keepalive_after(conn, keepalive)

    def finish_request(self, conn: Connection, fs: Any) -> None:
        """Send what is left of a response. Called in the main loop, after a thread has answered."""
        if conn.large:
            self.uploading -= 1
            self._start_uploads()
        try:
            conn.keepalive = not fs.cancelled() and fs.result()
            if conn.sock.unsent:
                self._send(conn)
            else:
                self._continue_after_answer(conn)
        except Exception:
            self._drop(conn)

    def _send(self, connection: Connection) -> None:
        """Send the rest of a response as its client reads it."""
        connection.sock.setblocking(False)
        connection.deadline = time.monotonic() + self.cfg.timeout
        self.poller.register(connection.sock, selectors.EVENT_WRITE, partial(self._on_writable, connection))
        self.waiting[connection] = None
        self._limit_held(connection)

    def _on_writable(self, connection: Connection, sock: ClientSocket) -> None:
        if connection not in self.waiting:  # dropped earlier in this round of the loop
            return
        try:
            sent = sock.send_some()
        except BlockingIOError:
            return
        except OSError:
            self._drop(connection)
            return
        latest = time.monotonic() + self.cfg.timeout
        connection.deadline = min(connection.deadline + sent / SLOWEST_READER, latest)
        if not sock.unsent:
            self._unregister(connection)
            self._continue_after_answer(connection)

    def _continue_after_answer(self, connection: Connection) -> None:
        if connection.keepalive:
            self._wait(connection, self.cfg.keepalive)
        else:
            self._close(connection)

    def _close(self, connection: Connection) -> None:
        """Close a connection once its client has read the response (RFC 9112, 9.6), without blocking."""
        try:
            connection.sock.shutdown(socket.SHUT_WR)
            connection.sock.setblocking(False)
        except OSError:
            self._drop(connection)
            return
        connection.received.clear()
        connection.closing = True
        connection.deadline = time.monotonic() + LINGER
        self._register(connection)

    def _drop(self, connection: Connection) -> None:
        self._unregister(connection)
        self.nr_conns -= 1
        connection.close()

    def _drop_slowest(self) -> None:
        if self.waiting:
            self._drop(next(iter(self.waiting)))

    def murder_pending(self) -> None:
        """Drop the slowest connection if there are too many, and once a second all that are past their deadline."""
        now = time.monotonic()
        if self.nr_conns >= self.worker_connections:
            self._drop_slowest()
        if now - self.swept < 1:
            return
        self.swept = now
        for connection in list(self.waiting):
            # A worker that is ending does not wait for requests that have not begun to arrive.
            begun = connection.received or connection.sock.unsent
            latest = connection.deadline if self.alive or begun else now
            if latest <= now:
                self._drop(connection)
