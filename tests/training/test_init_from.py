from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from toy import toy_pairs, write_pairs

from training.__main__ import main
from training.checkpoint import Checkpoints, read_arrays
from training.init_from import open_start
from training.repeat import training_record
from training.run import Run
from translator.model_folder import find_version

# What the toy model was not trained on: letters in the place of digits.
LETTERS = str.maketrans("0123456789", "abcdefghij")
SETTINGS = {
    "epochs": 1,
    "batch_tokens": 256,
    "max_length": 40,
    "learning_rate": 0.001,
    "validate_every": 500,
    "precision": "float32",
    "label_smoothing": 0.0,
    "embedding_dropout": 0.0,
    "state_dropout": 0.0,
    "output_dropout": 0.0,
    "word_dropout": 0.0,
}
STILL = {"learning_rate": 1e-30, "clip_norm": 0}
SIZES = ("vocab_size", "embedding_size", "encoder_size", "decoder_size", "attention_size")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Another domain, with some of the old one, as it takes to see that nothing was forgotten."""
    folder = tmp_path_factory.mktemp("domain")
    pairs = toy_pairs(300, seed=5)
    new = [(s.translate(LETTERS), t.translate(LETTERS)) for s, t in pairs[:60]]
    return (
        write_pairs(folder / "train.tsv", new + pairs[60:200]),
        write_pairs(folder / "valid.tsv", pairs[200:]),
    )


def train(output: Path, corpus: tuple[Path, Path], *more: object, **changes: object) -> Result:
    values = {**SETTINGS, **changes}
    arguments = [
        *("train", "--source", "xx", "--target", "yy", "--output", output),
        *("--train", corpus[0], "--valid", corpus[1], "--threads", 1, "--no-report", *more),
        *(part for key, value in values.items() for part in ("--set", f"{key}={value}")),
    ]
    return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)


def valid_scores(run: Path) -> list[float]:
    header, *rows = [line.split(",") for line in (run / "log.csv").read_text().splitlines()]
    column = header.index("valid_chrf")
    return [float(row[column]) for row in rows if row[column]]


@pytest.fixture(scope="module")
def origin(toy_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy run, in a folder that may go away."""
    return shutil.copytree(toy_run, tmp_path_factory.mktemp("origin") / "run")


