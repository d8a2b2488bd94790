from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from toy import (
    no_file_past,
    read_pairs,
    run_module,
    settings,
    toy_pairs,
    train_arguments,
    write_pairs,
)

from training.__main__ import main
from training.callbacks import Clock
from training.checkpoint import Checkpoints, read_arrays
from training.config import TrainConfig, read_settings
from training.corpus import read_corpus
from training.dataset import Batches, encode_pairs
from training.evaluation import Validator
from training.losses import token_cross_entropy
from training.report.record import read_status
from training.run import Run
from translator.constants import PAD
from translator.model import build
from translator.translator import Translator

# Two epochs of two batches: for what does not depend on how much is learnt.
TINY = {
    "embedding_size": 8,
    "encoder_size": 8,
    "decoder_size": 8,
    "attention_size": 8,
    "epochs": 2,
    "warmup": 0,
}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder, pairs = tmp_path_factory.mktemp("tiny"), toy_pairs(48, seed=2)
    train = write_pairs(folder / "train.tsv", pairs[:40])
    return train, write_pairs(folder / "valid.tsv", pairs[40:])


def invoke(*arguments: object) -> Result:
    """Runs the command in this process, where TensorFlow is loaded already."""
    return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)


def train(output: Path, corpus: tuple[Path, Path], **changes: object) -> Result:
    return invoke(*train_arguments(output, *corpus, **{**TINY, **changes}))


