"""Clients that send slowly, or never end, against a real server with two threads."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from collections.abc import Iterator

import pytest
from live import Live, telling_server

from serving.arriving import MOST_COLLECTED

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


def test_many_that_stop_halfway_hold_nobody_up_and_are_let_go(live: Live) -> None:
    beginnings = (b"", START, START + LENGTH + BODY[:5], START + CHUNKS + b"5\r\n{")
    with contextlib.ExitStack() as stack:
        slow = [
            (beginning, stack.enter_context(live.connect()))
            for beginning in beginnings
            for _ in range(20)
        ]
        for beginning, connection in slow:
            connection.sendall(beginning)
        assert answered_within(live, seconds=2)
        began = time.monotonic()
        for beginning, connection in slow[::20]:
            seconds_until_closed(connection)
            assert time.monotonic() - began < SECONDS + 3, beginning


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


def test_nobody_who_waits_for_leave_to_send_holds_a_thread(live: Live) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(live.connect()) for _ in range(20)]
        for connection in slow:
            connection.sendall(START + b"Expect: 100-continue\r\n" + LENGTH)
            assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert answered_within(live, seconds=1)
        slow[0].sendall(BODY)
        # It is not told a second time.
        assert slow[0].recv(4096).startswith(b"HTTP/1.1 200")


def test_the_first_byte_of_a_second_request_holds_no_thread(live: Live) -> None:
    request = b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(live.connect()) for _ in range(20)]
        for connection in slow:
            connection.sendall(request + request[:1])
            assert read_answer(connection)[0] == 200
        assert answered_within(live, seconds=1)
        slow[0].sendall(request[1:])
        assert read_answer(slow[0])[0] == 200
        assert seconds_until_closed(slow[1]) < SECONDS + 3


def test_nobody_waits_for_clients_that_keep_their_end_open(live: Live) -> None:
    request = b"GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with contextlib.ExitStack() as stack:
        open_ = [stack.enter_context(live.connect()) for _ in range(10)]
        for connection in open_:
            connection.sendall(request)
            assert read_answer(connection)[0] == 200
        assert answered_within(live, seconds=1)
        # They are let go in the end, by a reset if they go on sending.
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            send_slowly(open_[0], b"x" * 50)


def test_who_goes_on_sending_after_the_last_answer_gets_it(live: Live) -> None:
    with live.connect() as connection:
        connection.sendall(START + b"Connection: close\r\n" + LENGTH + BODY + b"x" * 30_000)
        assert read_answer(connection)[0] == 200
        assert connection.recv(1) == b""
