"""What happens to requests when something goes wrong, with a real gunicorn."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from fake_server import write_version
from live_server import FakeServer, fake_server, load

SLOW = 0.05


@pytest.fixture
def models(tmp_path: Path) -> Path:
    write_version(tmp_path, "es-en/1", seconds=SLOW)
    return tmp_path


@pytest.fixture(scope="module")
def garbled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeServer]:
    """A server that is asked what it cannot read."""
    models = tmp_path_factory.mktemp("models")
    write_version(models, "es-en/1")
    with fake_server(models) as server:
        yield server


def wait_for(server: FakeServer, text: str, seconds: float = 10.0) -> float:
    """Waits until a translation reads like this; the seconds that it took."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        try:
            if server.translate().json().get("translatedText") == text:
                return time.monotonic() - began
        except requests.RequestException:
            pass
        time.sleep(0.02)
    raise AssertionError(f"no {text!r} in {seconds} s")


def test_a_killed_worker_takes_its_own_requests_only_with_it(models: Path) -> None:
    with fake_server(models, workers=2, cache_mb=0) as server, load(server.translate) as found:
        time.sleep(0.5)
        victim, *_ = server.workers()
        killed = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        time.sleep(0.2)
        assert wait_for(server, "a v1") < 10
        time.sleep(1.5)
        assert len(server.workers()) == 2
        assert victim not in server.workers()
    # Eight callers, so at most eight requests were in flight.
    assert len(found.failures) <= 8
    assert all(abs(began - killed) < 1 for began, _ in found.failures)
    assert found.statuses() == {200}


def test_a_new_version_takes_over_under_load(models: Path) -> None:
    with (
        fake_server(models, reload_seconds=0.1, cache_mb=8) as server,
        load(server.translate) as found,
    ):
        assert wait_for(server, "a v1")
        write_version(models, "es-en/2")
        assert wait_for(server, "a v2")
        time.sleep(0.3)
    assert found.failures == []
    assert found.statuses() == {200}
    assert found.texts() == {"a v1", "a v2"}
    # Once the new one has answered, the old one does not: not even out of the cache.
    last_of_old = max(began for began, _, text in found.answers if text == "a v1")
    first_of_new = min(began for began, _, text in found.answers if text == "a v2")
    assert last_of_old < first_of_new + 2 * SLOW


def test_a_broken_version_changes_nothing(models: Path) -> None:
    with (
        fake_server(models, reload_seconds=0.1) as server,
        load(server.translate, callers=2) as found,
    ):
        write_version(models, "es-en/2", broken=True)
        time.sleep(1)
        server.process.terminate()
        server.process.wait(15)
        log = server.log()
    assert found.texts() == {"a v1"}
    assert log.count(f"Not serving {models / 'es-en' / '2'}") == 1


def test_clients_that_send_a_byte_a_second_hold_nobody_up(models: Path) -> None:
    head = b"POST /translate HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n"
    with fake_server(models) as server, contextlib.ExitStack() as closing:
        slow = [
            closing.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            for _ in range(100)
        ]
        for n, connection in enumerate(slow):
            connection.sendall(head[: 20 + n % 40] if n % 2 else head + b'\r\n{"q": "')
        took = []
        for n in range(5):
            for connection in slow:
                connection.sendall(b"X")
            began = time.monotonic()
            assert server.translate(f"text {n}").status_code == 200
            took.append(time.monotonic() - began)
            time.sleep(0.2)
        assert sorted(took)[2] < SLOW + 0.25


def test_a_request_that_does_not_arrive_loses_its_connection(models: Path) -> None:
    with (
        fake_server(models, threads=4, receive_seconds=2) as server,
        contextlib.ExitStack() as closing,
    ):
        slow = [
            closing.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            for _ in range(4)
        ]
        for connection in slow:
            connection.sendall(b"POST /translate HTTP/1.1\r\nHost: a\r\n")
        began = time.monotonic()
        # There are four threads, and none of them waits for these.
        assert server.translate().status_code == 200
        assert time.monotonic() - began < 1.5
        assert [connection.recv(1) for connection in slow] == [b""] * 4
        assert 1.5 < time.monotonic() - began < 5


def test_a_client_that_has_gone_is_not_translated_for(models: Path) -> None:
    with fake_server(models, cache_mb=0) as server:
        # One search holds 32 short sentences; this is a minute of them.
        texts = [f"text {n}" for n in range(1000)]
        with pytest.raises(requests.Timeout):
            requests.post(
                f"{server.url}/translate",
                json={"q": texts, "source": "es", "target": "en"},
                timeout=0.2,
            )
        time.sleep(0.5)
        began = time.monotonic()
        assert server.translate().json()["translatedText"] == "a v1"
        assert time.monotonic() - began < 3 * SLOW + 0.25


def test_too_many_at_once_are_told_so_at_once(models: Path) -> None:
    with fake_server(models, threads=8, cache_mb=0, dynamic_batching=False) as server:
        with load(server.translate, callers=12) as found:
            time.sleep(1.5)
        refused = requests.Response()
        while refused.status_code != 503:
            with load(server.translate, callers=12):
                time.sleep(0.2)
                refused = server.translate()
        assert refused.json()["error"].startswith("The server is busy")
        assert int(refused.headers["Retry-After"]) >= 1
    assert found.failures == []
    assert found.statuses() == {200, 503}


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST /translate?q=geheim is this HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\ngehe im: a\r\n\r\n", 400),
        (b"GET /translate?q=geheim" + b"a" * 9_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nA: geheim" + b"a" * 9_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nExpect: geheim\r\n\r\n", 417),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: geheim\r\n\r\n", 501),
    ],
)
def test_what_is_no_request_is_refused_in_words_that_do_not_quote_it(
    garbled: FakeServer, request_: bytes, status: int
) -> None:
    with socket.create_connection(("127.0.0.1", garbled.port)) as connection:
        connection.sendall(request_)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.status == status
        assert answer.headers["Connection"] == "close"
        assert json.load(answer)["error"].startswith("Invalid request: ")
    [line] = garbled.log().splitlines()[-1:]
    assert "WARNING An invalid request was refused: " in line
    assert "gehe" not in garbled.log()


def test_a_worker_that_begins_while_the_models_are_away_ends_nobody(
    models: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    away = tmp_path_factory.mktemp("away") / "models"
    with fake_server(models, workers=2, reload_seconds=0.2) as server:
        models.rename(away)
        victim, other = server.workers()
        os.kill(victim, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while "No model is served until" not in server.log():
            assert time.monotonic() < deadline, server.log()
            time.sleep(0.05)
        assert other in server.workers()
        assert len(server.workers()) == 2
        away.rename(models)
        time.sleep(1.0)
        assert {server.translate().status_code for _ in range(20)} == {200}


def test_who_does_not_read_the_answer_holds_no_thread_for_long(tmp_path: Path) -> None:
    write_version(tmp_path, "es-en/1")
    limits = {"char_limit": 10_000_000, "max_body_bytes": 10_000_000}
    with fake_server(tmp_path, threads=2, receive_seconds=1, **limits) as server:
        body = json.dumps({"q": ["a" * 9_000] * 900, "source": "es", "target": "en"}).encode()
        head = f"Host: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        with contextlib.ExitStack() as stack:
            for _ in range(2):
                client = stack.enter_context(socket.socket())
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
                client.connect(("127.0.0.1", server.port))
                client.sendall(b"POST /translate HTTP/1.1\r\n" + head.encode() + body)
            time.sleep(1.0)
            wait_for(server, "a v1", seconds=90)
        assert "Traceback" not in server.log()
