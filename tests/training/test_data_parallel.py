"""Several processes train one model, on loopback: what one process alone would have trained."""

from __future__ import annotations

import contextlib
import csv
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner
from toy import ROOT, toy_pairs, train_arguments, write_pairs

from training.__main__ import main
from training.checkpoint import Checkpoints, read_arrays
from training.cluster import Cluster, _capacity, parse_addresses
from training.config import TrainConfig
from training.data_parallel import batch_to_words, words_to_batch
from training.trainee import make_trainee, state_of
from training.workers import assign_state, draw_otherwise, state_to_words
from translator.errors import ConfigError
from translator.model import build

SETTINGS = {
    "embedding_size": 16,
    "encoder_size": 16,
    "decoder_size": 16,
    "attention_size": 16,
    "label_smoothing": 0.1,
    "average": 0.9,
    "accumulate": 2,
    "clip_norm": 0.7,
    "teacher_forcing": "constant",
    "decay": "plateau",
    "plateau": 1,
    "patience": 0,
    "select": "bleu",  # of a model that has learnt so little it is 0: no validation is better
    "batch_tokens": 60,
    "warmup": 5,
    "epochs": 15,
    "log_every": 1,
    "validate_every": 40,
    "checkpoint_every": 5,
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A sentence of 35 digits fills a batch alone: there are fewer sentences than processes."""
    folder, pairs = tmp_path_factory.mktemp("parallel"), toy_pairs(88, seed=2)
    long = "31415926535897932384626433832795028"
    train = write_pairs(folder / "train.tsv", [*pairs[:80], (long, long[::-1])])
    return train, write_pairs(folder / "valid.tsv", pairs[80:])


def rows(folder: Path) -> list[dict[str, str]]:
    """Whole lines of the log."""
    try:
        text = (folder / "log.csv").read_text()
    except FileNotFoundError:
        return []
    return list(csv.DictReader(text[: text.rfind("\n") + 1].splitlines()))


def free_addresses(count: int) -> list[str]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]


@contextlib.contextmanager
def started(
    folder: Path, corpus: tuple[Path, Path]
) -> Iterator[tuple[subprocess.Popen[str], subprocess.Popen[str], list[str]]]:
    """`train`, its worker, and their addresses; none is left behind."""
    addresses = free_addresses(2)
    shared = ("--cluster", ",".join(addresses), "--threads", "1")
    commands = (train_arguments(folder, *corpus, **SETTINGS), ["work", "--rank", "1"])
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "training", *command, *shared],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    try:
        yield (*processes, addresses)
    finally:
        for process in processes:
            process.kill()
            process.wait()


def wait_for(process: subprocess.Popen[str], folder: Path, update: int) -> None:
    deadline = time.monotonic() + 300
    while not any(int(row["update"]) >= update for row in rows(folder)[-1:]):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit status and the last line that was said."""
    said = process.communicate(timeout=300)[1]
    assert "Traceback" not in said, said
    return process.returncode, said.splitlines()[-1]


@pytest.mark.skipif(
    "TEST_CLUSTER" not in os.environ,
    reason="five trainings of several processes, minutes on two cores: TEST_CLUSTER=1 runs it",
)
def test_as_one_process_whoever_is_killed(corpus: tuple[Path, Path], tmp_path: Path) -> None:
    """Process 0 is killed, then the worker; the third time, both come to the end."""
    folder, alone = tmp_path / "run", tmp_path / "alone"
    with started(folder, corpus) as (leader, worker, addresses):
        wait_for(leader, folder, 20)
        leader.kill()
        gone = f"lost process 0 at {addresses[0]}: it has ended, or cannot be reached"
        assert ended(worker) == (2, f"Error: {gone}")
    progress = Checkpoints(folder / "checkpoints").progress()
    assert progress is not None
    assert progress.update >= 15

    with started(folder, corpus) as (leader, worker, addresses):
        wait_for(leader, folder, progress.update + 20)
        worker.kill()
        status, error = ended(leader)
    kept = int([row["update"] for row in rows(folder) if row["loss"]][-1])
    assert status == 2
    assert error == (
        f"Error: lost process 1 at {addresses[1]}: it has ended, or cannot be reached. The "
        f"checkpoint of update {kept} is kept; the same commands go on from there, with as many "
        "processes, with fewer, or with this one alone"
    )
    assert (folder / "checkpoints" / f"{kept:08d}.npz").exists()

    with started(folder, corpus) as (leader, worker, _):
        assert ended(leader)[0] == 0
        total = int(rows(folder)[-1]["update"])
        done = f"process 0 has ended the run; took part in {total - kept} updates"
        assert ended(worker) == (0, done)

    arguments = train_arguments(alone, *corpus, **SETTINGS)
    result = CliRunner().invoke(main, [*arguments, "--quiet"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    runs = rows(folder), rows(alone)
    assert [row["update"] for row in runs[0]] == [row["update"] for row in runs[1]]
    rates = [float(row["learning_rate"]) for row in runs[0] if row["loss"]]
    assert rates[-1] < 0.25 * max(rates)
    for name in ("loss", "learning_rate", "gradient_norm", "valid_loss", "target_tokens"):
        figures = [[float(row[name] or 0) for row in run] for run in runs]
        np.testing.assert_allclose(*figures, atol=1e-4, err_msg=name)
    last = [read_arrays(run / "checkpoints" / f"{total:08d}.npz") for run in (folder, alone)]
    for key, expected in last[1].items():
        if expected.dtype == np.float32:  # all but counters: how often was drawn goes by parts
            np.testing.assert_allclose(last[0][key], expected, atol=1e-4, err_msg=key)


class Alone(Cluster):
    """One process of several, which hears nothing of the others; keeps what it would have sent."""

    def sum(self, vector: Any) -> Any:
        self.vector = vector
        return vector


def trainee(cluster: Cluster | None, **changes: Any) -> Any:
    config = TrainConfig(
        **{**TINY, "word_dropout": 0.0, **changes}, precision="float32", label_smoothing=0.1
    )
    return make_trainee(build(config.model(20, 20), seed=3), config, 10, 1, cluster)


TINY = {
    "embedding_size": 8,
    "encoder_size": 8,
    "decoder_size": 8,
    "attention_size": 8,
    "embedding_dropout": 0.0,
    "state_dropout": 0.0,
    "output_dropout": 0.0,
    "teacher_forcing": "constant",
}
BATCH = (
    {
        "source_ids": np.array([[7, 8, 3], [9, 3, 0], [3, 0, 0]], np.int32),
        "target_ids": np.array([[2, 5, 6, 7], [2, 5, 0, 0], [2, 0, 0, 0]], np.int32),
        "teacher_forcing": np.full(3, 0.75, np.float32),
    },
    np.array([[5, 6, 7, 3], [5, 3, 0, 0], [3, 0, 0, 0]], np.int32),
)


@pytest.mark.parametrize("size", [2, 5])
def test_shares_add_up_to_the_batch(size: int) -> None:
    """With five processes, two have no sentence."""
    found = []
    for count in (1, size):
        clusters = [Alone([f"host:{n + 1}" for n in range(count)], rank) for rank in range(count)]
        for cluster in clusters:
            model = trainee(cluster)
            model.learn(*BATCH)
        found.append(sum(np.asarray(cluster.vector) for cluster in clusters))

    assert found[0][2] == 7  # real target tokens
    assert found[0][1] / 7 == pytest.approx(np.log(20), abs=0.3)
    assert found[0][0] / 7 == pytest.approx(np.log(20), abs=0.3)
    np.testing.assert_allclose(found[1], found[0], atol=1e-5)


def test_an_update_is_that_of_a_process_alone() -> None:
    models = [trainee(Alone(["host:1"], 0)), trainee(None)]
    loss, plain = models[0].learn(*BATCH)
    expected = models[1].train_on_batch(*BATCH, return_dict=True)

    assert float(loss) == pytest.approx(float(expected["loss"]), abs=1e-6)
    assert float(plain) == pytest.approx(float(expected["plain_loss"]), abs=1e-6)
    assert abs(float(plain) - float(loss)) > 1e-4  # label smoothing
    for value, other in zip(*(model.seq2seq.weights for model in models), strict=True):
        np.testing.assert_allclose(np.asarray(value), np.asarray(other), atol=1e-6)
    assert int(models[0].optimizer.iterations) == 1


def test_nothing_changes_without_a_sum() -> None:
    class Broken(Alone):
        def sum(self, vector: Any) -> Any:
            with tf.control_dependencies([tf.debugging.assert_greater(vector[1], 100.0)]):
                return tf.identity(vector)

    model = trainee(Broken(["host:1"], 0), average=0.9)
    before = [np.asarray(variable).copy() for variable in state_of(model)]
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.function(model.learn)(*BATCH)

    for variable, value in zip(state_of(model), before, strict=True):
        if variable.name != "seed_generator_state":
            np.testing.assert_array_equal(np.asarray(variable), value, err_msg=variable.name)


def test_a_batch_as_a_message() -> None:
    inputs, labels = words_to_batch(np.asarray(batch_to_words(*BATCH)))

    for name, expected in BATCH[0].items():
        np.testing.assert_array_equal(inputs[name], expected)
    np.testing.assert_array_equal(labels, BATCH[1])


def test_the_state_as_a_message() -> None:
    """It arrives whole, but for the generators: each process draws for itself."""
    told, heard, other = (trainee(None, word_dropout=0.1, seed=seed) for seed in (1, 2, 3))
    told.train_on_batch(*BATCH)
    words = state_to_words(state_of(told))
    generators = []
    for rank, model in ((1, heard), (2, other)):
        assign_state(words, state_of(model))
        for variable, expected in zip(state_of(model), state_of(told), strict=True):
            np.testing.assert_array_equal(np.asarray(variable), np.asarray(expected))
        draw_otherwise(state_of(model), rank)
        generators.append(np.asarray(model.random.state).tolist())
    own = np.asarray(told.random.state).tolist()

    assert own[1] == 1  # it has drawn once
    assert [drawn for _, drawn in generators] == [1, 1]
    assert len({seed for seed, _ in (own, *generators)}) == 3


@pytest.mark.parametrize(
    ("count", "capacity"), [(0, 1), (1, 1), (2, 2), (3, 4), (2**24, 2**24), (2**24 + 1, 2**25)]
)
def test_capacity_of_a_message(count: int, capacity: int) -> None:
    exponent, found = _capacity(tf.constant(count))
    assert (2 ** int(exponent), int(found)) == (capacity, capacity)


def test_addresses() -> None:
    assert parse_addresses("a.example:1, [::1]:65535") == ("a.example:1", "[::1]:65535")


@pytest.mark.parametrize(
    "text", ["", "a:1", "a:1,a:1", "a:1,b", "a:1,b:0", "a:1,:2", "a:1,b:65536"]
)
def test_addresses_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError, match="expected HOST:PORT,HOST:PORT") as error:
        parse_addresses(text)
    assert f"Received: {text!r}" in str(error.value)


def test_a_rank_that_is_none() -> None:
    result = CliRunner().invoke(main, ["work", "--cluster", "a:1,b:2", "--rank", "2"])
    assert result.exit_code == 2
    assert "Error: --rank: expected 0 to 1, for 2 addresses. Received: 2" in result.stderr
