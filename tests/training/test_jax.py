"""Training on JAX where no TensorFlow can be imported; then export under TensorFlow."""

from __future__ import annotations

import csv
import importlib.util
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner
from toy import ROOT, read_pairs, toy_pairs, train_arguments, write_pairs

from training.__main__ import main
from training.checkpoint import read_arrays
from training.dataset import Batches, encode_pairs
from training.greedy import GreedySearch
from training.run import Run
from training.teacher_forcing import ScheduledSeq2Seq
from translator.batch import pad
from translator.config import SearchConfig
from translator.constants import BOS, EOS
from translator.inference import compiled
from translator.signatures import search_inputs
from translator.translator import Translator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed"),
]

WITHOUT_TENSORFLOW = (
    "import runpy, sys; sys.modules['tensorflow'] = None; sys.argv = sys.argv[1:]; "
    "runpy.run_module(sys.argv[0], run_name='__main__')"
)
# All that a run draws is drawn here: weights, order, dropout, coins, sampled tokens.
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
    "epochs": 24,
    "log_every": 1,
    "checkpoint_every": 20,
    "validate_every": 80,
}
UPDATES = 216


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("jax")
    # One to five digits, a piece for the space before them, and EOS: all batches are 8 wide.
    pairs = [pair for pair in toy_pairs(600, seed=4) if len(pair[0]) <= 5][:320]
    train = write_pairs(folder / "train.tsv", pairs[:280])
    return train, write_pairs(folder / "valid.tsv", pairs[280:])


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "JAX_LOG_COMPILES": "1",
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",  # compiling is what takes the time here
        # What one process has compiled, the next ones need not.
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path_factory.mktemp("jax-cache")),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    }


def on_jax(*arguments: object) -> list[str]:
    return [sys.executable, "-c", WITHOUT_TENSORFLOW, *map(str, arguments)]


