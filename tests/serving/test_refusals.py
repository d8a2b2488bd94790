"""More translations than threads may have: refused by the loop that accepts connections."""

from __future__ import annotations

import http.client
import re
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests
from live import Live, telling_server

from serving.worker import size_of

SECONDS = 2
BODY = b'{"q": "uno dos", "source": "es", "target": "en"}'
HEAD = b"POST /translate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
WHOLE = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY


@pytest.fixture
def full() -> Iterator[Live]:
    """A server all of whose places are taken for two seconds."""
    with telling_server(threads=4, cache_mb=0) as live:
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
            assert body == b'{"error": "The server is busy: try again later"}'
        time.sleep(SECONDS)
        connection.sendall(WHOLE)
        status, _, body = read(connection)
    assert status == 200, body
    assert b"uno dos v1" in body


def test_requests_that_came_together_are_each_answered(full: Live) -> None:
    with full.connect() as connection:
        connection.sendall(WHOLE * 2 + WHOLE[:-5])
        received = b""
        while received.count(b"later") < 2:
            received += connection.recv(4096)
        assert received.count(b"503 Service Unavailable") == 2
        connection.sendall(WHOLE[-5:])
        assert read(connection)[0] == 503


@pytest.mark.parametrize(
    "head", [HEAD + b"Connection: Close\r\n", HEAD.replace(b"HTTP/1.1", b"HTTP/1.0")]
)
def test_a_connection_is_closed_for_who_wants_that(head: bytes, full: Live) -> None:
    with full.connect() as connection:
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
        received = b""
        while data := connection.recv(4096):
            received += data
    assert received.startswith(b"HTTP/1.1 503 ")


def test_what_costs_no_work_is_answered_and_refusals_are_counted(full: Live) -> None:
    for _ in range(5):
        assert full.translate().status_code == 503
    began = time.monotonic()
    assert requests.get(f"{full.url}/health", timeout=5).status_code == 200
    counts = requests.get(f"{full.url}/metrics", timeout=5).text
    assert time.monotonic() - began < 1
    found = re.search(r'requests_total\{.*route="/translate",status="503"\} (\d+)', counts)
    assert found is not None, counts
    assert int(found[1]) >= 5


@pytest.mark.parametrize(
    ("collected", "size"),
    [
        (WHOLE, len(WHOLE)),
        (WHOLE + b"GET", len(WHOLE)),
        (WHOLE[:-1], None),
        (HEAD, None),
        (b"GET /translate?q=a HTTP/1.1\r\n\r\n", 31),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", None),
        (HEAD + b"Content-Length: 0\r\nContent-Length: 9\r\n\r\n", None),
        (HEAD + b"Content-Length: +1\r\n\r\na", None),
        (HEAD + b"Content-Length : 1\r\n\r\na", None),
        (HEAD + b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\na", None),
    ],
)
def test_the_size_of_a_request(collected: bytes, size: int | None) -> None:
    assert size_of(bytearray(collected)) == size
