"""The training command on corpora of all forms, with tags and sampled segmentations."""

from __future__ import annotations

import csv
import json
import random
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from toy import write_pairs

from training.__main__ import main
from training.run import Run

_rng = random.Random(4)
_WORDS = [
    ("casa", "house"),
    ("perro", "dog"),
    ("perros", "dogs"),
    ("come", "eats"),
    ("grande", "big"),
    ("mañana", "tomorrow"),
    ("jardín", "garden"),
    ("niño", "child"),
]

SETTINGS = {
    "vocab_size": 320,
    "embedding_size": 8,
    "encoder_size": 8,
    "decoder_size": 8,
    "attention_size": 8,
    "batch_tokens": 101,
    "max_length": 60,
    "epochs": 2,
    "log_every": 1,
    "checkpoint_every": 3,
    "subword_sampling": 0.3,
    "precision": "float32",
}


def pairs(count: int) -> list[tuple[str, str]]:
    words = [_rng.choices(_WORDS, k=_rng.randint(4, 7)) for _ in range(count)]
    return [(" ".join(s for s, _ in line), " ".join(t for _, t in line)) for line in words]


def write_po(path: Path, messages: list[tuple[str, str]]) -> None:
    path.write_text("".join(f'msgid "{s}"\nmsgstr "{t}"\n\n' for s, t in messages), "utf-8")


def write_tmx(path: Path, units: list[tuple[str, str]]) -> None:
    body = "".join(
        f'<tu><tuv xml:lang="en"><seg>{t}</seg></tuv><tuv xml:lang="es"><seg>{s}</seg></tuv></tu>'
        for s, t in units
    )
    path.write_text(f"<tmx><body>{body}</body></tmx>", "utf-8")


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)), catch_exceptions=False)


def train(corpus: Path, output: Path, **changes: object) -> Result:
    settings = {**SETTINGS, **changes}
    return invoke(
        *("train", "--source", "es", "--target", "en", "--output", output),
        *("--train", corpus / "a.tsv", "--train", corpus / "b.po", "--train", corpus / "c.tmx"),
        *("--train-tagged", corpus / "made.tsv", "--valid", corpus / "valid.tmx"),
        *("--threads", 1),
        *(part for key, value in settings.items() for part in ("--set", f"{key}={value}")),
    )


def losses(run: Path) -> list[tuple[str, str]]:
    with open(run / "log.csv", newline="") as file:
        return [(row["update"], row["loss"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpora")
    write_pairs(folder / "a.tsv", pairs(30))
    write_po(folder / "b.po", [*pairs(10), ("nada", "")])
    write_tmx(folder / "c.tmx", pairs(10))
    write_pairs(folder / "made.tsv", pairs(12))
    write_tmx(folder / "valid.tmx", pairs(6))
    return folder


@pytest.fixture(scope="module")
def run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "run"
    result = train(corpus, folder)
    assert result.exit_code == 0, result.stderr
    assert "63 lines read, 62 pairs kept" in result.stderr
    assert "1 untranslated" in result.stderr
    return folder


def test_what_a_run_keeps(run: Path, corpus: Path) -> None:
    opened = Run.open(run)
    assert opened.data.tagged == (str(corpus / "made.tsv"),)
    assert opened.corpus["untranslated"] == 1
    assert opened.source.tag is not None
    assert "a.tsv, b.po, c.tmx, made.tsv" in (run / "report.html").read_text("utf-8")


@pytest.mark.usefixtures("unsearched")
def test_goes_on_with_the_same_draws(run: Path, corpus: Path, tmp_path: Path) -> None:
    """As after a kill: without its newest checkpoint, the last updates are done again."""
    again = tmp_path / "run"
    shutil.copytree(run, again)
    max((again / "checkpoints").glob("*.npz")).unlink()
    result = train(corpus, again)
    assert result.exit_code == 0, result.stderr
    assert "going on from update" in result.stderr
    assert losses(again) == losses(run)
    assert len(losses(run)) > 8


@pytest.mark.parametrize("file", ["a.tsv", "made.tsv"])
def test_other_pairs_are_refused(file: str, run: Path, corpus: Path, tmp_path: Path) -> None:
    kept = (corpus / file).read_text("utf-8")
    try:
        (corpus / file).write_text(kept.replace("casa", "casita"), "utf-8")
        result = train(corpus, run)
    finally:
        (corpus / file).write_text(kept, "utf-8")
    assert result.exit_code == 2
    assert "the pairs in" in result.stderr
    assert "are not what they were" in result.stderr


def test_the_same_file_without_its_tag_is_other_data(run: Path, corpus: Path) -> None:
    result = invoke(
        *("train", "--source", "es", "--target", "en", "--output", run),
        *("--train", corpus / "a.tsv", "--train", corpus / "b.po", "--train", corpus / "c.tmx"),
        *("--train", corpus / "made.tsv", "--valid", corpus / "valid.tmx"),
        *(part for key, value in SETTINGS.items() for part in ("--set", f"{key}={value}")),
    )
    assert result.exit_code == 2
    assert "tagged" in result.stderr


@pytest.mark.parametrize("value", [-0.1, 1.5, "much"])
def test_an_amount_of_sampling_that_is_none(value: object, corpus: Path, tmp_path: Path) -> None:
    result = train(corpus, tmp_path / "run", subword_sampling=value)
    assert result.exit_code == 2
    assert "subword_sampling: expected" in result.stderr


def test_export_and_evaluate_read_the_languages_of_the_model(
    run: Path, corpus: Path, tmp_path: Path
) -> None:
    result = invoke("export", run, tmp_path / "es-en", "--test", corpus / "c.tmx")
    assert result.exit_code == 0, result.stderr
    info = json.loads((tmp_path / "es-en" / "1" / "assets" / "model.json").read_text("utf-8"))
    assert [report["sentences"] for report in info["scores"]] == [6, 10]
    assert info["training"]["data"] == ["a.tsv", "b.po", "c.tmx", "made.tsv"]

    for file, sentences in (("c.tmx", 10), ("b.po", 10)):
        result = invoke("evaluate", tmp_path / "es-en", "--test", corpus / file, "--json")
        assert result.exit_code == 0, result.stderr
        assert json.loads(result.stdout)["sentences"] == sentences
