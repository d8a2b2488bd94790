"""What an operator does to a running server: signals it, and asks for its metrics."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from fake_server import write_version
from live_server import TIMEOUT, FakeServer, fake_server, load

PATIENCE_SECONDS = 30
LOADED = 'translate_model_loads_total{{pair="es-en",version="{}"}}'
TEXTS = ["o" * length for length in range(2, 42)]


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def value(server: FakeServer, sample: str) -> float:
    text = requests.get(f"{server.url}/metrics", timeout=TIMEOUT).text
    found = [line.split()[-1] for line in text.splitlines() if line.startswith(f"{sample} ")]
    return float(found[0]) if found else 0.0


@pytest.fixture
def models(tmp_path: Path) -> Path:
    write_version(tmp_path, "es-en/1", seconds=0.02)
    return tmp_path


def test_sighup_takes_up_a_new_version_in_every_worker_without_a_failed_request(
    models: Path,
) -> None:
    with fake_server(models, workers=2, reload_seconds=0) as server:
        wait_for(lambda: len(server.workers()) == 2)
        workers = server.workers()
        with load(server.translate, callers=4) as seen:
            wait_for(lambda: "a v1" in seen.texts())
            write_version(models, "es-en/2", seconds=0.02)
            server.process.send_signal(signal.SIGHUP)
            wait_for(lambda: value(server, LOADED.format(2)) == 2)
            wait_for(lambda: "a v2" in seen.texts())
            last = [server.translate(text).json()["translatedText"] for text in TEXTS]
        assert seen.failures == []
        assert seen.statuses() == {200}
        assert last == [f"{text} v2" for text in TEXTS]
        assert server.workers() == workers


def test_connections_that_come_at_once_are_shared_among_the_workers(models: Path) -> None:
    with fake_server(models, workers=2) as server:
        wait_for(lambda: value(server, LOADED.format(1)) == 2)
        shares = []
        # Whoever is quicker by chance may have more of them, but not always.
        for _ in range(5):
            with contextlib.ExitStack() as closing:
                for _ in range(32):
                    address = ("127.0.0.1", port_of(server))
                    connection = socket.create_connection(address, timeout=TIMEOUT)
                    closing.enter_context(connection).sendall(b"GET /version HTTP/1.1\r\n")
                wait_for(lambda: sum(accepted(server)) == 32)
                shares.append(min(accepted(server)))
            wait_for(lambda: sum(accepted(server)) == 0)
        assert max(shares) >= 8, shares


def accepted(server: FakeServer) -> list[int]:
    """Connections of each worker."""
    established = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, *_, inode = line.split()[:10]
        if state == "01" and int(local.split(":")[1], 16) == port_of(server):
            established.add(f"socket:[{inode}]")
    return [len(established & set(open_files(worker))) for worker in server.workers()]


def open_files(process: int) -> Iterator[str]:
    for link in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            yield os.readlink(link)


def port_of(server: FakeServer) -> int:
    return int(server.url.rsplit(":", 1)[1])


def test_sigterm_loses_no_request_that_was_accepted_and_ends_well(tmp_path: Path) -> None:
    write_version(tmp_path, "es-en/1", seconds=1.0)
    with fake_server(tmp_path, log_format="json", log_level="info") as server:
        assert len(list(server.temporary.glob("translate-metrics-*"))) == 1
        named = {"X-Request-ID": "r-1"}
        assert requests.get(f"{server.url}/ready?secret", headers=named, timeout=TIMEOUT).ok
        with load(server.translate, callers=6) as seen:
            time.sleep(0.5)
            server.process.send_signal(signal.SIGTERM)
            told = time.monotonic()
            assert server.process.wait(TIMEOUT) == 0
        # Whoever asked before the signal was answered; who came later found nobody.
        assert seen.statuses() == {200}
        assert len([began for began, *_ in seen.answers if began < told]) >= 6
        assert [error for began, error in seen.failures if began < told] == []
        assert list(server.temporary.glob("translate-metrics-*")) == []
        written = server.log()
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    assert "Starting gunicorn" in lines[0]["message"]
    assert "Shutting down" in lines[-1]["message"]
    assert [line["route"] for line in lines if line.get("request_id") == "r-1"] == ["/ready"]
    assert {line["level"] for line in lines} == {"info"}
    assert "secret" not in written
    assert "Traceback" not in written


def test_metrics_tell_of_all_workers_and_outlive_one(models: Path) -> None:
    with fake_server(models, workers=2) as server:
        wait_for(lambda: value(server, LOADED.format(1)) == 2)
        for text in TEXTS:
            assert server.translate(text).status_code == 200
        requests_seen = 'translate_requests_total{method="POST",route="/translate",status="200"}'
        # Whichever worker is asked, it knows what the other has done.
        assert {value(server, requests_seen) for _ in range(10)} == {40}
        assert {value(server, "translate_sentences_total") for _ in range(10)} == {40}
        assert value(server, 'translate_cache_lookups_total{result="miss"}') == 40
        assert value(server, "translate_requests_in_flight") == 1
        before = server.workers()
        os.kill(before[0], signal.SIGKILL)
        wait_for(lambda: len(set(server.workers()) - set(before)) == 1)
        wait_for(lambda: value(server, LOADED.format(1)) == 3)
        assert value(server, requests_seen) == 40
        assert value(server, "translate_requests_in_flight") == 1
