"""The socket of a client, on which sending never waits for a slow reader."""

from __future__ import annotations

import os
import socket
from collections import deque
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import IO, Any, NamedTuple

AT_ONCE = 2**16  # bytes sent in one call
SEND_BUFFER = 2**17  # bytes: small, so that a slow client's progress is seen within seconds
IN_MEMORY = 2**20  # bytes of one response: a larger one is kept on disk


class Part(NamedTuple):
    """A piece of a response: a range of bytes in a file."""

    file: IO[bytes]
    start: int
    end: int


class ClientSocket(socket.socket):
    """Accepts everything that a thread sends; what the system does not take immediately is left to ``send_some``.

    The thread is free as soon as its response is made. It must be done before the main loop calls ``send_some``.
    """

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(fileno=sock.detach())
        self.unsent: deque[Part] = deque()
        self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    def held(self) -> int:
        """Return how many bytes in memory are not yet sent, at most."""
        return sum(min(part.end, IN_MEMORY) for part in self.unsent if isinstance(part.file, SpooledTemporaryFile))

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        last = self.unsent.pop() if self.unsent else None
        if last is None or not isinstance(last.file, SpooledTemporaryFile):
            if last is not None:
                self.unsent.append(last)
            last = Part(SpooledTemporaryFile(IN_MEMORY), 0, 0)  # noqa: SIM115 - closed when it is sent
        last.file.seek(last.end)
        self.unsent.append(last._replace(end=last.end + last.file.write(data)))
        self._send_what_is_taken()

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Send a file. Small ones are copied, so that clients that do not read do not exhaust the open files."""
        size = os.fstat(file.fileno()).st_size - offset
        size = size if count is None else min(size, count)
        if size <= IN_MEMORY:
            self.sendall(os.pread(file.fileno(), size, offset))
        else:
            own = os.fdopen(os.dup(file.fileno()), "rb", buffering=0)
            self.unsent.append(Part(own, offset, offset + size))
            self._send_what_is_taken()
        return size

    def _send_what_is_taken(self) -> None:
        with suppress(BlockingIOError):
            while self.unsent:
                self.send_some()

    def send_some(self) -> int:
        """Send a little; return how many bytes were taken. Raises OSError; BlockingIOError if none were taken."""
        part = self.unsent[0]
        part.file.seek(part.start)
        data = part.file.read(min(AT_ONCE, part.end - part.start))
        # Not ``send``, which waits up to the socket's timeout, which is meant for reading uploads.
        sent = os.write(self.fileno(), data)
        if not data or part.start + sent == part.end:
            self.unsent.popleft()
            part.file.close()
        else:
            self.unsent[0] = part._replace(start=part.start + sent)
        return sent

    def close(self) -> None:
        while self.unsent:
            self.unsent.pop().file.close()
        super().close()
