"""What is trained: a model, how it is fed, its optimizer, and all of their state."""

from __future__ import annotations

from typing import Any

import keras

from training.cluster import Cluster
from training.config import TrainConfig
from training.data_parallel import DataParallelSeq2Seq
from training.optimizer import ClippingAdam
from training.teacher_forcing import ScheduledSeq2Seq
from translator.model import Seq2Seq


def make_trainee(
    model: Seq2Seq, config: TrainConfig, total: int, parts: int, cluster: Cluster | None = None
) -> ScheduledSeq2Seq:
    """A model, ready for `fit`.

    Args:
        model: With its weights.
        config: Settings of the run.
        total: Updates of the run.
        parts: How many parts of a batch are computed side by side.
        cluster: The processes that train it together; None is this one alone.
    """
    options: dict[str, Any] = {
        "label_smoothing": config.label_smoothing,
        "mode": config.teacher_forcing_feed == "mode",
        "parts": parts,
        "seed": config.seed,
    }
    trainee = (
        ScheduledSeq2Seq(model, **options)
        if cluster is None
        else DataParallelSeq2Seq(model, cluster, **options)
    )
    optimizer = ClippingAdam(
        config.rate(total),
        config.clip_norm,
        config.clip_value,
        weight_decay=config.weight_decay or None,
        use_ema=config.average > 0.0,
        ema_momentum=config.average,
        gradient_accumulation_steps=config.accumulate if config.accumulate > 1 else None,
    )
    # JAX computes one operation at a time unless it compiles; TensorFlow has graphs without XLA.
    trainee.compile(optimizer, jit_compile=keras.config.backend() == "jax")
    optimizer.build(model.trainable_variables)
    return trainee


def state_of(trainee: ScheduledSeq2Seq) -> list[Any]:
    """All variables that a run needs to go on: weights, random state, optimizer."""
    return [*trainee.seq2seq.variables, trainee.random.state, *trainee.optimizer.variables]


def compute_deterministically() -> None:
    """Has every operation add in one order, whatever threads are free."""
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.experimental.enable_op_determinism()
