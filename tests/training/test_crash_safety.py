"""Runs that are killed, interrupted or damaged end where an unbroken run ends."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from toy import ROOT, run_module, toy_pairs, train_arguments, write_pairs

from training.__main__ import main
from training.checkpoint import Checkpoints, read_arrays

# All that a run draws is drawn here: weights, order, dropout, coins, sampled tokens.
SETTINGS = {
    "embedding_size": 16,
    "encoder_size": 16,
    "decoder_size": 16,
    "attention_size": 16,
    "state_dropout": 0.2,
    "word_dropout": 0.1,
    "teacher_forcing": "linear",
    "teacher_forcing_k": 1.0,
    "teacher_forcing_slope": 0.002,
    "epochs": 20,
    "log_every": 1,
    "checkpoint_every": 20,
    "validate_every": 120,
}
UPDATES = 240
NOISE = 1e-5
"""One thread adds in one order, so the runs should be equal; this much is forgiven."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder, pairs = tmp_path_factory.mktemp("crash"), toy_pairs(430, seed=1)
    train = write_pairs(folder / "train.tsv", pairs[:400])
    return train, write_pairs(folder / "valid.tsv", pairs[400:])


@contextlib.contextmanager
def started(
    folder: Path, corpus: tuple[Path, Path], threads: int = 1, **changes: object
) -> Iterator[subprocess.Popen[str]]:
    """The training command under way; what it says is in `folder.txt`."""
    arguments = train_arguments(folder, *corpus, **{**SETTINGS, **changes})
    command = [sys.executable, "-m", "training", *arguments, "--threads", str(threads)]
    with (
        open(folder.with_suffix(".txt"), "w") as said,
        subprocess.Popen(command, cwd=ROOT, stderr=said, text=True) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def finish(folder: Path, corpus: tuple[Path, Path], threads: int = 1, **changes: object) -> str:
    """Runs the command to its end and returns what it said."""
    with started(folder, corpus, threads, **changes) as process:
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
    """Same batches, same losses, same weights: only the clock may differ."""
    ends = [Checkpoints(f / "checkpoints").progress() for f in (folder, unbroken)]
    for end in ends:
        assert end is not None
        end.seconds = 0.0
    assert dataclasses.asdict(ends[0]) == pytest.approx(dataclasses.asdict(ends[1]), abs=NOISE)
    assert ends[0].update == UPDATES

    logs = [rows(f) for f in (folder, unbroken)]
    for name in ("update", "target_tokens", "teacher_forcing", "learning_rate"):
        assert [row[name] for row in logs[0]] == [row[name] for row in logs[1]]
    for name in ("loss", "valid_loss", "valid_chrf"):
        values = [[float(row[name] or 0) for row in log] for log in logs]
        np.testing.assert_allclose(values[0], values[1], atol=NOISE, err_msg=name)

    for name in (checkpoints(unbroken)[-1].relative_to(unbroken), Path("best.npz")):
        arrays = [read_arrays(f / name) for f in (folder, unbroken)]
        assert arrays[0].keys() == arrays[1].keys()
        for key in arrays[0].keys() - {"progress"}:
            np.testing.assert_allclose(arrays[0][key], arrays[1][key], atol=NOISE, err_msg=key)


@pytest.fixture(scope="module")
def unbroken(corpus: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    finish(folder, corpus)
    # 240 updates and two validations, each once and in order.
    losses = [int(row["update"]) for row in rows(folder) if row["loss"]]
    assert losses == list(range(1, UPDATES + 1))
    assert [int(row["update"]) for row in rows(folder) if row["valid_loss"]] == [120, 240]
    return folder


def test_killed_twice(corpus: tuple[Path, Path], unbroken: Path, tmp_path: Path) -> None:
    folder, rng = tmp_path / "run", random.Random(1)
    moments = [rng.uniform(25, 110), rng.uniform(130, 220)]
    for moment in moments:
        with started(folder, corpus) as process:
            wait_for(process, folder, int(moment))
            time.sleep(moment % 1 / 100)
            process.kill()
            assert process.wait() == -signal.SIGKILL, moments
        last = checkpoints(folder)[-1]
        assert 0 < int(last.stem) < UPDATES, moments
    said = finish(folder, corpus)

    assert f"going on from update {int(last.stem)}\n" in said
    assert_same_end(folder, unbroken)


def test_interrupted_then_damaged(
    corpus: tuple[Path, Path], unbroken: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with started(folder, corpus) as process:
        wait_for(process, folder, random.Random(2).randint(50, 110))
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
    said = finish(folder, corpus)

    assert f"going on from update {int(before.stem)}\n" in said
    assert_same_end(folder, unbroken)


def test_interrupted_with_all_that_the_optimizer_keeps(
    corpus: tuple[Path, Path], tmp_path: Path
) -> None:
    """Averages, gradients half accumulated and a halved rate; on several threads, bit for bit."""
    kept = {
        "average": 0.9,
        "accumulate": 5,
        "decay": "plateau",
        "plateau": 1,
        "select": "bleu",  # of a model that has learnt so little it is 0: no validation is better
        "validate_every": 10,
        "epochs": 5,
        "joint_vocab": "false",
        "tie_output": "false",
        "deterministic": "true",
    }
    unbroken, folder = tmp_path / "unbroken", tmp_path / "run"
    finish(unbroken, corpus, threads=2, **kept)
    with started(folder, corpus, threads=2, **kept) as process:
        wait_for(process, folder, 20)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    finish(folder, corpus, threads=2, **kept)

    rates = [[row["learning_rate"] for row in rows(run)] for run in (folder, unbroken)]
    assert rates[0] == rates[1]
    assert float(rates[0][-2]) < 0.003
    for name in (checkpoints(unbroken)[-1].relative_to(unbroken), Path("best.npz")):
        arrays = [read_arrays(run / name) for run in (folder, unbroken)]
        assert arrays[0].keys() == arrays[1].keys()
        for key in arrays[0].keys() - {"progress"}:
            np.testing.assert_array_equal(arrays[0][key], arrays[1][key], err_msg=f"{name} {key}")


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


def test_a_full_disk_costs_nothing_that_was_there(
    corpus: tuple[Path, Path], unbroken: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(unbroken, folder)
    arguments = train_arguments(folder, *corpus, **{**SETTINGS, "epochs": 21})
    # The log is longer already.
    done = run_module("training", *arguments, largest_file=4)

    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert str(folder) in done.stderr.splitlines()[-1]
    assert_same_end(folder, unbroken)


def test_nothing_but_damaged_checkpoints(
    corpus: tuple[Path, Path], unbroken: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(unbroken, folder)
    for path in checkpoints(folder):
        path.write_bytes(path.read_bytes()[:-1000])
    result = CliRunner().invoke(
        main, train_arguments(folder, *corpus, **SETTINGS), catch_exceptions=False
    )

    assert result.exit_code == 2
    assert "Error: no checkpoint can be read: " in result.stderr
    assert all(str(path) in result.stderr for path in checkpoints(folder))
