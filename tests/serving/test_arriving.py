"""What a request's form tells of whether more is to come."""

from __future__ import annotations

import time

import pytest

from serving.arriving import MOST_COLLECTED, Arriving

CHUNKED = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
LEAVE = b"HTTP/1.1 100 Continue\r\n\r\n"


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
        (CHUNKED + b"0\r\n\r\n", True),
        (CHUNKED + b"2\r\n0\r\n\r\n", True),
        (CHUNKED + b"2\r\nab\r\n0\r\n", False),
        (CHUNKED + b"2\r\nab\r\n0\r\n\r\n", True),
        (CHUNKED + b"0\r\n\r\nGET /", True),
        (CHUNKED + b"8 ;a=b\r\n\r\n0\r\n\r\na\r\n", False),
        (CHUNKED + b"0\r\nX-Sum: 1\r\n", False),
        (CHUNKED + b"0\r\nX-Sum: 1\r\n\r\n", True),
        (CHUNKED + b"zz\r\n", True),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"0" * 30 + b"2\r\n\r\na", False),
        (b"POST / HTTP/1.1\r\nExpect: a miracle\r\nContent-Length: 2\r\n\r\n", True),
        (b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", False),
        (b"GET / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n", True),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", True),
        (b"a" * MOST_COLLECTED, True),
    ],
)
def test_what_is_waited_for(collected: bytes, whole: bool) -> None:
    request = Arriving()
    assert request.add(collected) == b""
    assert request.whole is whole
    # Nor does it matter in which pieces it comes.
    pieces = Arriving()
    assert not any(pieces.add(bytes([byte])) for byte in collected)
    assert pieces.whole is whole


@pytest.mark.parametrize("rest", [b"Content-Length: 2\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_leave_to_send_is_given_once(rest: bytes) -> None:
    head, body = b"POST / HTTP/1.1\r\nA: b", b"ab" if rest[:1] == b"C" else b"0\r\n\r\n"
    request = Arriving()
    assert request.add(head + b"\r\neXpect:\t100-Continue \r\n" + rest + b"\r\n") == LEAVE
    assert not request.whole
    assert request.add(body) == b""
    assert request.whole
    # The parser shall not see what would make it answer again.
    assert bytes(request.collected) == head + b"\r\n" + rest + b"\r\n" + body


def test_who_does_not_wait_for_leave_is_not_given_it() -> None:
    head = b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    request = Arriving()
    assert request.add(head + b"a") == request.add(b"b") == b""
    assert request.whole


@pytest.mark.parametrize(
    "long",
    [
        b"a" * 60_000,
        CHUNKED + b"ea60\r\n" + b"\r\n0" * 20_000,
        CHUNKED + b"0\r\n" + b"a:b\r\n" * 10_000,
        CHUNKED + b"1;" + b"0" * 60_000,
        CHUNKED + b"1\r\na\r\n" * 8_000,
    ],
)
def test_a_byte_costs_the_same_however_many_came_before(long: bytes) -> None:
    request = Arriving()
    began = time.process_time()
    for byte in long:
        request.add(bytes([byte]))
    assert time.process_time() - began < 2
    assert not request.whole
