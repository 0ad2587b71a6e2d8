"""Data that a thread sends is accepted immediately, however slowly the client reads, and arrives unchanged."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.serving.sending import IN_MEMORY, ClientSocket

HEADERS = b"HTTP/1.1 200 OK\r\n\r\n"
LARGE = bytes(range(256)) * (IN_MEMORY // 64)  # four times as much as is kept in memory


@pytest.fixture
def ends() -> Iterator[tuple[ClientSocket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ClientSocket(ours) as sending, theirs:
        sending.settimeout(60)  # as in a thread, where sending would block
        theirs.settimeout(20)
        yield sending, theirs


def read(sending: ClientSocket, client: socket.socket) -> bytes:
    """Return everything that arrives while the client reads and the main loop sends the rest."""
    received = bytearray()
    while sending.unsent:
        received += client.recv(2**18)
        sending._send_what_is_taken()
    sending.shutdown(socket.SHUT_WR)
    return bytes(received) + b"".join(iter(lambda: client.recv(2**18), b""))


@pytest.mark.parametrize("size", [0, 1000, IN_MEMORY, len(LARGE)])
def test_a_file_is_sent_though_it_is_closed_before(
    ends: tuple[ClientSocket, socket.socket], tmp_path: Path, size: int
) -> None:
    sending, client = ends
    (tmp_path / "file").write_bytes(b"before" + LARGE[:size])
    sending.sendall(HEADERS)
    with (tmp_path / "file").open("rb") as file:
        sending.sendfile(file, offset=6, count=size)
        file.seek(0)
    sending.sendall(b"end")
    assert read(sending, client) == HEADERS + LARGE[:size] + b"end"


def test_a_stream_is_sent_whole_and_buffered_mostly_on_disk(ends: tuple[ClientSocket, socket.socket]) -> None:
    sending, client = ends
    for start in range(0, len(LARGE), 5000):
        sending.sendall(LARGE[start : start + 5000])
    assert 0 < sending.held() <= IN_MEMORY
    assert read(sending, client) == LARGE


def test_a_disconnected_client_stops_a_stream(ends: tuple[ClientSocket, socket.socket]) -> None:
    sending, client = ends
    client.close()
    with pytest.raises(OSError, match="Broken pipe"):
        sending.sendall(HEADERS)
