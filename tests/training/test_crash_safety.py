"""Runs that are killed, interrupted or damaged end where an unbroken run ends."""

from __future__ import annotations

import contextlib
import csv
import ctypes
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from click.testing import CliRunner, Result
from tensorflow.python.framework.config import disable_op_determinism
from toy import ROOT, no_file_past, toy_pairs, train_arguments, write_pairs

from training.__main__ import main
from training.callbacks import Clock, LogTraining
from training.checkpoint import Checkpoints, Progress, read_arrays
from training.log import RunLog
from training.progress import ProgressDisplay

# All that a run draws is drawn here: weights, order, dropout, coins, sampled tokens. And all that
# an optimizer keeps is kept: averages, a halved rate, gradients that every other checkpoint finds
# half accumulated.
SETTINGS = {
    "embedding_size": 16,
    "encoder_size": 16,
    "decoder_size": 16,
    "attention_size": 16,
    "state_dropout": 0.2,
    "word_dropout": 0.1,
    "average": 0.9,
    "teacher_forcing": "linear",
    "teacher_forcing_k": 1.0,
    "teacher_forcing_slope": 0.002,
    "accumulate": 4,
    "warmup": 10,
    "decay": "plateau",
    "plateau": 1,
    "select": "bleu",  # of a model that has learnt so little it is 0: no validation is better
    "joint_vocab": "false",
    "tie_output": "false",
    "deterministic": "true",
    "epochs": 6,
    "log_every": 1,
    "checkpoint_every": 10,
    "validate_every": 30,
}
UPDATES = 72
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder, pairs = tmp_path_factory.mktemp("crash"), toy_pairs(430, seed=1)
    train = write_pairs(folder / "train.tsv", pairs[:400])
    return train, write_pairs(folder / "valid.tsv", pairs[400:])


@pytest.fixture(autouse=True)
def _random_again() -> Iterator[None]:
    """What a run in this process has made deterministic does not stay so for other tests."""
    yield
    disable_op_determinism()


def arguments(
    folder: Path, corpus: tuple[Path, Path], threads: int = 1, **changes: object
) -> list[str]:
    return train_arguments(folder, *corpus, threads, **{**SETTINGS, **changes})


def command(folder: Path, corpus: tuple[Path, Path]) -> list[str]:
    return [sys.executable, "-m", "training", *arguments(folder, corpus)]


@contextlib.contextmanager
def started(folder: Path, corpus: tuple[Path, Path]) -> Iterator[subprocess.Popen[str]]:
    """The training command under way; what it says is in `folder.txt`."""
    with (
        open(folder.with_suffix(".txt"), "w") as said,
        subprocess.Popen(command(folder, corpus), cwd=ROOT, stderr=said, text=True) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def finish(folder: Path, corpus: tuple[Path, Path]) -> str:
    """Runs the command to its end and returns what it said."""
    with started(folder, corpus) as process:
        status = process.wait(timeout=300)
    said = folder.with_suffix(".txt").read_text()
    assert status == 0, said
    return said


def rows(folder: Path) -> list[dict[str, str]]:
    with open(folder / "log.csv", newline="") as file:
        return list(csv.DictReader(file))


def wait_for(process: subprocess.Popen[str], folder: Path, update: int) -> None:
    """Returns once that update is logged."""
    deadline = time.monotonic() + 300
    while not (folder / "log.csv").exists() or len(rows(folder)) < update:
        assert process.poll() is None, folder.with_suffix(".txt").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.002)


def checkpoints(folder: Path) -> list[Path]:
    """Oldest first."""
    return sorted((folder / "checkpoints").glob("*.npz"))


def assert_same_end(folder: Path, unbroken: Path) -> None:
    """Same batches, same ε, same losses, same weights, bit for bit: only the clock may differ."""
    ends = [Checkpoints(f / "checkpoints").progress() for f in (folder, unbroken)]
    for end in ends:
        assert end is not None
        end.seconds = end.interval.seconds = 0.0
    assert ends[0] == ends[1]

    logs = [rows(f) for f in (folder, unbroken)]
    for name in set(logs[0][0]) - {"seconds", "tokens_per_second"}:
        assert [row[name] for row in logs[0]] == [row[name] for row in logs[1]], name

    for name in (checkpoints(unbroken)[-1].relative_to(unbroken), Path("best.npz")):
        arrays = [read_arrays(f / name) for f in (folder, unbroken)]
        assert arrays[0].keys() == arrays[1].keys()
        for key in arrays[0].keys() - {"progress"}:
            np.testing.assert_array_equal(arrays[0][key], arrays[1][key], err_msg=f"{name} {key}")


