from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from serving.nonblocking import receive, send


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair()
    with one, other:
        yield one, other


def test_what_is_sent_arrives(pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair
    data = bytes(range(256)) * 3  # zero bytes, too
    assert send(one, data) == len(data)
    assert receive(other, 500) == data[:500]
    assert receive(other, 65_536) == data[500:]


def test_it_does_not_wait(pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair  # both blocking
    with pytest.raises(BlockingIOError):
        receive(one, 10)
    sent = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            sent += send(one, b"x" * 65_536)
    assert sent
    while sent:
        sent -= len(receive(other, 65_536))
    with pytest.raises(BlockingIOError):
        receive(other, 1)


def test_a_timeout_is_none_of_its_business(pair: tuple[socket.socket, socket.socket]) -> None:
    one, other = pair
    one.settimeout(60)
    with pytest.raises(BlockingIOError):
        receive(one, 1, socket.MSG_PEEK)
    other.send(b"ab")
    assert receive(one, 1, socket.MSG_PEEK) == b"a"
    assert receive(one, 5) == b"ab"


def test_the_end_and_errors_are_those_of_sockets(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    one, other = pair
    one.close()
    assert receive(other, 10) == b""
    with pytest.raises(BrokenPipeError):
        send(other, b"x")
    with pytest.raises(OSError, match="Bad file descriptor"):
        receive(one, 10)
