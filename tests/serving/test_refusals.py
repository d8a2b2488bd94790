"""More translations than threads may have: refused by the loop that accepts connections."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests
from live import Live, telling_server

from serving.plain_request import PlainRequest, plain_translation

SECONDS = 2
BODY = b'{"q": "uno dos", "source": "es", "target": "en"}'
HEAD = b"POST /translate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    with telling_server(threads=4, cache_mb=0) as live:
        yield live


@pytest.fixture
def full(live: Live) -> Iterator[Live]:
    """A server all of whose places are taken for two seconds."""
    found: list[int] = []

    def ask() -> None:
        found.append(live.translate(headers={"X-Sleep": str(SECONDS)}).status_code)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
        time.sleep(0.3)  # a model has two of them at most
    yield live
    for thread in threads:
        thread.join()
    assert found == [200] * 3


def refused(live: Live) -> int:
    """How many were, by the metrics."""
    counts = requests.get(f"{live.url}/metrics", timeout=5).text
    found = re.search(r'requests_total\{.*route="/translate",status="503"\} (\d+)', counts)
    return int(found[1]) if found else 0


def read(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status, dict(answer.getheaders()), answer.read()


def test_is_told_at_once_and_may_try_again_on_the_same_connection(full: Live) -> None:
    with full.connect() as connection:
        for _ in range(3):
            connection.sendall(WHOLE)
            began = time.monotonic()
            status, headers, body = read(connection)
            assert time.monotonic() - began < 0.5
            assert (status, headers["Retry-After"]) == (503, "1")
            assert body == b'{"error": "The server is busy: try again later"}\n'
        time.sleep(SECONDS)
        connection.sendall(WHOLE)
        status, _, body = read(connection)
    assert status == 200, body
    assert b"uno dos v1" in body


def test_a_second_request_that_came_along_is_not_answered(full: Live) -> None:
    with full.connect() as connection:
        connection.sendall(WHOLE * 200)
        status, headers, _ = read(connection)
        assert (status, headers["Connection"]) == (503, "close")
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(4096) == b""
    assert requests.get(f"{full.url}/health", timeout=5).status_code == 200


def test_a_connection_is_closed_for_who_wants_that(full: Live) -> None:
    for head in (
        HEAD + b"Connection: Close\r\n",
        HEAD.replace(b"HTTP/1.1", b"HTTP/1.0"),
        HEAD + b"Connection: close, TE\r\n",
    ):
        with full.connect() as connection:
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
            received = b""
            while data := connection.recv(4096):
                received += data
        assert received.startswith(b"HTTP/1.1 503 "), head


def test_what_costs_no_work_is_answered_and_refusals_are_counted(full: Live) -> None:
    before = refused(full)
    for _ in range(5):
        assert full.translate().status_code == 503
    began = time.monotonic()
    assert requests.get(f"{full.url}/health", timeout=5).status_code == 200
    after = refused(full)
    assert time.monotonic() - began < 1
    assert after >= before + 5


def test_a_page_of_another_origin_may_read_that_it_is_refused() -> None:
    """The application answers it, which knows the origins."""
    origin = HEAD + b"Origin: https://example.org\r\nContent-Length: 0\r\n\r\n"
    assert plain_translation(bytearray(origin)) is None


@pytest.mark.parametrize(
    ("collected", "request_"),
    [
        (WHOLE, PlainRequest(len(WHOLE), closes=False)),
        (WHOLE + b"GET", PlainRequest(len(WHOLE), closes=False)),
        (WHOLE.replace(b"Host", b"connection: Close\r\nHost"), PlainRequest(len(WHOLE) + 19, True)),
        (WHOLE.replace(b"1.1", b"1.0"), PlainRequest(len(WHOLE), closes=True)),
    ],
)
def test_a_plain_request(collected: bytes, request_: PlainRequest) -> None:
    assert plain_translation(bytearray(collected)) == request_


@pytest.mark.parametrize(
    "collected",
    [
        WHOLE[:-1],
        HEAD,
        HEAD + b"\r\n",
        WHOLE.replace(b"POST", b"GET"),
        WHOLE.replace(b"/translate", b"/translate_file"),
        WHOLE.replace(b"/translate", b"/translate?a"),
        WHOLE.replace(b"1.1", b"2.0"),
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding : chunked\r\nContent-Length: 3\r\n\r\nabc",
        HEAD + b"X: a\n Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
        HEAD + b"X: a\nContent-Length: 50\r\n\r\n",
        HEAD + b"Content-Length: 3\r\n 7\r\n\r\nabc",
        HEAD + b"\r\n Content-Length: 50\r\n\r\n",
        HEAD + b"Content-Length: 0\r\nContent-Length: 9\r\n\r\n",
        HEAD + b"Content-Length: +1\r\n\r\na",
        HEAD + b"Content-Length: 1_0\r\n\r\n0123456789",
        HEAD + b"Content-Length : 1\r\n\r\na",
        HEAD + b"Content-Length: " + b"0" * 5000 + b"1\r\n\r\na",
        HEAD + b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\na",
    ],
)
def test_whatever_is_not_plain_is_for_the_parser(collected: bytes) -> None:
    assert plain_translation(bytearray(collected)) is None
