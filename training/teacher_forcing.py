"""Scheduled teacher forcing (Bengio et al. 2015, arXiv 1506.03099).

At each token a coin decides whether the decoder is fed the reference or a token drawn from its
own softmax. Drawing needs no gradient, so it is a pass of its own that only chooses what to feed;
the pass that learns is then the plain teacher-forced one, with the vocabulary projection outside
the loop over time. Where the ratio is 1 the first pass is left out.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import keras
from keras import ops

from training.losses import smoothed_cross_entropy
from translator.constants import PAD
from translator.layers.decoder import State
from translator.layers.numerics import Tensor
from translator.layers.scan import scan
from translator.model import Seq2Seq


class ScheduledSeq2Seq(keras.Model):
    """A Seq2Seq as `fit` trains it.

    A batch is computed in parts that know nothing of each other until their losses are added. On
    a processor of two cores, two parts of one thread each are faster than one part of two
    threads: the loops over time are long chains of small operations.

    Args:
        seq2seq: The model; this one adds no weights.
        label_smoothing: Share of the target distribution that is spread over the vocabulary.
        mode: Where the reference is not fed, the model's likeliest token is, not a drawn one.
        parts: How many parts a batch is cut into.
        seed: Of the coins and draws.

    Attributes:
        plain_loss: Mean loss of the real target tokens without label smoothing, a metric: what a
            validation measures. `loss`, which `fit` also tells, is what is minimised.
    """

    def __init__(
        self,
        seq2seq: Seq2Seq,
        label_smoothing: float = 0.0,
        mode: bool = False,
        parts: int = 1,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        self.seq2seq = seq2seq
        self.label_smoothing = label_smoothing
        self.mode = mode
        self.parts = parts
        self.random = keras.random.SeedGenerator(seed)
        self.plain_loss = keras.metrics.Mean(name="plain_loss")

    def call(self, inputs: dict[str, Tensor], training: bool = False) -> list[Tensor]:
        """What the output layer reads, batch x target_length x embedding_size, for each part.

        Args:
            inputs: `source_ids` (batch x source_length), `target_ids` (batch x target_length, BOS
                first) and `teacher_forcing` (batch, the same ratio ε in each place).
            training: Outside of training the references are fed, whatever the ratio.
        """
        ratio = ops.max(inputs["teacher_forcing"])
        sides = (self._parts(inputs[name]) for name in ("source_ids", "target_ids"))
        return [
            self._features(source_ids, target_ids, ratio, training)
            for source_ids, target_ids in zip(*sides, strict=True)
        ]

    def compute_loss(
        self,
        x: Any = None,
        y: Tensor = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """Mean loss of the real target tokens of a batch, a scalar.

        The sum is divided by the number of tokens that are not padding, so that a long sentence
        weighs by its tokens and padding weighs nothing.

        Args:
            x: The inputs; not looked at.
            y: batch x target_length, ids, 0-padded.
            y_pred: What `call` returned.
            sample_weight: Not looked at.
            training: Not looked at.
        """
        total, plain, count = self.loss_sums(y, y_pred)
        count = ops.maximum(count, 1.0)
        self.plain_loss.update_state(plain / count)
        return total / count

    def loss_sums(self, labels: Tensor, features: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Sums over the real target tokens of a batch: losses, plain losses, and how many.

        Args:
            labels: batch x target_length, ids, 0-padded.
            features: What `call` returned.
        """
        total, plain, count = 0.0, 0.0, 0.0
        for ids, read in zip(self._parts(labels), features, strict=True):
            losses, unsmoothed = smoothed_cross_entropy(
                self.seq2seq, read, ids, self.label_smoothing
            )
            real = ops.cast(ops.not_equal(ids, PAD), losses.dtype)
            total, plain = total + ops.sum(losses * real), plain + ops.sum(unsmoothed * real)
            count = count + ops.sum(real)
        return total, plain, count

    def _features(
        self, source_ids: Tensor, target_ids: Tensor, ratio: Tensor, training: bool
    ) -> Tensor:
        if training:
            shape = (2, *ops.shape(target_ids))
            coins, draws = ops.unstack(keras.random.uniform(shape, seed=self.random), 2)
            target_ids = ops.stop_gradient(
                ops.cond(
                    ratio < 1.0,
                    lambda: sample_inputs(
                        self.seq2seq, source_ids, target_ids, ratio, coins, draws, self.mode
                    ),
                    lambda: target_ids,
                )
            )
        inputs = {"source_ids": source_ids, "target_ids": target_ids}
        return self.seq2seq.features(inputs, training=training)

    def _parts(self, rows: Tensor) -> list[Tensor]:
        """Cuts batch x ... into parts of as many rows each, or nearly so."""
        cuts = [ops.shape(rows)[0] * n // self.parts for n in range(self.parts + 1)]
        return [rows[start:stop] for start, stop in pairwise(cuts)]


def sample_inputs(
    model: Seq2Seq,
    source_ids: Tensor,
    target_ids: Tensor,
    ratio: Tensor,
    coins: Tensor,
    draws: Tensor,
    mode: bool = False,
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
        mode: The model's token is the likeliest, whatever was drawn.

    Returns:
        batch x target_length, int32. A position past the reference's end may hold a token where
        the reference has padding; the loss does not look there.
    """
    source, state = model.encode(source_ids)
    reference, coins, draws = (ops.transpose(x) for x in (target_ids, coins, draws))
    kernels, layers = model.decoder.kernels(), len(state.h)

    def step(carry: tuple[Tensor, ...], inputs: tuple[Tensor, ...]) -> Any:
        reference_t, coin_t, draw_t = inputs
        own, *states = carry
        fed = ops.where(coin_t < ratio, reference_t, own)
        state = State(tuple(states[:layers]), tuple(states[layers:]))
        logits, state, _ = model.step(fed[:, None], state, source, kernels)
        logits = logits[:, 0]
        own = ops.cast(ops.argmax(logits, axis=-1), "int32") if mode else draw(logits, draw_t)
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