@pytest.fixture(scope="module")
def tiny_run(tiny_corpus: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command said is in `run.txt`, beside it."""
    folder = tmp_path_factory.mktemp("tiny-run") / "run"
    result = train(folder, tiny_corpus)
    assert result.exit_code == 0, result.stderr
    folder.with_suffix(".txt").write_text(result.stderr)
    return folder


def rows(run: Path) -> list[dict[str, str]]:
    with open(run / "log.csv", newline="") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def all_finite(path: Path) -> bool:
    arrays = read_arrays(path)
    return all(np.isfinite(array).all() for key, array in arrays.items() if key != "progress")


class TestToyTask:
    def test_is_learnt(self, toy_model_folder: Path, toy_corpus: Path) -> None:
        pairs = read_pairs(toy_corpus / "test.tsv")
        translations = Translator.load(toy_model_folder / "xx-yy").translate([s for s, _ in pairs])

        right = sum(t.text == target for t, (_, target) in zip(translations, pairs, strict=True))
        assert len(pairs) == 200
        assert right >= 198

    def test_takes_less_than_two_minutes(self, toy_run: Path) -> None:
        # Tests that run side by side share the cores.
        limit = 200 if "PYTEST_XDIST_WORKER" in os.environ else 100
        assert float(rows(toy_run)[-1]["seconds"]) < limit

    def test_folder_of_the_run(self, toy_run: Path) -> None:
        stored = json.loads((toy_run / "run.json").read_text())
        assert stored["data"]["source"] == "xx"
        assert stored["config"]["decoder_size"] == 64
        assert len(os.listdir(toy_run / "checkpoints")) == 2

    def test_log(self, toy_run: Path) -> None:
        log = rows(toy_run)
        losses = [float(row["loss"]) for row in log if row["loss"]]
        valid = [row for row in log if row["valid_loss"]]
        updates = [int(row["update"]) for row in log]

        # It begins near log(vocabulary), log 271 = 5.6, and ends near nothing.
        assert 2 < losses[0] < 5.7
        assert losses[-1] < 0.1
        assert updates == sorted(updates)
        assert float(valid[-1]["valid_chrf"]) > 99
        assert float(valid[-1]["valid_loss"]) < float(valid[0]["valid_loss"])


@pytest.mark.usefixtures("unsearched")
class TestWhatIsTold:
    def test_pairs_that_are_left_out_made_or_shared(self, tmp_path: Path) -> None:
        """Of 43 pairs three have more than nine pieces; one sentence is validated on."""
        pairs = [pair for pair in toy_pairs(80, seed=2) if len(pair[0]) <= 8][:43]
        pairs[:3] = [(f"{n}" * 20, f"{n}" * 20) for n in range(3)]
        corpus = (
            write_pairs(tmp_path / "train.tsv", pairs),
            write_pairs(tmp_path / "valid.tsv", [pairs[9], ("12", "99"), ("98", "12")]),
        )
        result = train(tmp_path / "run", corpus, max_length=10, recased=1.0)
        assert result.exit_code == 0, result.stderr
        told = " ".join(result.stderr.split())
        assert "80 pairs of at most 10 pieces a side" in told
        assert "; 40 of the pairs are made of the others; 3 of 43 pairs have more than 10 " in told
        assert "pieces and were left out (max_length)" in told
        assert "1 of 3 validation pairs shares a sentence with the training pairs" in told

    def test_nothing_where_there_is_nothing(self, tiny_run: Path) -> None:
        told = tiny_run.with_suffix(".txt").read_text()
        assert "left out" not in told
        assert "made of" not in told
        assert "flatter" not in told

    def test_a_quiet_run_says_nothing(self, tiny_corpus: tuple[Path, Path], tmp_path: Path) -> None:
        changes = {**TINY, "log_every": 1, "clip_norm": 1e-9}
        result = invoke(*train_arguments(tmp_path / "run", *tiny_corpus, **changes), "--quiet")
        assert (result.exit_code, result.output) == (0, "")
        assert {row["clipped"] for row in rows(tmp_path / "run") if row["loss"]} == {"1"}
        # No report was wanted; how the run ended is kept all the same.
        assert not (tmp_path / "run" / "report.html").exists()
        status = read_status(tmp_path / "run")
        assert status is not None
        assert status.ended == f"all {status.total} updates are done"

    def test_a_validation_is_no_time_of_training(
        self, tiny_corpus: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A thousand seconds after each of 4 updates, the last aside, are the run's time alone."""
        measure = Validator.measure

        def slowly(validator: Validator) -> dict[str, float]:
            shifted[0] += 1000.0
            return measure(validator)

        shifted, now = [0.0], time.monotonic
        monkeypatch.setattr(Validator, "measure", slowly)
        monkeypatch.setattr("training.callbacks.time.monotonic", lambda: now() + shifted[0])
        begun = now()
        result = train(tmp_path / "run", tiny_corpus, validate_every=1, log_every=1)
        spent = now() - begun
        assert result.exit_code == 0, result.stderr
        trained = [row for row in rows(tmp_path / "run") if row["loss"]]
        assert len(trained) == 4
        assert float(trained[-1]["seconds"]) > 3 * 1000
        tokens = [0, *(int(row["target_tokens"]) for row in trained)]
        seconds = [
            (after - before) / float(row["tokens_per_second"])
            for before, after, row in zip(tokens, tokens[1:], trained, strict=False)
        ]
        assert sum(seconds) < spent


@pytest.mark.usefixtures("unsearched")
class TestBatches:
    def test_each_update_learns_from_its_own_batch(
        self, tiny_corpus: tuple[Path, Path], tmp_path: Path
    ) -> None:
        """With weights that stand still, a loss tells which batch it was.

        The run ends after one epoch and is continued, in the same process, with more epochs.
        """
        still = {
            "learning_rate": 1e-30,
            "teacher_forcing": "constant",
            "teacher_forcing_k": 1.0,
            "label_smoothing": 0.2,  # which is not in the log
            "log_every": 1,
            "batch_tokens": 41,
        }
        for epochs in (1, 3):
            result = train(tmp_path / "run", tiny_corpus, epochs=epochs, **still)
            assert result.exit_code == 0, result.stderr

        run = Run.open(tmp_path / "run")
        pairs = read_corpus([str(tiny_corpus[0])]).pairs
        batches = Batches(
            encode_pairs(pairs, run.source, run.target, run.config.max_length),
            run.config.batch_tokens,
            run.config.seed,
        )
        model = build(run.model_config, "float32", run.config.seed)
        expected = [
            float(np.asarray(token_cross_entropy(labels, model(inputs)))[labels != PAD].mean())
            for epoch in range(3)
            for inputs, labels in map(batches.batch, batches.order(epoch))
        ]
        logged = [float(row["loss"]) for row in rows(tmp_path / "run") if row["loss"]]
        np.testing.assert_allclose(logged, expected, atol=2e-5)
        # Another order would show.
        assert min(np.abs(np.array(expected) - np.roll(expected, 1))[1:]) > 1e-4

    def test_tokens_are_counted(self, tiny_run: Path, tiny_corpus: tuple[Path, Path]) -> None:
        run = Run.open(tiny_run)
        pairs = read_corpus([str(tiny_corpus[0])]).pairs
        progress = Checkpoints(tiny_run / "checkpoints").progress()
        assert progress is not None
        # Two epochs, an EOS for each sentence.
        assert progress.source_tokens == 2 * sum(len(run.source.encode(s)) + 1 for s, _ in pairs)
        assert progress.target_tokens == 2 * sum(len(run.target.encode(t)) + 1 for _, t in pairs)


class TestAgain:
    @pytest.mark.usefixtures("unsearched")
    def test_a_finished_run_is_left_alone(
        self, tiny_run: Path, tiny_corpus: tuple[Path, Path]
    ) -> None:
        before = contents(tiny_run)
        result = train(tiny_run, tiny_corpus)

        assert result.exit_code == 0
        assert "updates are done" in result.stderr
        assert contents(tiny_run) == before

    @pytest.mark.usefixtures("unsearched")
    def test_a_run_of_before_a_default_was_another_goes_on(
        self, tiny_run: Path, tiny_corpus: tuple[Path, Path], tmp_path: Path
    ) -> None:
        """It goes on with the k that it was begun with."""
        run = shutil.copytree(tiny_run, tmp_path / "run")
        stored = json.loads((run / "run.json").read_text("utf-8"))
        assert stored["config"]["teacher_forcing_k"] == -1.0
        stored["config"]["teacher_forcing_k"] = 1.0
        (run / "run.json").write_text(json.dumps(stored), "utf-8")
        for changes in ({}, {"teacher_forcing_k": 1.0}):
            result = train(run, tiny_corpus, **changes)
            assert result.exit_code == 0, result.stderr
            assert Run.open(run).config.teacher_forcing_k == 1.0
        other = train(run, tiny_corpus, teacher_forcing_k=0.9)
        assert "teacher_forcing_k: 1.0 then, 0.9 now" in other.stderr

    def test_a_run_that_ran_out_of_patience_has_ended(
        self, tiny_corpus: tuple[Path, Path], tmp_path: Path
    ) -> None:
        # Weights that stand still do not get better.
        still = {"learning_rate": 1e-30, "validate_every": 1, "patience": 2, "epochs": 50}
        assert train(tmp_path / "run", tiny_corpus, **still).exit_code == 0
        updates = [int(row["update"]) for row in rows(tmp_path / "run") if row["valid_loss"]]
        assert updates == [1, 2, 3]

        again = train(tmp_path / "run", tiny_corpus, **still)
        assert again.exit_code == 0
        assert int(rows(tmp_path / "run")[-1]["update"]) == 3

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"state_dropout": 0.5}, "state_dropout: 0.0 then, 0.5 now"),
            ({"seed": 2}, "seed: 1 then, 2 now"),
            ({"vocab_size": 300}, "vocab_size: 283 then, 300 now"),
            ({"learning_rate": 0.1, "cell": "tanh"}, "cell: 'lstm' then, 'tanh' now"),
        ],
        ids=["dropout", "seed", "vocabulary", "two"],
    )
    def test_other_settings_are_refused_by_name(
        self, changes: dict[str, Any], told: str, toy_run: Path, toy_corpus: Path
    ) -> None:
        before = contents(toy_run)
        corpus = (toy_corpus / "train.tsv", toy_corpus / "valid.tsv")
        result = invoke(*train_arguments(toy_run, *corpus, **changes))

        assert result.exit_code == 2
        assert "a run was begun here with other settings" in result.stderr
        assert told in result.stderr
        assert contents(toy_run) == before

    def test_other_data_is_refused(self, toy_run: Path, toy_corpus: Path) -> None:
        corpus = (toy_corpus / "test.tsv", toy_corpus / "valid.tsv")
        result = invoke(*train_arguments(toy_run, *corpus))

        assert result.exit_code == 2
        assert "train.tsv" in result.stderr
        assert "test.tsv" in result.stderr

    @pytest.mark.parametrize("which", [0, 1], ids=["train", "valid"])
    def test_files_of_other_pairs_are_refused(
        self, which: int, tiny_run: Path, tmp_path: Path
    ) -> None:
        stored = json.loads((tiny_run / "run.json").read_text("utf-8"))
        changed = Path(stored["data"][("train", "valid")[which]][0])
        run, content = shutil.copytree(tiny_run, tmp_path / "run"), changed.read_bytes()
        changed.write_bytes(content + b"1 2\t2 1\n")
        try:
            result = train(run, (changed.with_name("train.tsv"), changed.with_name("valid.tsv")))
        finally:
            changed.write_bytes(content)
        assert result.exit_code == 2
        assert f"the pairs in {changed} are not what they were" in result.stderr

    def test_a_pipe_is_refused_before_a_run_is_begun(
        self, tiny_corpus: tuple[Path, Path], tmp_path: Path
    ) -> None:
        os.mkfifo(tmp_path / "pipe")
        result = train(tmp_path / "run", (tmp_path / "pipe", tiny_corpus[1]))
        assert result.exit_code == 2
        assert "which can be read several times. Received: a pipe" in result.stderr
        assert not (tmp_path / "run").exists()

    @pytest.mark.usefixtures("unsearched")
    def test_a_name_that_is_not_utf_8(self, tiny_corpus: tuple[Path, Path], tmp_path: Path) -> None:
        named = tmp_path / os.fsdecode(b"p\xe4.tsv")
        shutil.copy(tiny_corpus[0], named)
        for _ in ("begun", "opened again"):
            result = train(tmp_path / "run", (named, tiny_corpus[1]))
            assert result.exit_code == 0, result.stderr


