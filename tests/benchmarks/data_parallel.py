"""One model trained by two processes of one thread, beside one process, at the same global batch.

    python tests/benchmarks/data_parallel.py --corpora FOLDER [--pairs 20000] [--epochs 2]

All runs learn from the same pairs in the same batches. First without dropout and with constant
teacher forcing, where both ought to have the same losses; then with dropout, where each process
draws for itself, and the difference is set beside that of two runs of one process with other
seeds. Speeds are the medians of the log's intervals, the first of which (graphs, thread pools) are
left out. Run nothing else meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import gzip
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

VALID = 200
SKIPPED = 2
SIZES = {
    "vocab_size": 8000,
    "embedding_size": 256,
    "encoder_size": 256,
    "decoder_size": 512,
    "attention_size": 256,
    "teacher_forcing": "constant",
    "batch_tokens": 2048,
    "precision": "float32",
    "log_every": 10,
}
"""Given, because they would follow from the number of pairs."""
EXACT = {
    "embedding_dropout": 0.0,
    "word_dropout": 0.0,
    "state_dropout": 0.0,
    "output_dropout": 0.0,
}

Rows = list[dict[str, str]]


def main() -> None:
    """Measures, and prints two tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpora", type=Path, required=True, help="holds en-es.train.tsv.gz")
    parser.add_argument("--pairs", type=int, default=20_000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--set", action="append", default=[], help="other settings, KEY=VALUE")
    arguments = parser.parse_args()
    given = dict(setting.split("=", 1) for setting in arguments.set)
    shared = {**SIZES, "epochs": arguments.epochs, **given}
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        write_pairs(work, arguments.corpora / "en-es.train.tsv.gz", arguments.pairs)
        for title, settings in (("no dropout", {**shared, **EXACT}), ("dropout", shared)):
            stem = title.replace(" ", "-")
            runs = {
                "one process, one thread": trained(work, f"{stem}-1", settings, 1, 1),
                "two processes, one thread each": trained(work, f"{stem}-2", settings, 2, 1),
                "one process, two threads": trained(work, f"{stem}-t", settings, 1, 2),
            }
            if title == "dropout":
                name = "one process, one thread, another seed"
                runs[name] = trained(work, f"{stem}-s", {**settings, "seed": 2}, 1, 1)
            show(title, runs)


def write_pairs(work: Path, corpus: Path, count: int) -> None:
    """Writes Spanish-English pairs, evenly from the whole corpus."""
    with gzip.open(corpus, "rt", encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t")[1::-1] for line in file]
    rows = lines[:: max(1, len(lines) // (count + VALID))][: count + VALID]
    for name, part in {"train": rows[VALID:], "valid": rows[:VALID]}.items():
        (work / f"{name}.tsv").write_text("".join(f"{s}\t{t}\n" for s, t in part), "utf-8")


def trained(
    work: Path, name: str, settings: dict[str, object], processes: int, threads: int
) -> tuple[Rows, float, float]:
    """Trains.

    Args:
        work: Where the pairs are.
        name: Of the run's folder.
        settings: Of the run.
        processes: How many train it.
        threads: Of each process.

    Returns:
        The log, the seconds from the start of the commands to their end, and the processor seconds
        of all processes.
    """
    common = ["--threads", str(threads), "--quiet"]
    if processes > 1:
        common += ["--cluster", ",".join(free_addresses(processes))]
    train = [
        *("train", "--no-report", "--source", "es", "--target", "en", "--output", work / name),
        *("--train", work / "train.tsv", "--valid", work / "valid.tsv"),
        *(part for key, value in settings.items() for part in ("--set", f"{key}={value}")),
    ]
    workers = [["work", "--rank", rank] for rank in range(1, processes)]
    start, before = time.monotonic(), os.times()
    started = [
        subprocess.Popen([sys.executable, "-m", "training", *map(str, command), *common], cwd=ROOT)
        for command in (train, *workers)
    ]
    statuses = [process.wait() for process in started]
    if any(statuses):
        sys.exit(f"{name}: a process failed")
    after = os.times()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    with open(work / name / "log.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file)), time.monotonic() - start, used


def free_addresses(count: int) -> list[str]:
    """Addresses on loopback that nothing listens at."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]


def losses(log: Rows) -> list[float]:
    """Training loss per token of each interval."""
    return [float(row["loss"]) for row in log if row["loss"]]


def differences(curve: Sequence[float], other: Sequence[float]) -> str:
    """How far two curves are apart."""
    apart = [abs(a - b) for a, b in zip(curve, other, strict=True)]
    return f"{statistics.mean(apart):.4f}, at most {max(apart):.4f}"


def show(title: str, runs: dict[str, tuple[Rows, float, float]]) -> None:
    """Prints a table."""
    [(first, *_), *_] = runs.values()
    print(f"\n| {title} | loss, first to last | mean difference to the first | valid loss | chrF |")
    print("| --- | --- | --- | --- | --- |")
    for name, (log, _, _) in runs.items():
        curve, valid = losses(log), [row for row in log if row["valid_loss"]][-1]
        apart = differences(curve, losses(first))
        print(
            f"| {name} | {curve[0]:.4f} to {curve[-1]:.4f} | {apart} | {valid['valid_loss']} | "
            f"{valid['valid_chrf']} |"
        )
    print(f"\n| {title} | target tokens/s | seconds in all | processor seconds |")
    print("| --- | --- | --- | --- |")
    for name, (log, seconds, used) in runs.items():
        speeds = [float(row["tokens_per_second"]) for row in log if row["loss"]][SKIPPED:]
        print(f"| {name} | {statistics.median(speeds):,.0f} | {seconds:.0f} | {used:.0f} |")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