@pytest.fixture(scope="module")
def continued(
    origin: Path, corpus: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("continued") / "run"
    result = train(folder, corpus, "--init-from", origin)
    assert result.exit_code == 0, result.output
    return folder


def test_what_another_beginning_left_is_not_told(toy_run: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(toy_run, tmp_path / "run")
    (folder / "origin.json").write_text('{"data": ["other.tsv"]}')
    assert Run.open(folder).origin() is None


class TestFromARun:
    def test_takes_over_vocabulary_sizes_and_weights(self, continued: Path, origin: Path) -> None:
        old, new = Run.open(origin), Run.open(continued)
        assert (new.source.serialized, new.target.serialized) == (
            old.source.serialized,
            old.target.serialized,
        )
        for name in SIZES:
            assert getattr(new.config, name) == getattr(old.config, name)
        assert new.config.learning_rate == 0.001
        assert json.loads((continued / "run.json").read_text())["data"]["init_from"] == str(origin)
        assert valid_scores(continued)[-1] > 95

    def test_tells_what_its_origin_learnt_from(self, continued: Path) -> None:
        record = training_record(Run.open(continued))
        assert (record["data"], record["pairs"]) == (["train.tsv"], 200)
        assert "--init-from" in record["command"]
        origin = record["origin"]
        assert (origin["data"], origin["pairs"]) == (["train.tsv"], 6000)
        assert origin["command"].startswith("python -m training train --train train.tsv")
        assert "origin" not in origin

    def test_adds_to_what_its_origin_leaves_for_the_search(
        self, continued: Path, toy_run: Path
    ) -> None:
        old, new = Run.open(toy_run).lexicon(), Run.open(continued).lexicon()
        assert old is not None
        assert new is not None
        assert {*old.common.tolist()} <= {*new.common.tolist()}
        for mine, its in zip(new.table.tolist(), old.table.tolist(), strict=True):
            assert {*its} <= {*mine, 0}

    def test_begins_with_the_weights_and_a_fresh_schedule(
        self, toy_run: Path, corpus: tuple[Path, Path], tmp_path: Path
    ) -> None:
        """With weights that stand still, the best of the new run are those of the old one."""
        assert train(tmp_path / "run", corpus, "--init-from", toy_run, **STILL).exit_code == 0
        old, new = (read_arrays(run / "best.npz") for run in (toy_run, tmp_path / "run"))
        assert old.keys() == new.keys()
        for name in old:
            np.testing.assert_array_equal(old[name], new[name])
        progress = Checkpoints(tmp_path / "run" / "checkpoints").progress()
        assert progress is not None
        assert progress.update < 30
        assert valid_scores(tmp_path / "run")[-1] > 98

    def test_learns_the_new_domain(self, continued: Path, toy_run: Path) -> None:
        old, new = (read_arrays(run / "best.npz") for run in (toy_run, continued))
        assert any(np.abs(old[name] - new[name]).max() > 1e-3 for name in old)

    def test_what_the_weights_do_not_depend_on_is_free(self, toy_run: Path) -> None:
        inherited = open_start(toy_run).settings
        assert inherited.keys() > {*SIZES, "cell", "encoder_layers", "tie_output", "tokenizer"}
        assert inherited.keys().isdisjoint({"max_length", "learning_rate", "truncate_bptt"})
        assert not [name for name in inherited if "dropout" in name]

    @pytest.mark.parametrize(
        ("name", "value", "expected"),
        [
            ("vocab_size", 300, "283"),
            ("decoder_size", 128, "64"),
            ("encoder_layers", 2, "1"),
            ("cell", "tanh", "'lstm'"),
            ("joint_vocab", "false", "True"),
        ],
    )
    def test_sizes_that_contradict_are_refused(
        self,
        name: str,
        value: object,
        expected: str,
        toy_run: Path,
        corpus: tuple[Path, Path],
        tmp_path: Path,
    ) -> None:
        result = train(tmp_path / "run", corpus, "--init-from", toy_run, **{name: value})
        assert result.exit_code == 2
        assert f"Error: {name}: expected {expected}, as in {toy_run}" in result.stderr
        assert not (tmp_path / "run").exists()


class TestAgain:
    def test_goes_on_without_the_old_weights(
        self, continued: Path, origin: Path, corpus: tuple[Path, Path], tmp_path: Path
    ) -> None:
        """The run holds a copy: what becomes of the old one since changes nothing."""
        run = shutil.copytree(continued, tmp_path / "run")
        # As a kill before the first checkpoint leaves it.
        for path in (run / "checkpoints").iterdir():
            path.unlink()
        (run / "best.npz").unlink()

        origin.rename(tmp_path / "moved")
        try:
            assert train(run, corpus, "--init-from", origin).exit_code == 0
        finally:
            (tmp_path / "moved").rename(origin)
        ends = [read_arrays(folder / "best.npz") for folder in (run, continued)]
        for name in ends[0]:
            np.testing.assert_allclose(ends[0][name], ends[1][name], atol=1e-4)

    @pytest.mark.parametrize("other", ["without", "another"])
    def test_is_checked(
        self,
        other: str,
        continued: Path,
        toy_model_folder: Path,
        corpus: tuple[Path, Path],
        tmp_path: Path,
    ) -> None:
        more = {"without": (), "another": ("--init-from", toy_model_folder / "xx-yy")}[other]
        config = Run.open(continued).config
        result = train(continued, corpus, *more, **{name: getattr(config, name) for name in SIZES})
        assert result.exit_code == 2
        assert "a run was begun here with other settings" in result.stderr
        assert "init_from=" in result.stderr


class TestFromAModelFolder:
    def test_takes_over_the_rounded_weights(
        self, toy_model_folder: Path, toy_run: Path, corpus: tuple[Path, Path], tmp_path: Path
    ) -> None:
        model = toy_model_folder / "xx-yy"
        assert train(tmp_path / "run", corpus, "--init-from", model, **STILL).exit_code == 0
        old, new = (read_arrays(run / "best.npz") for run in (toy_run, tmp_path / "run"))
        for name in old:
            np.testing.assert_array_equal(old[name].astype(np.float16), new[name])
        assert valid_scores(tmp_path / "run")[-1] > 98

    def test_a_contradiction_and_a_damaged_file(
        self, toy_model_folder: Path, corpus: tuple[Path, Path], tmp_path: Path
    ) -> None:
        shutil.copytree(toy_model_folder, tmp_path / "models")
        model = tmp_path / "models" / "xx-yy"
        result = train(tmp_path / "run", corpus, "--init-from", model, vocab_size=300)
        assert f"Error: vocab_size: expected 283, as in {model}" in result.stderr

        (find_version(model) / "assets" / "source.model").write_bytes(b"")
        result = train(tmp_path / "run", corpus, "--init-from", model)
        assert result.exit_code == 2
        assert "source.model: damaged" in result.stderr
        assert not (tmp_path / "run").exists()


class TestErrors:
    def test_neither_run_nor_model(self, corpus: tuple[Path, Path], tmp_path: Path) -> None:
        (tmp_path / "empty").mkdir()
        result = train(tmp_path / "run", corpus, "--init-from", tmp_path / "empty")
        assert result.exit_code == 2
        told = f"Error: {tmp_path / 'empty'}: expected the folder of a run, or a model folder."
        assert told in result.stderr

    def test_a_run_without_a_validation_or_with_damaged_weights(
        self, toy_run: Path, corpus: tuple[Path, Path], tmp_path: Path
    ) -> None:
        shutil.copytree(toy_run, tmp_path / "old")
        best = tmp_path / "old" / "best.npz"
        best.write_bytes(best.read_bytes()[:-1000])
        result = train(tmp_path / "run", corpus, "--init-from", tmp_path / "old")
        assert f"Error: {best}: expected a whole checkpoint." in result.stderr

        best.unlink()
        result = train(tmp_path / "run", corpus, "--init-from", tmp_path / "old")
        assert result.exit_code == 2
        assert "expected a run that was validated at least once" in result.stderr
        assert not (tmp_path / "run").exists()
