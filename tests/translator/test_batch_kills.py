"""Processes of the batch command that are killed at random moments."""

from __future__ import annotations

import gzip
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).parents[1] / "killable_translator.py"
_LINES = 6000
_CHUNK = 50
_SECONDS = "0.01"


def _start(folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, _SCRIPT, "--model", ".", "--quiet", *arguments],
        cwd=folder,
        env={**os.environ, "SECONDS": _SECONDS, "COUNTED": str(folder / "counted"), **environment},
        stderr=subprocess.PIPE,
    )


def _wait_for_journal(journal: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and not (journal.exists() and journal.stat().st_size):
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.mark.parametrize("name", ["text.txt", "text.jsonl.gz"])
def test_ten_kills_then_the_output_of_an_unbroken_run(name: str, tmp_path: Path) -> None:
    texts = [f"line {n} {n % 7}" for n in range(_LINES)]
    if name == "text.txt":
        content = "".join(f"{text}\r\n" for text in texts).encode()
    else:
        content = gzip.compress("".join(f'{{"text": "{text}"}}\n' for text in texts).encode())
    (tmp_path / name).write_bytes(content)
    out, journal = f"out-{name}", tmp_path / f"out-{name}.journal"
    arguments = (name, "--output", out, "--chunk-size", str(_CHUNK))
    assert _start(tmp_path, name, "--output", f"unbroken-{name}", *arguments[3:]).wait() == 0
    unbroken = (tmp_path / f"unbroken-{name}").read_bytes()
    counted = tmp_path / "counted"
    calls = len(counted.read_text().splitlines())
    assert calls == _LINES // _CHUNK
    counted.unlink()

    rng = random.Random(1)
    kills = 0
    while kills < 10:
        process = _start(tmp_path, *arguments, *(["--resume"] if kills else []))
        _wait_for_journal(journal, process)
        time.sleep(rng.uniform(0, 0.12))
        process.send_signal(signal.SIGKILL)
        _, errors = process.communicate()
        assert (process.returncode, errors) == (-signal.SIGKILL, b"")
        assert not (tmp_path / out).exists()
        kills += 1
    process = _start(tmp_path, *arguments, "--resume")
    _, errors = process.communicate()

    assert (process.returncode, errors) == (0, b"")
    assert (tmp_path / out).read_bytes() == unbroken
    # A chunk is translated twice only if the kill came between its translation and its line.
    again = len(counted.read_text().splitlines())
    assert calls <= again <= calls + 10
    assert sorted(os.listdir(tmp_path)) == sorted([name, f"unbroken-{name}", out, "counted"])


def test_order_is_that_of_the_input(tmp_path: Path) -> None:
    lines = [f"number {n}" for n in range(_LINES)]
    (tmp_path / "a").write_text("\n".join(lines) + "\n")
    process = _start(tmp_path, "a", "--output", "b", "--chunk-size", "1000")

    assert process.wait() == 0
    assert (tmp_path / "b").read_text().splitlines() == [line.upper() for line in lines]


@pytest.mark.parametrize(
    ("names", "moment"),
    [
        (["a.txt"], "finish,before"),
        (["a.txt"], "finish,after"),
        (["a.txt"], "remove,before"),
        (["a.txt", "b.txt"], "finish,after"),
        (["a.txt", "b.txt"], "shrink,before"),
        (["a.txt", "b.txt"], "remove,after"),
    ],
)
def test_what_is_translated_in_place_is_translated_once(
    names: list[str], moment: str, tmp_path: Path
) -> None:
    for name in names:
        (tmp_path / name).write_text(f"{name} uno\n{name} dos\n")
    arguments = (*names, "--output", "{name}", "--chunk-size", "1")
    killed = _start(tmp_path, *arguments, KILLED=moment)
    assert killed.wait() == -signal.SIGKILL
    _, errors = (resumed := _start(tmp_path, *arguments, "--resume")).communicate()

    assert (resumed.returncode, errors) == (0, b"")
    for name in names:
        assert (tmp_path / name).read_text() == f"{name} uno\n{name} dos\n".swapcase()
    # No chunk was lost, either.
    assert len((tmp_path / "counted").read_text().splitlines()) == 2 * len(names)
    assert sorted(os.listdir(tmp_path)) == [*names, "counted"]
