"""The batch command on Ray: what it costs on one machine, and what a lost node does to it.

    python tests/benchmarks/ray_nodes.py --model saved_models/es-en --test pairs.tsv --column 2

Starts two Ray nodes of one core each on this machine, translates the lines (repeated) by the local
engine, on both nodes, and again while one node is killed half way, and compares the outputs byte by
byte.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from translator.files import read_file

PORT = 6399
RAY = str(Path(sys.executable).with_name("ray"))
ENVIRONMENT = {
    **os.environ,
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",
    "PYTHONPATH": str(ROOT),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=str(ROOT / "saved_models" / "es-en"))
    parser.add_argument("--test", required=True)
    parser.add_argument("--column", type=int, default=1)
    parser.add_argument("--lines", type=int, default=200_000)
    parser.add_argument("--beam-size", type=int, default=5, help="1 is greedy")
    given = parser.parse_args()
    if _raylets():
        sys.exit("Expected no Ray cluster on this machine. Received: one that runs")
    try:
        _measure(given)
    finally:
        _stop()


def _measure(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "in.txt")
        source.write_text("".join(itertools.islice(_lines(given.test, given.column), given.lines)))
        command = [sys.executable, "-m", "translator", "--model", given.model, str(source)]
        command += ["--beam-size", str(given.beam_size)]
        local = Path(folder, "local.txt")
        alone, _ = _timed([*command, "--output", str(local)])
        wanted = _digest([local])
        print(f"local engine: {alone:.0f} s, {given.lines / alone:.0f} lines/s", flush=True)
        for killed in (False, True):
            _stop()
            _start("--head", "--port", str(PORT))
            node = _start("--address", f"127.0.0.1:{PORT}")
            output = Path(folder, f"parts-{killed}")
            ray = [*command, "--engine", "ray", "--address", f"127.0.0.1:{PORT}"]
            kill = (node, Path(f"{output}.parts"), given.lines // 2000 // 2) if killed else None
            seconds, told = _timed([*ray, "--output", str(output)], kill)
            same = _digest(sorted(output.iterdir())) == wanted
            what = "one of two nodes killed half way" if killed else "two nodes of one core"
            print(
                f"{what}: {seconds:.0f} s, {seconds / alone:.2f} of the local engine's time, "
                f"{'the same bytes' if same else 'OTHER BYTES'}; {told.strip()}",
                flush=True,
            )
        _stop()


def _lines(path: str, column: int) -> Iterator[str]:
    return itertools.cycle([line.split("\t")[column - 1] + "\n" for line in read_file(path)])


def _timed(command: list[str], kill: tuple[set[int], Path, int] | None = None) -> tuple[float, str]:
    started = time.monotonic()
    with subprocess.Popen(
        command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        if kill is not None:
            node, folder, parts = kill
            while process.poll() is None and len(list(folder.glob("part-*"))) < parts:
                time.sleep(0.2)
            for pid in node:
                os.kill(pid, signal.SIGKILL)
            print(f"killed after {time.monotonic() - started:.0f} s", flush=True)
        told = process.communicate()[1]
    if process.returncode:
        sys.exit(told)
    return time.monotonic() - started, told


def _start(*arguments: str) -> set[int]:
    """Starts a node of one core; gives its raylets."""
    before = _raylets()
    subprocess.run(
        [RAY, "start", "--num-cpus", "1", "--disable-usage-stats", *arguments],
        env=ENVIRONMENT,
        check=True,
        capture_output=True,
    )
    return _raylets() - before


def _raylets() -> set[int]:
    found = subprocess.run(["pgrep", "-x", "raylet"], check=False, capture_output=True, text=True)
    return set(map(int, found.stdout.split()))


def _stop() -> None:
    subprocess.run([RAY, "stop", "--force"], check=False, env=ENVIRONMENT, capture_output=True)


def _digest(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
