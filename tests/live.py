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
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import requests
from fake_server import write_version
from live_server import TIMEOUT, free_port

ROOT = Path(__file__).parent.parent


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
def telling_server(**settings: object) -> Iterator[Live]:
    """Runs `telling_server`, with es-en, and with en-es, which takes two seconds for a text."""
    with TemporaryDirectory() as folder:
        write_version(Path(folder), "es-en/1")
        write_version(Path(folder), "en-es/1", seconds=2.0)
        with _started(Path(folder), settings) as live:
            yield live


@contextmanager
def _started(models: Path, settings: dict[str, object]) -> Iterator[Live]:
    port = free_port()
    environ = {name: v for name, v in os.environ.items() if not name.startswith("TRANSLATE_")}
    environ |= {f"TRANSLATE_{name.upper()}": str(value) for name, value in settings.items()}
    environ |= {"TRANSLATE_PORT": str(port), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, ROOT / "tests" / "telling_server.py", models],
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
