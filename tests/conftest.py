"""A toy task that every test can use: digit strings, reversed ("314" becomes "413").

The model is trained by the training command and exported by the export command, once a session.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

TOY_SETTINGS = {
    "vocab_size": 275,
    "embedding_size": 32,
    "encoder_size": 64,
    "decoder_size": 64,
    "attention_size": 32,
    "dropout": 0.0,
    "label_smoothing": 0.0,
    "batch_tokens": 256,
    "max_length": 40,
    "learning_rate": 0.003,
    "warmup": 50,
    "epochs": 7,
    "validate_every": 500,
    "precision": "float32",
}


def toy_pairs(count: int, seed: int) -> list[tuple[str, str]]:
    """Digit strings of one to eight digits and their reverses, all different."""
    rng = random.Random(seed)
    strings: dict[str, None] = {}
    while len(strings) < count:
        strings["".join(rng.choices("0123456789", k=rng.randint(1, 8)))] = None
    return [(text, text[::-1]) for text in strings]


def write_pairs(path: Path, pairs: list[tuple[str, str]]) -> Path:
    path.write_text("".join(f"{source}\t{target}\n" for source, target in pairs), "utf-8")
    return path


def run_module(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Runs `python -m ...` from the project's root."""
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **options)


def settings(**changes: object) -> list[str]:
    """The toy task's settings as options of the training command."""
    values = {**TOY_SETTINGS, **changes}
    return [part for key, value in values.items() for part in ("--set", f"{key}={value}")]


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
