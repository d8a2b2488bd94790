"""What process 0 of a cluster tells the others, its workers, and what a worker does.

A worker needs no corpus, makes no decision and writes nothing. It gets settings and sizes, then
the state of the run, then one batch after another. The state comes again after each validation:
with it comes what process 0 changed (a halved rate), and what processors of different kinds have
rounded differently ends there.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from training.cluster import Cluster, Message, Words
from training.config import TrainConfig
from training.data_parallel import DataParallelSeq2Seq, words_to_batch
from training.trainee import compute_deterministically, make_trainee, state_of
from translator.config import from_mapping
from translator.errors import ClusterError, TranslatorError
from translator.layers.numerics import Tensor
from translator.model import Seq2Seq, build
from translator.wording import plural


@contextlib.contextmanager
def leading(cluster: Cluster | None) -> Iterator[None]:
    """Ends the work of the workers, if there are any, when the run ends."""

    def end() -> None:
        if cluster is not None:
            with contextlib.suppress(ClusterError):  # whoever is lost need not be told
                cluster.tell(Message.END)

    try:
        yield
    except TranslatorError:
        end()
        raise
    # After any other error a worker may wait for something else; it ends when this process does.
    end()


class TellState(keras.callbacks.Callback):
    """Tells the workers the settings of the run, and its state, at the beginning and when due.

    Args:
        cluster: The processes; this is process 0.
        config: Settings of the run.
        model: The model.
        total: Updates of the run.
        state: All variables of the run.
        due: Whether the state is told after an update.
    """

    def __init__(
        self,
        cluster: Cluster,
        config: TrainConfig,
        model: Seq2Seq,
        total: int,
        state: list[Any],
        due: Callable[[], bool],
    ) -> None:
        super().__init__()
        self.cluster = cluster
        self.config = config
        self.seq2seq = model
        self.total = total
        self.state = state
        self.due = due

    def on_train_begin(self, logs: Any = None) -> None:
        self.cluster.tell(Message.SETTINGS, self._settings())
        self.cluster.tell(Message.STATE, state_to_words(self.state))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.due() and not self.model.stop_training:
            self.cluster.tell(Message.STATE, state_to_words(self.state))

    def _settings(self) -> Words:
        config, sizes = dataclasses.asdict(self.config), self.seq2seq.config
        told = {
            "config": config,
            "source_vocab_size": sizes.source_vocab_size,
            "target_vocab_size": sizes.target_vocab_size,
            "total": self.total,
        }
        text = json.dumps(told).encode()
        return np.frombuffer(text.ljust(-(-len(text) // 4) * 4), np.int32)


def work(cluster: Cluster, parts: int, say: Callable[[str], None]) -> None:
    """Computes shares of batches until process 0 ends the run.

    Args:
        cluster: The processes; this is not process 0.
        parts: How many parts of a share are computed side by side.
        say: Told what is done.

    Raises:
        ClusterError: A process is lost.
    """
    kind, words = cluster.receive()
    if kind is Message.END:
        say("process 0 has ended the run before anything was to be done")
        return
    trainee = _make_trainee(cluster, words, parts)
    say(f"training a model of {trainee.seq2seq.count_params():,} weights")
    state, learn, updates = state_of(trainee), _compiled(trainee), 0
    while True:
        kind, words = cluster.receive()
        if kind is Message.END:
            break
        if kind is Message.STATE:
            assign_state(words, state)
            draw_otherwise(state, cluster.rank)
        else:
            with cluster.clear_errors():
                learn(*words_to_batch(words))
            updates += 1
    say(f"process 0 has ended the run; took part in {updates} {plural('update', updates)}")


def _make_trainee(cluster: Cluster, words: Words, parts: int) -> DataParallelSeq2Seq:
    told = json.loads(words.tobytes())
    config = from_mapping(TrainConfig, told["config"])
    if config.deterministic:
        compute_deterministically()
    sizes = config.model(told["source_vocab_size"], told["target_vocab_size"])
    model = build(sizes, config.dtype(), config.seed)
    trainee = make_trainee(model, config, told["total"], parts, cluster)
    assert isinstance(trainee, DataParallelSeq2Seq)
    return trainee


def _compiled(trainee: DataParallelSeq2Seq) -> Callable[..., Tensor]:
    import tensorflow as tf

    ids = tf.TensorSpec((None, None), tf.int32)
    ratios = tf.TensorSpec((None,), tf.float32)
    inputs = {"source_ids": ids, "target_ids": ids, "teacher_forcing": ratios}
    compiled: Callable[..., Tensor] = tf.function(trainee.learn, input_signature=(inputs, ids))
    return compiled


def state_to_words(variables: list[Any]) -> Words:
    """The values of variables as a message; each takes a multiple of four bytes."""
    return np.frombuffer(b"".join(np.asarray(v).tobytes() for v in variables), np.int32)


def assign_state(words: Words, variables: list[Any]) -> None:
    """Gives variables the values that `state_to_words` made a message of."""
    content, start = words.tobytes(), 0
    for variable in variables:
        before = np.asarray(variable)
        values = np.frombuffer(content, before.dtype, before.size, start)
        variable.assign(values.reshape(before.shape))
        start += before.nbytes


def draw_otherwise(variables: list[Any], rank: int) -> None:
    """Gives a process random numbers of its own.

    Its generators have other seeds than those of process 0, and have drawn as often. So a run that
    goes on draws what the unbroken one does.

    Args:
        variables: The state of process 0; that of its generators is changed.
        rank: Of this process.
    """
    for variable in variables:
        if variable.name == "seed_generator_state":
            seed, drawn = np.asarray(variable).tolist()
            own = np.random.SeedSequence((seed, rank)).generate_state(1)[0]
            variable.assign([int(own >> 1), drawn])
