"""Real servers for tests: started, asked, and ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import requests

ROOT = Path(__file__).parent.parent
TIMEOUT = 60


class Live(NamedTuple):
    """A server that runs."""

    port: int
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def translate(self, text: str = "uno dos", **options: Any) -> requests.Response:
        """Asks over a connection of its own, so that either worker may take it."""
        fields = {"q": text, "source": "es", "target": "en"} | options.pop("fields", {})
        return requests.post(f"{self.url}/translate", json=fields, timeout=TIMEOUT, **options)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)


@contextmanager
def word_server(**settings: object) -> Iterator[Live]:
    """Runs the server around the translator that writes words backwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    environ = {name: v for name, v in os.environ.items() if not name.startswith("TRANSLATE_")}
    environ |= {f"TRANSLATE_{name.upper()}": str(value) for name, value in settings.items()}
    environ |= {"TRANSLATE_PORT": str(port), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, ROOT / "tests" / "serving" / "word_server.py"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline(), process.communicate()[1]
        yield Live(port, process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=TIMEOUT)
        finally:
            process.kill()