class TestSmallRuns:
    def test_what_has_hardly_learnt_is_not_the_best(
        self, tiny_corpus: tuple[Path, Path], tmp_path: Path
    ) -> None:
        """What an untrained model writes may have a higher chrF than what a better one does."""
        slow = {"warmup": 6, "epochs": 60, "validate_every": 1, "select": "chrf", "patience": 1}
        assert train(tmp_path / "run", tiny_corpus, **slow).exit_code == 0
        progress = Checkpoints(tmp_path / "run" / "checkpoints").progress()
        assert progress is not None
        assert progress.best_update >= 6


@pytest.mark.usefixtures("unsearched")
class TestSignal:
    def test_a_validation_that_is_due_is_made(
        self, tiny_corpus: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        count = Clock.on_train_batch_end

        def count_and_interrupt(clock: Clock, batch: int, logs: Any = None) -> None:
            count(clock, batch, logs)
            if clock.progress.update == 2:
                signal.raise_signal(signal.SIGINT)

        monkeypatch.setattr(Clock, "on_train_batch_end", count_and_interrupt)
        result = train(tmp_path / "run", tiny_corpus, validate_every=2)

        assert result.exit_code == 130
        assert [row["update"] for row in rows(tmp_path / "run") if row["valid_loss"]] == ["2"]


class TestNaN:
    """Without clipping, such a rate takes the weights to the end of float32, or past it."""

    @pytest.mark.parametrize(
        ("rate", "validate_every", "select"),
        [(1e38, 100, "chrf"), (1e38, 1, "chrf"), (1e39, 1, "loss")],
    )
    def test_stops_and_keeps_what_is_good(
        self,
        rate: float,
        validate_every: int,
        select: str,
        tiny_corpus: tuple[Path, Path],
        tmp_path: Path,
    ) -> None:
        changes = {"learning_rate": rate, "validate_every": validate_every, "select": select}
        unbound = {"clip_norm": 0, "decay": "constant", "epochs": 5, "checkpoint_every": 1}
        result = train(tmp_path / "run", tiny_corpus, **unbound, **changes)

        assert result.exit_code == 2
        assert "Error: the loss, or a weight, was no number after update" in result.stderr
        assert "learning_rate" in result.stderr
        best = tmp_path / "run" / "best.npz"
        assert not best.exists() or all_finite(best)
        kept = list((tmp_path / "run" / "checkpoints").glob("*.npz"))
        assert all(map(all_finite, kept))
        assert ("The checkpoint of update" in result.stderr) == bool(kept)


class TestBadInput:
    @pytest.mark.parametrize(
        ("content", "told"),
        [
            ("12\t21\nse\xf1or\tsir\n".encode("latin-1"), ", line 2: expected UTF-8."),
            (b"12\t21\n34\n", ", line 2: expected columns divided by tabs"),
            (b"", "expected at least one line. Received: an empty file"),
            (b"\n\t\n", "expected at least one pair to keep."),
            (b"\x1f\x8b\x08\x00", "expected an intact gzip file."),
        ],
        ids=["latin-1", "one column", "empty", "blank", "cut gzip"],
    )
    def test_a_bad_file_is_named(
        self, content: bytes, told: str, tiny_corpus: tuple[Path, Path], tmp_path: Path
    ) -> None:
        bad = tmp_path / "bad.tsv"
        bad.write_bytes(content)
        for corpus in ((bad, tiny_corpus[1]), (tiny_corpus[0], bad)):
            result = train(tmp_path / "run", corpus)
            assert result.exit_code == 2
            assert str(bad) in result.stderr.splitlines()[-1]
            assert told in result.stderr.splitlines()[-1]
        assert not (tmp_path / "run").exists()

    def test_a_missing_file_is_named(self, tiny_corpus: tuple[Path, Path], tmp_path: Path) -> None:
        result = train(tmp_path / "run", (tmp_path / "missing.tsv", tiny_corpus[1]))

        assert result.exit_code == 2
        assert "missing.tsv: expected a readable file." in result.stderr
        assert not (tmp_path / "run").exists()

    @pytest.mark.parametrize(
        ("more", "told"),
        [
            (["--set", "epoch=3"], "Received: epoch"),
            (["--set", "epochs=three"], "epochs: expected a whole number. Received: 'three'"),
            (["--set", "epochs"], "--set: expected key=value. Received: 'epochs'"),
            (["--set", "state_dropout=1"], "state_dropout: expected in [0, 1). Received: 1"),
            (["--set", "seed=-1"], "seed: expected"),
            (["--set", "seed=abc"], "seed: expected a whole number. Received: 'abc'"),
            (["--target", "french"], "--target: expected the code of a language, such as en"),
            (["--source", "en_"], "--source: expected the code of a language, such as en"),
            (["--target", "xx"], "--target: expected another language than --source"),
            (["--columns", "1"], "--columns: expected two numbers"),
            (["--columns", "1,2,3"], "--columns: expected two numbers"),
            (["--columns", "0,1"], "--columns: expected two numbers"),
            (["--columns", "a,b"], "--columns: expected two numbers"),
            (["--columns", "1,²"], "--columns: expected two numbers"),
            (["--columns", ""], "--columns: expected two numbers"),
            (["--columns", "1,1"], "columns: expected two different numbers"),
            (["--columns", "1,3"], "line 1: expected columns divided by tabs: at least 3"),
            (["--config", "missing.toml"], "missing.toml"),
            (["--threads", "-1"], "--threads"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, list) else "",
    )
    def test_a_bad_option_is_named(
        self, more: list[str], told: str, tiny_corpus: tuple[Path, Path], tmp_path: Path
    ) -> None:
        result = invoke(*train_arguments(tmp_path / "run", *tiny_corpus, **TINY), *more)

        assert result.exit_code == 2
        assert told in result.stderr
        assert not (tmp_path / "run").exists()

    def test_a_bad_settings_file_is_named(
        self, tiny_corpus: tuple[Path, Path], tmp_path: Path
    ) -> None:
        config = tmp_path / "run.toml"
        config.write_text("epochs = = 3\n")
        arguments = train_arguments(tmp_path / "run", *tiny_corpus)
        result = invoke(*arguments, "--config", config)

        assert result.exit_code == 2
        assert f"Error: {config}: expected a TOML file. Received: " in result.stderr

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"vocab_size": 100}, "vocab_size: 100 pieces cannot be learnt"),
            ({"max_length": 1}, "expected pairs of at most 1 piece a side"),
        ],
        ids=str,
    )
    def test_settings_that_do_not_fit_the_corpus(
        self,
        changes: dict[str, Any],
        told: str,
        tiny_corpus: tuple[Path, Path],
        tmp_path: Path,
    ) -> None:
        result = train(tmp_path / "run", tiny_corpus, **changes)

        assert result.exit_code == 2
        assert told in result.stderr

    def test_an_output_below_a_file(self, tiny_corpus: tuple[Path, Path]) -> None:
        below = tiny_corpus[0] / "run"
        result = train(below, tiny_corpus)

        assert result.exit_code == 2
        assert f"Error: {below}: cannot be made: Not a directory" in result.stderr

    def test_an_output_that_is_a_file(self, tiny_corpus: tuple[Path, Path]) -> None:
        result = train(tiny_corpus[0], tiny_corpus)

        assert result.exit_code == 2
        assert str(tiny_corpus[0]) in result.stderr

    def test_an_output_that_holds_something_else(
        self, tiny_corpus: tuple[Path, Path], tmp_path: Path
    ) -> None:
        (tmp_path / "guide.md").write_text("# Guide")
        result = train(tmp_path, tiny_corpus)

        assert result.exit_code == 2
        assert (
            f"Error: {tmp_path}: expected the folder of a run, or an empty or a new one. "
            "Received: one with guide.md in it"
        ) in result.stderr
        assert [path.name for path in tmp_path.iterdir()] == ["guide.md"]

    def test_the_process_says_one_line(
        self, tiny_corpus: tuple[Path, Path], tmp_path: Path
    ) -> None:
        missing = tmp_path / "missing.tsv"
        done = run_module("training", *train_arguments(tmp_path / "run", missing, tiny_corpus[1]))

        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr == (
            f"Error: {missing}: expected a readable file. Received: No such file or directory\n"
        )


