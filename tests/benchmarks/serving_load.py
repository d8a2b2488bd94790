"""Many clients at once: requests a second and latencies, then ten times more than it can do.

    python tests/benchmarks/serving_load.py --test en-es.test.tsv.gz --column 2 --model es-en

The server runs with dynamic batching, without, and beside it a plain Flask endpoint around the same
model; each of them in turn, in every round. Every request is one sentence of the file. The cache is
off. The clients are wrk (and hey, for the overload), on the same machine: both share its cores with
the server. Debian has them as packages.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import requests

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from translator.files import read_file
from translator.translator import Translator

CLIENTS = (1, 8, 32, 128)
PARTS = ("alone", "load", "overload")
SERVERS = ("batching", "no batching", "plain Flask")


class Load(NamedTuple):
    """What the clients saw; latencies in milliseconds."""

    rate: float
    p50: float
    p95: float
    p99: float
    errors: int


def main() -> None:
    """Measures, and prints tables."""
    options = _options()
    for program in ("wrk", "hey"):
        if shutil.which(program) is None:
            sys.exit(f"Expected the program {program}. Received: none (apt install {program})")
    source, target = options.model.split("-")
    sentences = [line.split("\t")[options.column - 1] for line in read_file(options.test)]
    with tempfile.TemporaryDirectory() as folder:
        bodies = Path(folder, "bodies.jsonl")
        bodies.write_text(
            "".join(
                json.dumps({"q": text, "source": source, "target": target}) + "\n"
                for text in sentences
            )
        )
        if "alone" in options.only:
            _alone(options, sentences[:300])
        if "load" in options.only:
            _compare(options, bodies)
        if "overload" in options.only:
            _overload(options, bodies)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--test", required=True, help="TSV file of sentences")
    parser.add_argument("--column", type=int, default=1, help="column of the sentences, from 1")
    parser.add_argument("--models", type=Path, default=ROOT / "saved_models")
    parser.add_argument("--model", default="es-en", help="which of the models")
    parser.add_argument("--seconds", type=int, default=15, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--overload", type=int, default=60, help="seconds of overload")
    parser.add_argument("--connections", type=int, default=400, help="of the overload")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    return parser.parse_args()


def _alone(options: argparse.Namespace, sentences: Sequence[str]) -> None:
    """The translation itself, in this process, one sentence at a time."""
    translator = Translator.load(options.models / options.model)
    translator.translate_texts(sentences[:10])
    seconds = []
    for sentence in sentences:
        began = time.perf_counter()
        translator.translate_texts([sentence])
        seconds.append(time.perf_counter() - began)
    print(f"in process, one sentence at a time: median {1e3 * statistics.median(seconds):.1f} ms")
    for size in (1, 4, 8, 32):
        rates = [_rate(translator, sentences, size) for _ in range(3)]
        print(f"searched {size} at a time, on one core: {statistics.median(rates):.0f} sentences/s")


def _rate(translator: Translator, sentences: Sequence[str], size: int) -> float:
    """Sentences a second, in batches as they come: what a server can gain by batching."""
    began = time.perf_counter()
    for start in range(0, len(sentences), size):
        translator.translate(sentences[start : start + size])
    return len(sentences) / (time.perf_counter() - began)


def _compare(options: argparse.Namespace, bodies: Path) -> None:
    found = defaultdict(list)
    for _ in range(options.rounds):
        for server in SERVERS:
            with serving(server, options) as port:
                _wrk(port, bodies, 8, 3)
                for clients in CLIENTS:
                    found[server, clients].append(_wrk(port, bodies, clients, options.seconds))
    print("\n| clients | server | requests/s | p50 ms | p95 ms | p99 ms | errors |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for clients in CLIENTS:
        for server in SERVERS:
            loads = found[server, clients]
            rate = statistics.median(load.rate for load in loads)
            times = [
                statistics.median(column)
                for column in zip(*((load.p50, load.p95, load.p99) for load in loads), strict=True)
            ]
            errors = sum(load.errors for load in loads)
            shown = " | ".join(f"{ms:.0f}" for ms in times)
            print(f"| {clients} | {server} | {rate:.1f} | {shown} | {errors} |")


def _overload(options: argparse.Namespace, bodies: Path) -> None:
    """Ten times what the server can do, and what becomes of it."""
    with serving("batching", options) as port:
        url = f"http://127.0.0.1:{port}/translate"
        body = bodies.read_text().splitlines()
        capacity = _wrk(port, bodies, 64, options.seconds).rate
        before = _first_requests(url, body)
        memory = [memory_of(port)]
        workers = options.connections
        rate = 10 * capacity / workers
        command = ["hey", "-z", f"{options.overload}s", "-c", str(workers), "-q", f"{rate:.2f}"]
        command += ["-m", "POST", "-T", "application/json", "-d", body[0], "-o", "csv", "-t", "30"]
        attack = subprocess.Popen([*command, url], stdout=subprocess.PIPE, text=True)
        with tempfile.TemporaryFile("w+") as answers:
            assert attack.stdout is not None
            for line in attack.stdout:
                answers.write(line)
            answers.seek(0)
            rows = [row for row in csv.DictReader(answers) if row["status-code"].isdigit()]
        memory.append(memory_of(port))
        after = _first_requests(url, body)
    by_status = defaultdict(list)
    for row in rows:
        by_status[int(row["status-code"])].append(1e3 * float(row["response-time"]))
    print(f"\ncapacity {capacity:.0f} requests/s; asked for {10 * capacity:.0f}")
    print(f"answered {len(rows) / options.overload:.0f} requests/s in {options.overload} s:")
    for status, times in sorted(by_status.items()):
        times.sort()
        p50, p99 = (times[int(share * (len(times) - 1))] for share in (0.5, 0.99))
        print(f"  {status}: {len(times)}, p50 {p50:.0f} ms, p99 {p99:.0f} ms")
    print(f"memory before {memory[0]:.0f} MB, after {memory[1]:.0f} MB")
    print(f"first requests before {before:.0f} ms, after {after:.0f} ms (median of ten)")


def _first_requests(url: str, bodies: Sequence[str]) -> float:
    times = []
    for body in bodies[:10]:
        began = time.perf_counter()
        requests.post(url, json=json.loads(body), timeout=30).raise_for_status()
        times.append(1e3 * (time.perf_counter() - began))
    return statistics.median(times)


@contextlib.contextmanager
def serving(server: str, options: argparse.Namespace) -> Iterator[int]:
    """Runs one of `SERVERS` while the block runs, and gives its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = {"TRANSLATE_CACHE_MB": "0", **os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    if server == "plain Flask":
        model = options.models / options.model
        command = ["gunicorn", "-b", f"127.0.0.1:{port}", "-k", "gthread", "--threads", "256"]
        command += ["--chdir", str(Path(__file__).parent), f"serving_plain:make_app('{model}')"]
        command = [sys.executable, "-m", *command]
    else:
        environ["TRANSLATE_DYNAMIC_BATCHING"] = str(server == "batching")
        command = [sys.executable, "-m", "serving", "--port", str(port)]
        command += ["--models", str(options.models)]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environ,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _wait(port: int) -> None:
    for _ in range(600):
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(f"http://127.0.0.1:{port}/health", timeout=60).ok:
                return
        time.sleep(0.2)
    sys.exit("The server did not start")


def _wrk(port: int, bodies: Path, clients: int, seconds: int) -> Load:
    script = Path(__file__).with_suffix(".lua")
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "30s"]
    done = subprocess.run(
        [*command, "-s", str(script), f"http://127.0.0.1:{port}"],
        env={**os.environ, "BODIES": str(bodies)},
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))
    count, duration, p50, p95, p99, errors = map(float, line.split()[1:])
    return Load(count / duration, p50, p95, p99, int(errors))


def memory_of(port: int) -> float:
    """Mebibytes in memory of the processes that serve at a port, what they share counted once."""
    total = 0
    serving = [process for process in processes() if f"--port\0{port}\0" in command_of(process)]
    for process in {*serving, *(one for parent in serving for one in descendants(parent))}:
        with contextlib.suppress(OSError):
            parts = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            total += next(int(x.split()[1]) for x in parts if x.startswith("Pss:"))
    return total / 1024


def processes() -> list[int]:
    """All of this machine."""
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]


def command_of(process: int) -> str:
    """Its command line, with a NUL after each part."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_text()
    return ""


def descendants(process: int) -> Iterator[int]:
    """Those that it began, those that these began, and so on."""
    for file in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, file.read_text().split()):
                yield child
                yield from descendants(child)


if __name__ == "__main__":
    main()
