"""Connections when the process may open no more files."""

from __future__ import annotations

import contextlib
import os
import resource
import time
from pathlib import Path

import pytest
import requests
from gunicorn.config import Config
from gunicorn.workers.gthread import ThreadWorker
from live import telling_server

from serving.logs import GunicornLogger
from serving.worker import PatientWorker

FILES = resource.RLIMIT_NOFILE


def test_a_worker_without_files_to_open_goes_on_once_it_has_some() -> None:
    soft, hard = resource.getrlimit(FILES)
    resource.setrlimit(FILES, (min(hard, 300), hard))
    try:
        with telling_server() as live:
            worker = int(live.translate().headers["X-Worker"])
            assert resource.prlimit(worker, FILES) == (hard, hard)
            open_now = len(os.listdir(f"/proc/{worker}/fd"))
            resource.prlimit(worker, FILES, (open_now + 5, hard))
            with contextlib.ExitStack() as stack:
                for _ in range(20):
                    stack.enter_context(live.connect())
                with pytest.raises(requests.Timeout):
                    requests.get(f"{live.url}/version", timeout=1)
            began = time.monotonic()
            assert live.translate().headers["X-Worker"] == str(worker)
            assert time.monotonic() - began < 5
    finally:
        resource.setrlimit(FILES, (soft, hard))


@pytest.mark.parametrize(
    ("most", "connections"),
    [(100_000, 1_020), (500, 352), (50, 1), (resource.RLIM_INFINITY, 1_020)],
)
def test_there_are_no_more_connections_than_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, connections: int
) -> None:
    config = Config()
    for name, value in {"threads": 20, "worker_connections": 1_020}.items():
        config.set(name, value)
    worker = PatientWorker(1, os.getpid(), [], None, 30, config, GunicornLogger(config))
    limits = {FILES: (40, most)}
    monkeypatch.setattr(ThreadWorker, "init_process", lambda worker: None)
    monkeypatch.setattr("serving.worker.resource.getrlimit", limits.get)
    monkeypatch.setattr("serving.worker.resource.setrlimit", limits.__setitem__)
    worker.init_process()
    worker.tmp.close()
    assert limits == {FILES: (most, most)}
    assert worker.worker_connections == connections
    assert worker.max_keepalived == max(0, connections - 20)