@pytest.fixture(scope="module")
def unbroken(corpus: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    finish(folder, corpus)
    # All updates and three validations, each once and in order; after the second, half the rate.
    trained = [row for row in rows(folder) if row["loss"]]
    assert [int(row["update"]) for row in trained] == list(range(1, UPDATES + 1))
    assert [int(row["update"]) for row in rows(folder) if row["valid_loss"]] == [30, 60, UPDATES]
    assert [float(trained[n]["learning_rate"]) for n in (40, 65)] == [0.005, 0.0025]
    return folder


def test_killed_again_and_again(corpus: tuple[Path, Path], unbroken: Path, tmp_path: Path) -> None:
    """As it starts, and after a validation, for whose best weights there was no room at first."""
    folder, rng = tmp_path / "run", random.Random(1)
    with started(folder, corpus) as process:
        time.sleep(rng.uniform(0, 4))
        process.kill()

    folder.mkdir(exist_ok=True)
    (folder / ".lock").touch()  # it was begun, even if it was killed before
    (folder / "best.npz").symlink_to("/dev/full")
    error = refused(folder, corpus)
    assert error == f"Error: {folder / 'best.npz'}: cannot be written: No space left on device"
    assert [int(path.stem) for path in checkpoints(folder)] == [10, 20]
    (folder / "best.npz").unlink()

    moment = rng.uniform(35, 65)
    with started(folder, corpus) as process:
        wait_for(process, folder, int(moment))
        time.sleep(moment % 1 / 100)
        process.kill()
        assert process.wait() == -signal.SIGKILL, moment
    last = checkpoints(folder)[-1]
    assert 30 <= int(last.stem) < UPDATES
    said = finish(folder, corpus)
    assert f"going on from update {int(last.stem)}\n" in said
    assert_same_end(folder, unbroken)


def test_interrupted_then_damaged(
    corpus: tuple[Path, Path], unbroken: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with started(folder, corpus) as process:
        wait_for(process, folder, random.Random(2).randint(25, 29))
        process.send_signal(signal.SIGINT)
        status = process.wait(timeout=60)
    said = folder.with_suffix(".txt").read_text()
    before, newest = checkpoints(folder)

    assert status == 130
    assert "Traceback" not in said
    assert f"stopped at update {int(newest.stem)}; the same command goes on from there\n" in said
    # Nothing was lost: the checkpoint is that of the last update that was logged.
    assert int(rows(folder)[-1]["update"]) == int(newest.stem)

    newest.write_bytes(newest.read_bytes()[:-1000])
    with started(folder, corpus) as process:
        wait_for(process, folder, int(newest.stem) + 1)
        process.send_signal(signal.SIGSTOP)
        error = refused_here(folder, corpus)  # two at once
        process.send_signal(signal.SIGCONT)
        assert process.wait(timeout=300) == 0
    said = folder.with_suffix(".txt").read_text()

    assert error == (
        f"Error: {folder}: another process trains here; wait for its end, or name another --output"
    )
    assert f"going on from update {int(before.stem)}\n" in said
    assert_same_end(folder, unbroken)


def test_interrupted_on_several_threads(
    corpus: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bit for bit; in this process, where nobody waits for TensorFlow."""
    unbroken, folder = tmp_path / "unbroken", tmp_path / "run"
    few = {"epochs": 2, "validate_every": 100, "checkpoint_every": 20}
    assert run_here(unbroken, corpus, threads=2, **few).exit_code == 0
    count = Clock.on_train_batch_end

    def count_and_interrupt(clock: Clock, batch: int, logs: Any = None) -> None:
        count(clock, batch, logs)
        if clock.progress.update == 10:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(Clock, "on_train_batch_end", count_and_interrupt)
        assert run_here(folder, corpus, threads=2, **few).exit_code == 130
    result = run_here(folder, corpus, threads=2, **few)
    assert "going on from update 10\n" in result.stderr
    assert_same_end(folder, unbroken)


def test_interrupted_before_the_first_update(corpus: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with started(folder, corpus) as process:
        deadline = time.monotonic() + 60
        while "validation pairs" not in folder.with_suffix(".txt").read_text():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        status = process.wait(timeout=60)

    assert status == 130
    assert "Traceback" not in folder.with_suffix(".txt").read_text()


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(
    folder: Path, corpus: tuple[Path, Path], preexec_fn: Callable[[], None] | None = None
) -> str:
    """Runs the command to its failure and returns its error."""
    done = subprocess.run(
        command(folder, corpus),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=preexec_fn,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return error_of(done.stderr)


def refused_here(folder: Path, corpus: tuple[Path, Path], **changes: object) -> str:
    """As `refused`, in this process, where TensorFlow is loaded already."""
    result = run_here(folder, corpus, **changes)
    assert result.exit_code == 2, result.stderr
    return error_of(result.stderr)


def run_here(
    folder: Path, corpus: tuple[Path, Path], threads: int = 1, **changes: object
) -> Result:
    return CliRunner().invoke(
        main, arguments(folder, corpus, threads, **changes), catch_exceptions=False
    )


def error_of(said: str) -> str:
    [error] = [line for line in said.splitlines() if line.startswith("Error: ")]
    return error


@pytest.mark.parametrize(
    ("name", "largest_file"), [("source.model", 4), ("checkpoints/00000010.npz", 64)]
)
def test_a_full_disk_as_a_run_begins(
    name: str, largest_file: int, corpus: tuple[Path, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with no_file_past(largest_file):
        error = refused_here(folder, corpus)

    assert error == f"Error: {folder / name}: cannot be written: File too large"
    assert not list(folder.rglob(".*.tmp"))
    assert not checkpoints(folder)


@pytest.mark.parametrize(("name", "largest_file"), [("run.json", 1), ("log.csv", 4)])
def test_a_full_disk_costs_nothing_that_was_there(
    name: str, largest_file: int, corpus: tuple[Path, Path], unbroken: Path, tmp_path: Path
) -> None:
    """The file is longer already than any may become."""
    folder = tmp_path / "run"
    shutil.copytree(unbroken, folder)
    with no_file_past(largest_file):
        error = refused_here(folder, corpus, epochs=7)

    assert error == f"Error: {folder / name}: cannot be written: File too large"
    assert_same_end(folder, unbroken)


def test_a_folder_that_cannot_be_written(
    corpus: tuple[Path, Path], unbroken: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(unbroken, folder)
    before = contents(folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        error = refused(folder, corpus, heed_permissions)
    finally:
        for path in (folder, *folder.rglob("*")):
            path.chmod(path.stat().st_mode | 0o200)

    assert error == f"Error: {folder}: cannot be written: Permission denied"
    assert contents(folder) == before


def heed_permissions() -> None:
    """Takes from root the right to write to what is read-only."""
    if os.geteuid() == 0:
        drop_capability, override_permissions = 24, 1  # of prctl(2) and capabilities(7)
        ctypes.CDLL(None).prctl(drop_capability, override_permissions, 0, 0, 0)


@pytest.mark.parametrize("side", [0, 1], ids=["train", "valid"])
def test_a_corpus_that_is_lost(
    side: int, corpus: tuple[Path, Path], unbroken: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(unbroken, folder)
    before = contents(folder)
    lost = tuple(tmp_path / "lost.tsv" if n == side else path for n, path in enumerate(corpus))
    error = refused_here(folder, lost)

    assert error.startswith(f"Error: {tmp_path / 'lost.tsv'}: expected a readable file.")
    assert contents(folder) == before


def test_nothing_but_damaged_checkpoints(
    corpus: tuple[Path, Path], unbroken: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(unbroken, folder)
    for path in checkpoints(folder):
        path.write_bytes(path.read_bytes()[:-1000])
    before = contents(folder)
    error = refused_here(folder, corpus)

    assert error.startswith("Error: no checkpoint can be read: ")
    assert all(str(path) in error for path in checkpoints(folder))
    assert contents(folder) == before


class Optimizer:
    """Stands in for the optimizer: the figures that the log tells of it."""

    learning_rate = 0.5
    clip_norm = 1.0

    class gradient_norm:  # noqa: N801
        value = 0.0


def test_a_line_of_the_log_covers_its_whole_interval(tmp_path: Path) -> None:
    """Six updates, a kill after the fourth; a line tells of all six."""

    def figures(folder: Path, sessions: list[range]) -> dict[str, str]:
        progress, optimizer = Progress(), Optimizer()
        for updates in sessions:
            log = RunLog(folder, progress, ProgressDisplay(6, quiet=True))
            callback = LogTraining(log, 6, progress, optimizer, lambda _: 0.75)
            callback.set_model(keras.Sequential())
            for update in updates:
                callback.on_train_batch_begin(update)
                progress.update = update
                progress.interval.seconds += 2.0
                progress.target_tokens += 10 * update
                optimizer.gradient_norm.value = 0.3 * update
                callback.on_train_batch_end(update, {"loss": 9.0, "plain_loss": 1.0 / update})
            Checkpoints(folder / "checkpoints").save([], progress)
            restored = Checkpoints(folder / "checkpoints").restore([])
            assert restored == progress
            progress = restored
        [row] = rows(folder)
        return row

    for name in ("unbroken", "broken"):
        (tmp_path / name).mkdir()
    unbroken = figures(tmp_path / "unbroken", [range(1, 7)])
    assert figures(tmp_path / "broken", [range(1, 5), range(5, 7)]) == unbroken
    # Σ tokens·loss / Σ tokens = 6·10 / 210; 210 tokens in 12 s; norms 0.3 to 1.8, three above 1.
    assert float(unbroken["loss"]) == pytest.approx(60 / 210, abs=1e-6)
    assert float(unbroken["tokens_per_second"]) == pytest.approx(210 / 12, abs=1e-4)
    assert float(unbroken["gradient_norm"]) == pytest.approx(1.05)
    assert float(unbroken["gradient_norm_max"]) == pytest.approx(1.8)
    assert float(unbroken["clipped"]) == 0.5


def test_what_is_not_clipped_by_its_norm_is_not_told_of(tmp_path: Path) -> None:
    class ByValue(Optimizer):
        clip_norm = 0.0

    progress = Progress(update=1, target_tokens=10)
    log = RunLog(tmp_path, progress, ProgressDisplay(1, quiet=True))
    callback = LogTraining(log, 1, progress, ByValue(), lambda _: 1.0)
    callback.set_model(keras.Sequential())
    progress.target_tokens += 10
    callback.on_train_batch_end(0, {"loss": 9.0, "plain_loss": 1.0})
    [row] = rows(tmp_path)
    assert row["clipped"] == ""
