"""Starts real servers for tests, and asks them."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

TIMEOUT = 60
FAKE_SERVER = Path(__file__).with_name("fake_server.py")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class FakeServer:
    """A gunicorn with the translators of `fake_server`."""

    process: subprocess.Popen[str]
    port: int
    temporary: Path
    """Where it has its temporary files."""

    def log(self) -> str:
        """What it has written to standard error."""
        return (self.temporary / "log").read_text()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def translate(self, text: str = "a", **fields: Any) -> requests.Response:
        fields = {"q": text, "source": "es", "target": "en"} | fields
        return requests.post(f"{self.url}/translate", json=fields, timeout=TIMEOUT)

    def workers(self) -> list[int]:
        """Process numbers of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(number) for number in children.read_text().split()]


@contextlib.contextmanager
def fake_server(models: Path, **settings: Any) -> Iterator[FakeServer]:
    """Serves a folder that `fake_server.write_version` has written to."""
    port = free_port()
    options = [f"{name}={value}" for name, value in {"port": port, **settings}.items()]
    environ = {name: v for name, v in os.environ.items() if not name.startswith("TRANSLATE_")}
    with contextlib.ExitStack() as closing:
        temporary = closing.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        # Not a pipe: one that nobody reads would hold up a server that has much to say.
        log = closing.enter_context(Path(temporary, "log").open("w"))
        process = subprocess.Popen(
            [sys.executable, FAKE_SERVER, models, *options],
            env=environ | {"TMPDIR": temporary},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        server = FakeServer(process, port, Path(temporary))
        try:
            assert process.stdout is not None
            assert process.stdout.readline(), server.log()
            yield server
        finally:
            process.kill()
            process.communicate()


@dataclass
class Load:
    """Callers that ask again and again until they are stopped; what they got."""

    answers: list[tuple[float, int, str]] = field(default_factory=list)
    failures: list[tuple[float, Exception]] = field(default_factory=list)

    def texts(self) -> set[str]:
        return {text for _, status, text in self.answers if status == 200}

    def statuses(self) -> set[int]:
        return {status for _, status, _ in self.answers}


@contextlib.contextmanager
def load(ask: Callable[[], requests.Response], callers: int = 8) -> Iterator[Load]:
    """Asks all the time, in some threads."""
    found, stop = Load(), threading.Event()

    def call() -> None:
        while not stop.is_set():
            began = time.monotonic()
            try:
                response = ask()
                text = response.json().get("translatedText", "")
                found.answers.append((began, response.status_code, text))
            except requests.RequestException as error:
                found.failures.append((began, error))
                stop.wait(0.02)

    threads = [threading.Thread(target=call, daemon=True) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        stop.set()
        for thread in threads:
            thread.join(TIMEOUT)
