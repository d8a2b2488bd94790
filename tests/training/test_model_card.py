"""The card of a model that was trained: what its reader needs to know, and nothing of its maker."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from training.__main__ import main
from training.model_card import model_card
from training.repeat import training_command
from training.run import Run
from translator.model_folder import check_files, read_info


@pytest.fixture
def version(toy_model_folder: Path) -> Path:
    return toy_model_folder / "xx-yy" / "1"


def test_an_export_leaves_its_card(version: Path, toy_run: Path) -> None:
    card, info = (version / "README.md").read_text("utf-8"), read_info(version)
    assert card == model_card(info)
    for report in info["scores"]:
        for score in report["scores"]:
            assert f" {score['value']} |" in card
            assert f"`{score['signature']}`" in card
    assert str(toy_run.parent) not in card
    # Whoever adds to the card does not damage the model.
    assert "README.md" not in info["files"]
    check_files(version, info)


def test_what_was_learnt_before_is_told(version: Path) -> None:
    info = read_info(version)
    assert "continues" not in model_card(info)
    first = {"data": ["old.tsv", "phrases.tsv"], "pairs": 1234, "command": "python first"}
    second = {"data": ["back.tsv"], "licence": "CC BY", "command": "python second", "origin": first}
    card = model_card({**info, "training": {**info["training"], "origin": second}})
    told = "| continues a model that was trained on |"
    assert [line for line in card.splitlines() if "continues" in line] == [
        f"{told} back.tsv; licence: CC BY, by `python second` |",
        f"{told} old.tsv, phrases.tsv: 1,234 pairs, by `python first` |",
    ]


def test_validation_pairs_are_marked(version: Path) -> None:
    info = read_info(version)
    card = model_card(info)
    assert "| valid.tsv (validation) | 200 |" in card
    assert "The validation pairs chose the checkpoint and the search" in card
    test = {**info["scores"][0], "data": ["test.tsv"]}
    del test["validation"]
    assert "| test.tsv | 200 |" in model_card({**info, "scores": [info["scores"][0], test]})
    # Older models do not tell which row is which.
    assert "validation" not in model_card({**info, "scores": [test]})


@pytest.mark.parametrize("tested", [True, False])
def test_an_export_without_test_pairs_has_a_hint(
    tested: bool, version: Path, toy_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.export.export_run", lambda *_: version)
    options = ["--test", "test.tsv"] if tested else []
    result = CliRunner().invoke(main, ["export", str(toy_run), str(tmp_path), *options])
    assert result.exit_code == 0, result.stderr
    assert ("--test scores it on others" in result.stderr) != tested


def test_what_is_told_and_what_is_not(version: Path) -> None:
    info = json.loads(json.dumps(read_info(version)))
    assert "| licence of the pairs | not told |" in model_card(info)
    info["training"] |= {"licence": "mine | yours", "pairs": None}
    card = model_card(info)
    assert r"| licence of the pairs | mine \| yours |" in card
    assert "| trained on | train.tsv, and pairs" in card


@pytest.mark.parametrize("mending", [True, False, None])
def test_mending_is_told_where_it_is_done(version: Path, mending: bool | None) -> None:
    info = {**read_info(version), "mending": mending}
    if mending is None:
        del info["mending"]  # of a run without a dictionary
    assert ("dictionary.tsv.gz" in model_card(info)) == bool(mending)


def test_the_command_gives_the_settings_of_the_run(toy_run: Path) -> None:
    run = Run.open(toy_run)
    words = shlex.split(training_command(run))
    given = dict(zip(words[4::2], words[5::2], strict=True))
    assert words[:4] == ["python", "-m", "training", "train"]
    assert given["--train"] == "train.tsv"
    assert (given["--source"], given["--target"]) == run.data.languages
    assert "--skip-bad-lines" not in words
    settings = dict(word.split("=") for word in words if "=" in word)
    assert settings["vocab_size"] == "283"
    assert settings["placeholders"] == "0.0"
    assert "attention" not in settings  # the usual one


def test_a_run_from_before_a_setting_did_without(toy_run: Path, tmp_path: Path) -> None:
    for name in ("run.json", "source.model", "target.model"):
        (tmp_path / name).write_bytes((toy_run / name).read_bytes())
    stored = json.loads((tmp_path / "run.json").read_text("utf-8"))
    for name in ("substituted", "word_pairs"):
        del stored["config"][name]
    (tmp_path / "run.json").write_text(json.dumps(stored), "utf-8")
    config = Run.open(tmp_path).config
    assert (config.substituted, config.word_pairs) == (0.0, False)
