"""A toy task that every test can use: digit strings, reversed ("314" becomes "413").

The model is trained by the training command and exported by the export command, once a session.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from toy import run_module, settings, toy_pairs, write_pairs


@pytest.fixture(autouse=True)
def _environment_of_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands start as from a shell, not with what libraries have set here.

    JAX, which TensorFlow imports where it is installed, sets a level for TensorFlow's messages.
    """
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)


@pytest.fixture(scope="session")
def toy_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with train.tsv, valid.tsv and test.tsv, no string in two of them."""
    folder = tmp_path_factory.mktemp("toy-corpus")
    pairs = toy_pairs(6400, seed=1)
    for name, part in (
        ("train", pairs[:6000]),
        ("valid", pairs[6000:6200]),
        ("test", pairs[6200:]),
    ):
        write_pairs(folder / f"{name}.tsv", part)
    return folder


@pytest.fixture(scope="session")
def toy_run(toy_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished training run on the toy task."""
    folder = tmp_path_factory.mktemp("toy-run") / "run"
    done = run_module(
        *("training", "train", "--source", "xx", "--target", "yy", "--output", folder),
        *("--train", toy_corpus / "train.tsv", "--valid", toy_corpus / "valid.tsv"),
        *settings(),
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def toy_model_folder(toy_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models, as `saved_models`, that holds `xx-yy/1`."""
    folder = tmp_path_factory.mktemp("saved-models")
    done = run_module("training", "export", toy_run, folder / "xx-yy")
    assert done.returncode == 0, done.stderr
    assert os.listdir(folder / "xx-yy") == ["1"]
    return folder
