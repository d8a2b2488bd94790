"""`hours`: as many epochs as fit into a time."""

from __future__ import annotations

import dataclasses
import json
import shlex
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from toy import toy_pairs, train_arguments, write_pairs

from training import pace
from training.__main__ import main
from training.checkpoint import Checkpoints, Progress, read_arrays
from training.cluster import Cluster
from training.dataset import Batches, EncodedPairs
from training.pace import fit_to_hours
from training.repeat import training_command
from training.rows import Rows
from training.run import Run
from training.trainer import train
from translator.errors import ConfigError

SETTINGS = {
    "embedding_size": 8,
    "encoder_size": 8,
    "decoder_size": 8,
    "attention_size": 8,
    "warmup": 0,
    "batch_tokens": 128,
    "epochs": 3,
    "deterministic": True,
}


@pytest.fixture
def run(toy_run: Path, tmp_path: Path) -> Run:
    """Nine epochs to be done in half an hour; nothing is done yet."""
    for name in ("run.json", "source.model", "target.model"):
        (tmp_path / name).write_bytes((toy_run / name).read_bytes())
    run = Run.open(tmp_path)
    return dataclasses.replace(run, config=dataclasses.replace(run.config, epochs=9, hours=0.5))


@pytest.fixture
def batches() -> Batches:
    """Ten of them, of two tokens each."""
    rows = Rows(size=8)
    for _ in range(10):
        rows.append([4])
    return Batches(EncodedPairs(rows, rows), batch_tokens=2)


def takes(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(pace, "seconds_per_update", lambda run, batches: seconds)


def fit(run: Run, batches: Batches, spent: float = 0.0) -> tuple[Run, str]:
    said: list[str] = []
    run = fit_to_hours(run, batches, time.monotonic() - spent, said.append)
    return run, "".join(said)


@pytest.mark.parametrize(
    ("seconds", "spent", "epochs", "said"),
    [
        # Nine epochs of 10 · 19 s, and 5 % of the time for validations, fill 1800 s.
        (18.9, 0, 9, "an epoch takes about 3.32 minutes here: 9 of 9 in 0.5 h"),
        (19.1, 0, 8, "an epoch takes about 3.35 minutes here: 8 of 9 in 0.5 h"),
        (1.0, 0, 9, "an epoch takes about 0.175 minutes here: 9 of 9 in 0.5 h"),
        # What reading took is gone.
        (18.9, 200, 8, "an epoch takes about 3.32 minutes here: 8 of 9 in 0.5 h"),
        (
            *(171.1, 0, 1),
            (
                "an epoch takes about 30 minutes here: 1 of 9 in 0.5 h, which is less time than "
                "that takes"
            ),
        ),
    ],
)
def test_as_many_as_fit(
    run: Run,
    batches: Batches,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    spent: float,
    epochs: int,
    said: str,
) -> None:
    takes(monkeypatch, seconds)
    fitted, told = fit(run, batches, spent)

    assert told == said
    assert fitted.epochs == epochs
    assert Run.open(run.folder).epochs == epochs


def test_all_without_a_limit(run: Run, batches: Batches) -> None:
    unlimited = dataclasses.replace(run, config=dataclasses.replace(run.config, hours=0.0))
    assert fit(unlimited, batches) == (unlimited, "")
    assert unlimited.epochs == 9


def test_settled_once(run: Run, batches: Batches, monkeypatch: pytest.MonkeyPatch) -> None:
    takes(monkeypatch, 38.0)
    settled, _ = fit(run, batches)
    takes(monkeypatch, 1.0)  # the machine has become faster

    assert settled.epochs == 4
    assert fit(settled, batches) == (settled, "")


def test_what_is_done_counts(run: Run, batches: Batches, monkeypatch: pytest.MonkeyPatch) -> None:
    takes(monkeypatch, 19.0)
    Checkpoints(run.checkpoints).save([], Progress(update=25, seconds=900.0))

    # Two and a half are done, four and a half fit into the 900 s that are left.
    assert fit(run, batches, spent=1.0)[0].epochs == 6
    assert fit(run, batches, spent=-1.0)[0].epochs == 7


def test_an_epoch_that_is_begun_is_finished(
    run: Run, batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes(monkeypatch, 19.0)
    Checkpoints(run.checkpoints).save([], Progress(update=25, seconds=1790.0))

    fitted, told = fit(run, batches)
    assert fitted.epochs == 3
    assert "which is less time than that takes" in told


def test_the_command_of_a_model_card_names_what_was_done(run: Run) -> None:
    words = shlex.split(training_command(dataclasses.replace(run, passes=7)))
    assert "epochs=7" in words
    assert not [word for word in words if word.startswith("hours=")]


def test_not_of_several_processes(run: Run) -> None:
    cluster = Cluster.__new__(Cluster)  # which nobody has joined
    with pytest.raises(ConfigError, match=r"^hours: expected 0 where processes train together"):
        train(run.folder, run.data, {"hours": 1.0}, cluster=cluster)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder, pairs = tmp_path_factory.mktemp("corpus"), toy_pairs(48, seed=2)
    learnt = write_pairs(folder / "train.tsv", pairs[:40])
    return learnt, write_pairs(folder / "valid.tsv", pairs[40:])


@pytest.mark.slow
class TestCommand:
    def train(self, output: Path, corpus: tuple[Path, Path], *options: str) -> Result:
        arguments = [*train_arguments(output, *corpus, **SETTINGS), *options]
        return CliRunner().invoke(main, arguments, catch_exceptions=False)

    def test_measuring_leaves_no_trace(self, corpus: tuple[Path, Path], tmp_path: Path) -> None:
        with_hours = self.train(tmp_path / "hours", corpus, "--hours", "5")
        without = self.train(tmp_path / "all", corpus)

        assert (with_hours.exit_code, without.exit_code) == (0, 0), with_hours.stderr
        assert ": 3 of 3 in 5 h" in with_hours.stderr
        (kept, same) = (
            read_arrays(max((tmp_path / name / "checkpoints").glob("*.npz")))
            for name in ("hours", "all")
        )
        assert kept.keys() == same.keys()
        for name in kept.keys() - {"progress"}:
            np.testing.assert_array_equal(kept[name], same[name])

    def test_ends_after_what_fits(self, corpus: tuple[Path, Path], tmp_path: Path) -> None:
        for _ in range(2):  # the same command goes on with what was settled
            result = self.train(tmp_path / "run", corpus, "--set", "hours=1e-6")
            assert result.exit_code == 0, result.stderr
            total = json.loads((tmp_path / "run/status.json").read_text())["total"]
            assert f"; 1 epochs, {total} updates" in result.stderr
            assert f"all {total} updates are done" in result.stderr
        assert "an epoch takes" not in result.stderr

        more = self.train(tmp_path / "run", corpus, "--hours", "5")
        assert more.exit_code == 0, more.stderr
        assert f"3 epochs, {3 * total} updates" in more.stderr
        assert f"going on from update {total}" in more.stderr
