"""`hours`: as many epochs as fit into a time."""

from __future__ import annotations

import dataclasses
import json
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from toy import toy_pairs, train_arguments, write_pairs

from training import pace
from training.__main__ import main
from training.checkpoint import Checkpoints, Progress, read_arrays
from training.dataset import Batches, EncodedPairs
from training.pace import Pace, fit_to_hours, measure
from training.repeat import training_command
from training.rows import Rows
from training.run import Run

SETTINGS = {
    "embedding_size": 8,
    "encoder_size": 8,
    "decoder_size": 8,
    "attention_size": 8,
    "warmup": 0,
    "batch_tokens": 128,
    "epochs": 3,
    "deterministic": True,
    "state_dropout": 0.2,
}


@pytest.fixture
def run(toy_run: Path, tmp_path: Path, clock: list[float]) -> Run:
    """Nine epochs to be done in half an hour; nothing is done yet."""
    for name in ("run.json", "source.model", "target.model"):
        (tmp_path / name).write_bytes((toy_run / name).read_bytes())
    return with_settings(Run.open(tmp_path), epochs=9, hours=0.5)


def with_settings(run: Run, **changes: Any) -> Run:
    return dataclasses.replace(run, config=dataclasses.replace(run.config, **changes))


@pytest.fixture
def batches() -> Batches:
    """Ten of them, of two tokens each."""
    rows = Rows(size=8)
    for _ in range(10):
        rows.append([4])
    return Batches(EncodedPairs(rows, rows), batch_tokens=2)