def train(folder: Path, corpus: tuple[Path, Path], environment: dict[str, str]) -> str:
    """Runs the command to its end and returns what it said."""
    command = on_jax("training", *train_arguments(folder, *corpus, **SETTINGS))
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def unbroken(
    corpus: tuple[Path, Path],
    environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    return folder, train(folder, corpus, environment)


def rows(folder: Path) -> list[dict[str, str]]:
    with open(folder / "log.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_learns_and_validates(unbroken: tuple[Path, str]) -> None:
    folder, said = unbroken
    log = rows(folder)
    losses = [float(row["loss"]) for row in log if row["loss"]]
    assert [int(row["update"]) for row in log if row["loss"]] == list(range(1, UPDATES + 1))
    assert [int(row["update"]) for row in log if row["valid_chrf"]] == [80, 160, UPDATES]
    assert np.mean(losses[-9:]) < losses[0] - 2
    assert (folder / "best.npz").exists()
    assert f"all {UPDATES} updates are done" in said


def test_compiles_a_step_for_each_width(unbroken: tuple[Path, str]) -> None:
    steps = re.findall(r"Finished XLA compilation of jit\((train_step|predict_step)\)", unbroken[1])
    # One width in training; one for the validation's losses and one for its translations.
    assert sorted(steps) == ["predict_step", "predict_step", "train_step"]


def test_resumes_exactly(
    corpus: tuple[Path, Path],
    environment: dict[str, str],
    unbroken: tuple[Path, str],
    tmp_path: Path,
) -> None:
    folder = tmp_path / "run"
    command = on_jax("training", *train_arguments(folder, *corpus, **SETTINGS))
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 300
        while not list((folder / "checkpoints").glob("*40.npz")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.kill()
    said = train(folder, corpus, environment)

    assert "going on from update " in said
    last = f"checkpoints/{UPDATES:08d}.npz"
    for name in (last, "best.npz"):
        arrays, expected = (read_arrays(f / name) for f in (folder, unbroken[0]))
        assert arrays.keys() == expected.keys()
        for key in arrays.keys() - {"progress"}:
            np.testing.assert_array_equal(arrays[key], expected[key], err_msg=key)
    for name in ("update", "target_tokens", "loss", "teacher_forcing", "valid_loss", "valid_chrf"):
        assert [row[name] for row in rows(folder)] == [row[name] for row in rows(unbroken[0])]


def test_another_backend_is_refused(corpus: tuple[Path, Path], unbroken: tuple[Path, str]) -> None:
    arguments = train_arguments(unbroken[0], *corpus, **SETTINGS)
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)

    assert result.exit_code == 2
    assert "KERAS_BACKEND: jax then, tensorflow now" in result.stderr


LOGITS = """
import sys
sys.modules["tensorflow"] = None
from pathlib import Path
import numpy as np
from training.run import Run

folder, inputs, logits = map(Path, sys.argv[1:])
model = Run.open(folder).best_model()
np.save(logits, np.asarray(model(dict(np.load(inputs)))))
"""


def test_tensorflow_computes_the_same(
    unbroken: tuple[Path, str],
    corpus: tuple[Path, Path],
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    run = Run.open(unbroken[0])
    texts = ["1", "20", "31415", "999", "12345678"]
    ids = [run.source.encode(text) for text in texts]
    inputs = {
        "source_ids": pad([[*row, EOS] for row in ids]),
        "target_ids": pad([[BOS, *reversed(row)] for row in ids]),
    }
    np.savez(tmp_path / "inputs.npz", **inputs)
    arguments = (unbroken[0], tmp_path / "inputs.npz", tmp_path / "logits.npy")
    command = [sys.executable, "-c", LOGITS, *map(str, arguments)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    model = run.best_model()

    expected = np.load(tmp_path / "logits.npy")
    assert expected.std() > 0.1
    np.testing.assert_allclose(np.asarray(model(inputs)), expected, atol=1e-4)

    result = CliRunner().invoke(
        main, ["export", str(unbroken[0]), str(tmp_path / "xx-yy")], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    translator = Translator.load(tmp_path / "xx-yy")
    assert [t.text for t in translator.translate(texts)]


def test_rows_of_padding_weigh_nothing(
    unbroken: tuple[Path, str], corpus: tuple[Path, Path]
) -> None:
    run = Run.open(unbroken[0])
    trainee = ScheduledSeq2Seq(run.best_model(), label_smoothing=0.1)
    texts = read_pairs(corpus[1])
    pairs = encode_pairs(texts, run.source, run.target, 40)
    everything = np.arange(len(pairs))
    losses, gradients = [], []
    for widths in ((), (16,)):
        inputs, labels = Batches(pairs, 1024, widths=widths).batch(everything)
        with tf.GradientTape() as tape:
            loss = trainee.compute_loss(y=labels, y_pred=trainee(inputs))
        losses.append(float(loss))
        found = tape.gradient(loss, trainee.seq2seq.trainable_variables)
        gradients.append([tf.convert_to_tensor(gradient).numpy() for gradient in found])
    assert len(labels) == 64 > len(texts)
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    for gradient, same in zip(*gradients, strict=True):
        np.testing.assert_allclose(gradient, same, atol=1e-6)


def test_greedy_search_is_beam_search_with_one_beam(unbroken: tuple[Path, str]) -> None:
    """The model has learnt little: some translations halt, some run into the cap."""
    run = Run.open(unbroken[0])
    model = run.best_model()
    texts = [source for source, _ in toy_pairs(60, seed=9)]
    source_ids = pad([[*run.source.encode(text), EOS] for text in texts])
    ids = np.asarray(GreedySearch(model)(source_ids))

    found = compiled(model)[0](**search_inputs(source_ids, SearchConfig(beam_size=1)))
    expected = found["output_ids"].numpy()[:, 0]
    finished = found["finished"].numpy()[:, 0]
    np.testing.assert_array_equal(ids[:, : expected.shape[1]], expected)
    assert not ids[:, expected.shape[1] :].any()
    assert finished.any()