class TestForms:
    @pytest.mark.usefixtures("unsearched")
    def test_line_aligned_swapped_and_damaged(
        self, tiny_corpus: tuple[Path, Path], tmp_path: Path
    ) -> None:
        pairs = read_pairs(tiny_corpus[0])
        (tmp_path / "c.xx").write_text("".join(f"{s}\n" for s, _ in pairs[:20]))
        (tmp_path / "c.yy").write_text("".join(f"{t}\n" for _, t in pairs[:20]))
        swapped = write_pairs(tmp_path / "swapped.tsv", [(t, s) for s, t in pairs])
        swapped.write_bytes(swapped.read_bytes() + b"\xff\t1\n")
        valid = write_pairs(tmp_path / "valid.tsv", [("1", "1")])
        result = invoke(
            *("train", "--source", "xx", "--target", "yy", "--output", tmp_path / "run"),
            *("--train", f"{tmp_path / 'c.xx'},{tmp_path / 'c.yy'}"),
            *("--train", swapped, "--valid", valid, "--columns", "2,1"),
            *("--skip-bad-lines", "--threads", 1, *settings(**TINY)),
        )

        assert result.exit_code == 0
        # The second file repeats the first, goes on, and ends in a line that is no text.
        assert "training pairs: 61 lines read, 40 pairs kept" in result.stderr
        assert "20 duplicate, 1 bad line" in result.stderr

    def test_settings_are_listed_as_toml(self, tmp_path: Path) -> None:
        (tmp_path / "run.toml").write_text(invoke("settings").stdout)
        assert TrainConfig(**read_settings(tmp_path / "run.toml")) == TrainConfig()


