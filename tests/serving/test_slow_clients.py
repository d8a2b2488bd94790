"""Clients that send slowly, or never end, against a real server with two threads."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from collections.abc import Iterator

import pytest
from live import Live, telling_server

from serving.worker import MOST_COLLECTED, is_whole

BODY = b'{"q": "uno dos", "source": "es", "target": "en"}'
START = b"POST /translate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n" % len(BODY)
CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n"
SECONDS = 2


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with telling_server(threads=2, receive_seconds=SECONDS, max_body_bytes=1_000_000) as live:
        yield live


def answered_within(live: Live, seconds: float) -> bool:
    start = time.monotonic()
    assert live.translate().json()["translatedText"] == "uno dos v1"
    return time.monotonic() - start < seconds


def read_answer(connection: socket.socket) -> tuple[int, bytes]:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status, answer.read()


def seconds_until_closed(connection: socket.socket) -> float:
    start = time.monotonic()
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(4096):
            pass
    return time.monotonic() - start


@pytest.mark.parametrize(
    "beginning", [b"", START, START + LENGTH + BODY[:5], START + CHUNKS + b"5\r\n{"]
)
def test_many_that_stop_halfway_hold_nobody_up_and_are_let_go(live: Live, beginning: bytes) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(live.connect()) for _ in range(20)]
        for connection in slow:
            connection.sendall(beginning)
        assert answered_within(live, seconds=2)
        assert seconds_until_closed(slow[0]) < SECONDS + 3


def test_one_that_sends_a_byte_now_and_then_is_let_go(live: Live) -> None:
    with live.connect() as connection, pytest.raises((ConnectionResetError, BrokenPipeError)):
        send_slowly(connection, START + LENGTH)


def send_slowly(connection: socket.socket, request: bytes) -> None:
    for byte in request:
        connection.sendall(bytes([byte]))
        time.sleep(0.2)


def test_a_request_in_pieces_is_answered(live: Live) -> None:
    request = START + LENGTH + BODY
    with live.connect() as connection:
        for start in range(0, len(request), 40):
            connection.sendall(request[start : start + 40])
            time.sleep(0.05)
        assert read_answer(connection)[0] == 200
        # The same connection, and two requests at once.
        connection.sendall(request + request)
        answers = b""
        while answers.count(b"uno dos v1") < 2:
            answers += connection.recv(4096)


def test_chunks_are_answered(live: Live) -> None:
    for end in (b"0\r\n\r\n", b"000;x=y\r\nX-Sum: 1\r\n\r\n"):
        with live.connect() as connection:
            connection.sendall(START + CHUNKS + b"%x\r\n" % len(BODY) + BODY + b"\r\n")
            time.sleep(0.1)
            connection.sendall(end)
            assert read_answer(connection)[0] == 200


@pytest.mark.parametrize("chunk", [b"zz\r\n", b"5\r\nabcdefgh\r\n", b"0\r\nTrailer: 1\r\n\r\n"])
def test_chunks_that_are_none_are_refused_in_words(live: Live, chunk: bytes) -> None:
    with live.connect() as connection:
        connection.sendall(START + CHUNKS + chunk + b"0\r\n\r\n")
        status, body = read_answer(connection)
    assert status == 400
    assert body.startswith(b'{"error":"Invalid request: ')


def test_one_that_waits_for_leave_to_send_its_body_gets_it(live: Live) -> None:
    with live.connect() as connection:
        connection.sendall(START + b"Expect: 100-continue\r\n" + LENGTH)
        assert connection.recv(4096).startswith(b"HTTP/1.1 100")
        connection.sendall(BODY)
        assert read_answer(connection)[0] == 200


def test_a_long_body_that_stops_halfway_is_let_go_as_well(live: Live) -> None:
    with live.connect() as connection:
        connection.sendall(START + b"Content-Length: 900000\r\n\r\n" + b"a" * MOST_COLLECTED)
        assert answered_within(live, seconds=2)
        assert seconds_until_closed(connection) < SECONDS + 3


@pytest.mark.parametrize(
    ("collected", "whole"),
    [
        (b"", False),
        (b"GET / HTTP/1.1\r\n", False),
        (b"GET / HTTP/1.1\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n", False),
        (b"POST / HTTP/1.1\r\ncontent-length:2 \r\n\r\na", False),
        (b"POST / HTTP/1.1\r\nCONTENT-LENGTH: 2\r\n\r\nab", True),
        (b"POST / HTTP/1.1\r\nX: 1\r\nContent-Length: 2\r\nY: 2\r\n\r\nabc", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n", False),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n0\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n", False),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /", True),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", True),
        (b"a" * MOST_COLLECTED, True),
    ],
)
def test_what_is_waited_for(collected: bytes, whole: bool) -> None:
    assert is_whole(bytearray(collected)) is whole