def takes(monkeypatch: pytest.MonkeyPatch, seconds: float, compiling: float = 0.0) -> None:
    """Says how long updates take."""
    monkeypatch.setattr(pace, "measure", lambda run, batches: Pace(seconds, compiling))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time; it goes on where a test says so."""
    now = [1000.0]
    monkeypatch.setattr(pace, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def fit(run: Run, batches: Batches, spent: float = 0.0) -> tuple[Run, str]:
    said: list[str] = []
    run = fit_to_hours(run, batches, 1000.0 - spent, said.append)
    return run, said[-1] if said else ""


@pytest.mark.parametrize(
    ("seconds", "spent", "epochs", "said"),
    [
        # Nine epochs of 10 · 18.4 s, and 8 % of the time for validations, fill 1800 s.
        (18.3, 0, 9, "an epoch takes about 3.32 minutes here; 9 of 9 in 0.5 h"),
        (18.5, 0, 8, "an epoch takes about 3.35 minutes here; 8 of 9 in 0.5 h"),
        (1.0, 0, 9, "an epoch takes about 0.181 minutes here; 9 of 9 in 0.5 h"),
        # What reading took is gone.
        (18.3, 200, 8, "an epoch takes about 3.32 minutes here; 8 of 9 in 0.5 h"),
        (166, 0, 1, "an epoch takes about 30.1 minutes here; 1 of 9 in 0.5 h, or somewhat longer"),
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
    assert fitted.settled.epochs == epochs
    assert Run.open(run.folder).settled.epochs == epochs


def test_compiling_takes_time_again(
    run: Run, batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes(monkeypatch, 18.3, compiling=200.0)
    assert fit(run, batches)[0].settled.epochs == 8


def test_all_without_a_limit(run: Run, batches: Batches) -> None:
    unlimited = with_settings(run, hours=0.0)
    assert fit(unlimited, batches) == (unlimited, "")
    assert unlimited.settled.epochs == 9


def test_settled_once(run: Run, batches: Batches, monkeypatch: pytest.MonkeyPatch) -> None:
    takes(monkeypatch, 38.0)
    settled, _ = fit(run, batches)
    takes(monkeypatch, 1.0)  # the machine has become faster

    assert settled.settled.epochs == 4
    assert fit(settled, batches) == (settled, "")


def test_more_epochs_may_be_asked_for_afterwards(
    run: Run, batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes(monkeypatch, 9.0)
    settled, _ = fit(run, batches)

    assert settled.settled.epochs == 9
    assert with_settings(settled, epochs=12).settled.epochs == 12
    assert with_settings(settled, epochs=99).settled.epochs == 18  # 1656 s / 90 s


def test_what_is_done_counts(run: Run, batches: Batches, monkeypatch: pytest.MonkeyPatch) -> None:
    takes(monkeypatch, 18.4)
    Checkpoints(run.checkpoint_folder).save([], Progress(update=25, seconds=900.0))

    # Two and a half are done, four and a half fit into the 900 s that are left.
    assert fit(run, batches, spent=1.0)[0].settled.epochs == 6
    assert fit(run, batches, spent=-1.0)[0].settled.epochs == 7


def test_an_epoch_that_is_begun_is_finished(
    run: Run, batches: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    takes(monkeypatch, 18.4)
    Checkpoints(run.checkpoint_folder).save([], Progress(update=25, seconds=1790.0))

    fitted, told = fit(run, batches)
    assert fitted.settled.epochs == 3
    assert told.endswith("3 of 9 in 0.5 h, or somewhat longer")


def test_nothing_is_measured_where_all_is_done(run: Run, batches: Batches) -> None:
    Checkpoints(run.checkpoint_folder).save([], Progress(update=90, seconds=10.0))
    assert fit(run, batches) == (run, "")


def test_the_second_round_is_measured(
    run: Run, batches: Batches, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    ratios: list[list[float]] = []

    class Trainee:
        def fit(self, dataset: Any, steps_per_epoch: int, **_: object) -> None:
            seen = [float(inputs["teacher_forcing"][0]) for inputs, _ in dataset]
            assert len(seen) == steps_per_epoch
            clock[0] += 20.0 if ratios else 100.0
            ratios.append(seen)

    monkeypatch.setattr(pace, "make_trainee", lambda *_: Trainee())

    assert measure(run, batches) == Pace(update=0.5, compiling=80.0)
    # 40 of the 90 updates; ε is 1 until update 60 and 0.75 at 90.
    first, second = ratios
    assert first == second
    assert first[:27] == [1.0] * 27
    assert first[27:] == pytest.approx(
        [1.0 - 0.25 * (n * 90 // 40 - 60) / 30 for n in range(27, 40)]
    )


def test_the_command_of_a_model_card_names_what_was_done(run: Run) -> None:
    words = shlex.split(training_command(dataclasses.replace(run, epochs_that_fit=7)))
    assert "epochs=7" in words
    assert not [word for word in words if word.startswith("hours=")]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder, pairs = tmp_path_factory.mktemp("corpus"), toy_pairs(48, seed=2)
    learnt = write_pairs(folder / "train.tsv", pairs[:40])
    return learnt, write_pairs(folder / "valid.tsv", pairs[40:])


@pytest.mark.slow
@pytest.mark.usefixtures("unsearched")
class TestCommand:
    def train(self, output: Path, corpus: tuple[Path, Path], *options: str) -> Result:
        arguments = [*train_arguments(output, *corpus, **SETTINGS), *options]
        return CliRunner().invoke(main, arguments, catch_exceptions=False)

    def test_measuring_leaves_no_trace(self, corpus: tuple[Path, Path], tmp_path: Path) -> None:
        with_hours = self.train(tmp_path / "hours", corpus, "--hours", "5")
        without = self.train(tmp_path / "all", corpus)

        assert (with_hours.exit_code, without.exit_code) == (0, 0), with_hours.stderr
        assert "; 3 of 3 in 5 h" in with_hours.stderr
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
            assert f"; 1 epoch, {total} updates" in result.stderr
            assert f"all {total} updates are done" in result.stderr
        assert "an epoch takes" not in result.stderr

        more = self.train(tmp_path / "run", corpus, "--hours", "5")
        assert more.exit_code == 0, more.stderr
        assert f"3 epochs, {3 * total} updates" in more.stderr
        assert f"going on from update {total}" in more.stderr

    def test_not_of_several_processes(self, corpus: tuple[Path, Path], tmp_path: Path) -> None:
        """It is told at once: nobody waits for processes that were never started."""
        cluster = "--cluster", "127.0.0.1:1,127.0.0.1:2"
        result = self.train(tmp_path / "run", corpus, *cluster, "--hours", "2")
        assert result.exit_code == 2
        assert result.stderr == "Error: hours: expected 0 beside --cluster; set epochs instead\n"
