"""Scheduled teacher forcing (Bengio et al. 2015, arXiv 1506.03099).

At each token a coin decides whether the decoder is fed the reference or a token drawn from its
own softmax. Drawing needs no gradient, so it is a pass of its own that only chooses what to feed;
the pass that learns is then the plain teacher-forced one, with the vocabulary projection outside
the loop over time. Where the ratio is 1 the first pass is left out.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from translator.layers.decoder import State
from translator.layers.scan import scan
from translator.model import Seq2Seq

Tensor = Any


class ScheduledSeq2Seq(keras.Model):
    """A Seq2Seq as `fit` trains it.

    Args:
        seq2seq: The model; this one adds no weights.
        seed: Of the coins and draws.
    """

    def __init__(self, seq2seq: Seq2Seq, seed: int = 0, **kwargs: Any) -> None:
        super().__init__(autocast=False, **kwargs)
        self.seq2seq = seq2seq
        self.random = keras.random.SeedGenerator(seed)

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """Logits, batch x target_length x target_vocab_size.

        Args:
            inputs: `source_ids` (batch x source_length), `target_ids` (batch x target_length, BOS
                first) and `teacher_forcing` (batch, the same ratio ε in each place).
            training: Outside of training the references are fed, whatever the ratio.
        """
        source_ids, target_ids = inputs["source_ids"], inputs["target_ids"]
        if training:
            ratio = ops.max(inputs["teacher_forcing"])
            shape = (2, *ops.shape(target_ids))
            coins, draws = ops.unstack(keras.random.uniform(shape, seed=self.random), 2)
            target_ids = ops.stop_gradient(
                ops.cond(
                    ratio < 1.0,
                    lambda: sample_inputs(
                        self.seq2seq, source_ids, target_ids, ratio, coins, draws
                    ),
                    lambda: target_ids,
                )
            )
        return self.seq2seq({"source_ids": source_ids, "target_ids": target_ids}, training=training)


def sample_inputs(
    model: Seq2Seq,
    source_ids: Tensor,
    target_ids: Tensor,
    ratio: Tensor,
    coins: Tensor,
    draws: Tensor,
) -> Tensor:
    """Chooses what to feed at each step.

    Args:
        model: The model that draws; without dropout.
        source_ids: batch x source_length.
        target_ids: batch x target_length, the reference, BOS first. BOS is always fed.
        ratio: ε, a scalar.
        coins: batch x target_length, uniform in [0, 1): the reference is fed where coin < ε.
        draws: batch x target_length, uniform in [0, 1): where in the softmax's cumulated
            distribution the model's token is taken.

    Returns:
        batch x target_length, int32. A position past the reference's end may hold a token where
        the reference has padding; the loss does not look there.
    """
    source, state = model.encode(source_ids)
    reference, coins, draws = (ops.transpose(x) for x in (target_ids, coins, draws))
    layers = len(state.h)

    def step(carry: tuple[Tensor, ...], inputs: tuple[Tensor, ...]) -> Any:
        reference_t, coin_t, draw_t = inputs
        own, *states = carry
        fed = ops.where(coin_t < ratio, reference_t, own)
        state = State(tuple(states[:layers]), tuple(states[layers:]))
        logits, state, _ = model.step(fed[:, None], state, source)
        own = draw(logits[:, 0], draw_t)
        return (own, *state.h, *state.c), (ops.cast(fed, "float32"),)

    start = (reference[0], *state.h, *state.c)  # whatever the first coin says, BOS is fed
    _, (fed,) = scan(step, start, (reference, coins, draws), outputs=1)
    return ops.transpose(ops.cast(fed, "int32"))


def draw(logits: Tensor, uniform: Tensor) -> Tensor:
    """Draws from a softmax by inverting its cumulated distribution.

    Args:
        logits: batch x target_vocab_size.
        uniform: batch, in [0, 1).

    Returns:
        Ids, batch, int32.
    """
    cumulated = ops.cumsum(ops.softmax(logits), axis=-1)
    # The last entry stands for 1: rounding must not leave a draw past the end of the table.
    return ops.cast(
        ops.sum(ops.cast(cumulated[:, :-1] <= uniform[:, None], "int32"), axis=-1), "int32"
    )