class TestExport:
    def test_model_json_tells_where_it_comes_from(
        self, toy_run: Path, toy_corpus: Path, tmp_path: Path
    ) -> None:
        result = invoke(
            *("export", toy_run, tmp_path / "xx-yy", "--test", toy_corpus / "test.tsv"),
            *("--licence", "CC0", "--attribution", "nobody"),
        )
        assert result.exit_code == 0
        text = (tmp_path / "xx-yy" / "1" / "assets" / "model.json").read_text()
        info = json.loads(text)
        assert (info["source_language"], info["target_language"]) == ("xx", "yy")
        assert info["training"]["data"] == ["train.tsv"]
        assert info["training"]["licence"] == "CC0"
        assert info["training"]["attribution"] == "nobody"
        assert info["training"]["update"] == int(rows(toy_run)[-1]["update"])
        assert [report["data"] for report in info["scores"]] == [["valid.tsv"], ["test.tsv"]]
        for report in info["scores"]:
            scores = {score["metric"]: score for score in report["scores"]}
            assert scores["chrF"]["value"] > 99
            assert all("version:" in score["signature"] for score in scores.values())
        valid, test = (
            "BLEU {:.2f}, chrF {:.2f}".format(*(score["value"] for score in report["scores"]))
            for report in info["scores"]
        )
        assert result.stdout == (
            f"exported to {tmp_path / 'xx-yy' / '1'}: "
            f"{valid} on valid.tsv (validation); {test} on test.tsv\n"
        )
        # Where files lay on the machine that trained is nobody's business.
        assert str(toy_corpus) not in text
        assert str(toy_run) not in text

    def test_a_folder_that_holds_no_run(self, tmp_path: Path) -> None:
        result = invoke("export", tmp_path, tmp_path / "xx-yy")

        assert result.exit_code == 2
        assert f"Error: {tmp_path}: expected the folder of a run." in result.stderr
        assert not (tmp_path / "xx-yy").exists()

    def test_a_run_without_a_validation(self, tiny_run: Path, tmp_path: Path) -> None:
        shutil.copytree(tiny_run, tmp_path / "run")
        (tmp_path / "run" / "best.npz").unlink()
        result = invoke("export", tmp_path / "run", tmp_path / "xx-yy")

        assert result.exit_code == 2
        assert "expected a run that was validated at least once" in result.stderr
        assert not (tmp_path / "xx-yy").exists()

    def test_a_destination_below_a_file(
        self, toy_run: Path, tiny_corpus: tuple[Path, Path]
    ) -> None:
        result = invoke("export", toy_run, tiny_corpus[0] / "xx-yy")

        assert result.exit_code == 2
        assert f"Error: {tiny_corpus[0] / 'xx-yy'}: cannot be written" in result.stderr

    def test_a_full_disk(self, toy_run: Path, toy_model_folder: Path, tmp_path: Path) -> None:
        """The weights need some 150 KiB."""
        shutil.copytree(toy_model_folder, tmp_path / "models")
        destination = tmp_path / "models" / "xx-yy"
        before = contents(destination)
        with no_file_past(64):
            done = invoke("export", toy_run, destination)

        assert done.exit_code == 2
        assert done.stderr.splitlines()[-1].startswith(f"Error: {destination}: cannot be written")
        assert "Traceback" not in done.stderr
        assert os.listdir(destination) == ["1"]
        assert contents(destination) == before
