"""The batch command on a Ray of its own and on one that runs, with a model of its own."""

from __future__ import annotations

import importlib.util
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from toy import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("ray") is None,
        reason="ray of requirements-ray.txt is not installed",
    ),
]

_CLUSTER = """
import ray, sys
ray.init("local", num_cpus=1, include_dashboard=False, log_to_driver=False)
print(ray.get_runtime_context().gcs_address, flush=True)
sys.stdin.read()
"""
_TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
"""Without one of its own, a cluster makes one that it does not tell."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Of a cluster of one core, that serves one command after another."""
    with subprocess.Popen(
        [sys.executable, "-c", _CLUSTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **_TOKEN, "RAY_USAGE_STATS_ENABLED": "0"},
        text=True,
    ) as cluster:
        assert cluster.stdin is not None
        assert cluster.stdout is not None
        address = cluster.stdout.readline().strip()
        assert address
        yield address
        cluster.stdin.close()


def _run(
    model: Path, *arguments: str | Path, address: str = ""
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "translator", "--model", model, *arguments]
    environment = {**os.environ}
    if address:
        command += ["--engine", "ray", "--address", address]
        environment |= _TOKEN
    return subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_parts_are_what_the_local_engine_writes(toy_model_folder: Path, tmp_path: Path) -> None:
    model = toy_model_folder / "xx-yy"
    source, local, parts = tmp_path / "in.txt", tmp_path / "local.txt", tmp_path / "parts"
    source.write_text("".join(f"x {n % 9 + 1} {n // 9 % 9 + 1}\n\n" for n in range(60)))
    common = (source, "--chunk-size", "50")
    assert _run(model, *common, "--output", local).returncode == 0

    done = _run(model, *common, "--output", parts, "--engine", "ray")

    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("120 segments, 0 truncated, "), done.stderr
    names = sorted(part.name for part in parts.iterdir())
    assert names == [f"part-{number:08d}.txt" for number in range(3)]
    assert b"".join((parts / name).read_bytes() for name in names) == local.read_bytes()


def test_nothing_becomes_an_empty_folder(
    toy_model_folder: Path, address: str, tmp_path: Path
) -> None:
    source, parts = tmp_path / "in.txt", tmp_path / "parts"
    source.write_text("")
    done = _run(toy_model_folder / "xx-yy", source, "--output", parts, address=address)

    assert done.returncode == 0, done.stderr
    assert list(parts.iterdir()) == []


def test_what_is_wrong_is_told_and_what_is_done_stays(
    toy_model_folder: Path, address: str, tmp_path: Path
) -> None:
    source, parts = tmp_path / "in.jsonl", tmp_path / "parts"
    source.write_text('{"text": "x 1"}\n{"text": "x 2"}\nx 3\n')
    common = (toy_model_folder / "xx-yy", source, "--chunk-size", "2", "--output", parts)
    failed = _run(*common, address=address)

    assert failed.returncode == 2
    assert failed.stderr == (
        f"Error: from {source}, line 3 on: line 1, column 1: expected a JSON object. "
        "Received: expected '{'\n"
    )
    assert not parts.exists()
    source.write_text('{"text": "x 1"}\n{"text": "x 2"}\n{"text": "x 3"}\n')
    done = _run(*common, "--resume", address=address)
    assert done.returncode == 0, done.stderr
    assert sorted(part.name for part in parts.iterdir()) == [
        "part-00000000.jsonl",
        "part-00000001.jsonl",
    ]


def test_no_such_cluster(toy_model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("x 1\n")
    found = _run(
        *(toy_model_folder / "xx-yy", tmp_path / "in.txt", "--output", tmp_path / "parts"),
        address="nowhere.invalid:6379",
    )

    assert found.returncode == 2
    assert found.stderr.startswith("Error: --address: expected a Ray cluster that runs there.")
    assert [entry.name for entry in tmp_path.iterdir()] == ["in.txt"]  # the next try is a first one
