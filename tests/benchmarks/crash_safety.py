"""Runs that are killed and continued end where an unbroken run ends.

    python tests/benchmarks/crash_safety.py [--kills 20] [--seed 1] [--any-order]

A short run on the toy task is trained once unbroken. Then it is begun again and again, each time
in a new folder, killed by SIGKILL at a random moment (as it starts, between updates, while a
checkpoint is written, while the valid split is translated, or at any time) and continued by the
same command. Weights, optimizer, random state, order of batches and ε of the end are compared:
bit for bit, or within 1e-5 with `--any-order`, where operations are not made deterministic.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from toy import toy_pairs, train_arguments, write_pairs

from training.checkpoint import Checkpoints, read_arrays
from training.log import read_log

# All that a run draws is drawn here: weights, order, dropout, coins, sampled tokens, pieces.
SETTINGS = {
    "embedding_size": 32,
    "encoder_size": 32,
    "decoder_size": 64,
    "attention_size": 32,
    "state_dropout": 0.2,
    "word_dropout": 0.1,
    "subword_sampling": 0.2,
    "average": 0.9,
    "teacher_forcing": "linear",
    "teacher_forcing_warmup": 0.0,
    "teacher_forcing_k": 1.0,
    "teacher_forcing_floor": 0.5,
    "epochs": 10,
    "log_every": 1,
    "checkpoint_every": 15,
    "validate_every": 40,
}
CLOCKS = {"seconds", "tokens_per_second"}
TOLERANCE = 1e-5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--any-order", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), deterministic=not options.any_order)
        rng = random.Random(options.seed)
        equal = [bench.kill_and_compare(n, rng) for n in range(options.kills)]
    click.echo(f"{sum(equal)} of {len(equal)} runs ended where the unbroken run ended")
    sys.exit(0 if all(equal) else 1)


class Bench:
    """An unbroken run, and what others are compared with it."""

    def __init__(self, folder: Path, deterministic: bool) -> None:
        pairs = toy_pairs(430, seed=1)
        self.folder = folder
        self.deterministic = deterministic
        self.train = write_pairs(folder / "train.tsv", pairs[:400])
        self.valid = write_pairs(folder / "valid.tsv", pairs[400:])
        self.unbroken = folder / "unbroken"
        begun = time.monotonic()
        process = self.start(self.unbroken)
        while not read_log(self.unbroken / "log.csv"):
            time.sleep(0.01)
        self.start_seconds = time.monotonic() - begun
        assert process.wait() == 0
        self.seconds = time.monotonic() - begun
        log = read_log(self.unbroken / "log.csv")
        self.updates = [int(row["update"]) for row in log if row["loss"]]
        self.validated = [int(row["update"]) for row in log if row["valid_loss"]]
        click.echo(
            f"unbroken: {len(self.updates)} updates, {len(self.validated)} validations, "
            f"{self.seconds:.0f} s, of which {self.start_seconds:.0f} s before the first update"
        )

    def start(self, folder: Path) -> subprocess.Popen[bytes]:
        """The training command under way."""
        deterministic = str(self.deterministic).lower()
        settings = {**SETTINGS, "deterministic": deterministic}
        arguments = train_arguments(folder, self.train, self.valid, threads=0, **settings)
        command = [sys.executable, "-m", "training", *arguments, "--quiet"]
        return subprocess.Popen(command, cwd=ROOT)

    def kill_and_compare(self, number: int, rng: random.Random) -> bool:
        """Kills a run once, continues it, and says whether it ended as the unbroken one."""
        folder = self.folder / f"killed-{number}"
        kinds = ("start", "updates", "checkpoint", "validation", "any time")
        kind = kinds[number % len(kinds)]
        status = None
        while status != -signal.SIGKILL:  # a run that was quicker than the moment is begun again
            shutil.rmtree(folder, ignore_errors=True)
            process = self.start(folder)
            self._moment(kind, process, folder, rng)
            process.kill()
            status = process.wait()
        done = len([row for row in read_log(folder / "log.csv") if row["loss"]])
        kept = Checkpoints(folder / "checkpoints").progress()
        writing = [path.name.split(".")[1] for path in folder.rglob(".*.tmp")]
        assert self.start(folder).wait() == 0
        differences = self.differences(folder)
        click.echo(
            f"kill {number + 1:2d}, {kind:10}: {done:3d} updates done, "
            f"{f'writing {writing[0]}' if writing else '':16} continued from update "
            f"{kept.update if kept else 0:3d}: " + ("; ".join(differences) or self._equal())
        )
        return not differences

    def _moment(
        self, kind: str, process: subprocess.Popen[bytes], folder: Path, rng: random.Random
    ) -> None:
        """Returns when it is time to kill, or the run has ended."""

        def wait_until(holds: Callable[[], bool]) -> None:
            while not holds() and process.poll() is None:
                time.sleep(0.0005)

        log = folder / "log.csv"
        if kind == "start":
            time.sleep(rng.uniform(0, self.start_seconds))
        elif kind == "any time":
            time.sleep(rng.uniform(0, 0.9 * self.seconds))
        elif kind == "checkpoint":
            after = rng.choice(self.updates[: -SETTINGS["checkpoint_every"]])
            wait_until(lambda: len(read_log(log)) >= after)
            wait_until(lambda: any(folder.rglob(".*.tmp")))
        elif kind == "validation":
            update = rng.choice(self.validated[:-1])
            wait_until(lambda: any(int(row["update"]) == update for row in read_log(log)))
            time.sleep(rng.uniform(0, 0.2))
        else:
            update = rng.choice(self.updates[:-10])
            wait_until(lambda: any(int(row["update"]) == update for row in read_log(log)))
            time.sleep(rng.uniform(0, 0.02))

    def differences(self, folder: Path) -> list[str]:
        """What the end of a run does not share with that of the unbroken one."""
        folders = (folder, self.unbroken)
        logs = [read_log(f / "log.csv") for f in folders]
        if len(logs[0]) != len(logs[1]):
            return [f"{len(logs[0])} lines in the log instead of {len(logs[1])}"]
        rows = [*zip(*logs, strict=True)]
        ends = [Checkpoints(f / "checkpoints").progress() for f in folders]
        rows.append(tuple(end.totals() if end else {} for end in ends))
        apart = dict.fromkeys(rows[0][1].keys() | rows[-1][1].keys(), 0.0)
        for ours, theirs in rows:
            for name in theirs:
                distance = abs(float(ours[name] or 0) - float(theirs[name] or 0))
                apart[name] = max(apart[name], distance)
        for name in (f"checkpoints/{self.updates[-1]:08d}.npz", "best.npz"):
            arrays, expected = (read_arrays(f / name) for f in folders)
            apart[name] = max(
                float(np.abs(arrays[key].astype(float) - expected[key]).max())
                for key in expected.keys() - {"progress"}
            )
        return [
            f"{name}: {distance:.2g} apart"
            for name, distance in sorted(apart.items())
            if distance > self.tolerance and name not in CLOCKS
        ]

    @property
    def tolerance(self) -> float:
        """How far apart two numbers may be."""
        return 0.0 if self.deterministic else TOLERANCE

    def _equal(self) -> str:
        return "equal, bit for bit" if self.deterministic else f"equal within {TOLERANCE:g}"


if __name__ == "__main__":
    main()
