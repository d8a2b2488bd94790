"""The encoder: embedded source in, one annotation for each source token out."""

from __future__ import annotations

import keras
from keras import ops

from translator.config import ModelConfig
from translator.layers.numerics import Tensor, valid_mask
from translator.layers.recurrence import Recurrent


class Encoder(keras.layers.Layer):
    """A bidirectional layer, then one-directional ones, as in Bahdanau et al. (arXiv 1409.0473).

    No step is masked: the backward direction reads each sentence reversed within its own length,
    so padding always comes last, and what is computed there reaches no real token.
    """

    def __init__(self, config: ModelConfig, **kwargs: object) -> None:
        super().__init__(autocast=False, **kwargs)
        policy = self.dtype_policy
        directions = ("forward", "backward") if config.bidirectional else ("forward",)
        self.lowest = [
            Recurrent(config.encoder_size, config, dtype=policy, name=name) for name in directions
        ]
        self.upper = [
            Recurrent(config.memory_size, config, dtype=policy, name=f"layer_{n}")
            for n in range(2, config.encoder_layers + 1)
        ]
        for layer in self.lowest:
            layer.build((None, None, config.embedding_size))
        for layer in self.upper:
            layer.build((None, None, config.memory_size))
        self.dropout = keras.layers.Dropout(config.state_dropout, dtype="float32")
        self.built = True

    def call(
        self, embedded: Tensor, source_ids: Tensor, training: bool = False
    ) -> tuple[Tensor, Tensor]:
        """Reads a batch of sentences.

        Args:
            embedded: batch x source_length x embedding_size, dropout applied.
            source_ids: batch x source_length, 0-padded; only where padding stands matters.
            training: Whether dropout is on.

        Returns:
            Memory, batch x source_length x memory_size (what stands on padding means nothing),
            and the last states of the lowest layer, batch x memory_size.
        """
        lengths = ops.sum(ops.cast(valid_mask(source_ids), "int32"), axis=1)
        x = ops.transpose(embedded, (1, 0, 2))  # time x batch x embedding_size
        ahead = self.lowest[0](x)
        last = ops.take_along_axis(
            ops.transpose(ahead, (1, 0, 2)), ops.maximum(lengths - 1, 0)[:, None, None], axis=1
        )
        states, final = ahead, last[:, 0]
        if len(self.lowest) > 1:
            behind = reverse_within(self.lowest[1](reverse_within(x, lengths)), lengths)
            states = ops.concatenate([ahead, behind], axis=-1)
            final = ops.concatenate([final, behind[0]], axis=-1)
        for layer in self.upper:
            states = states + layer(self.dropout(states, training=training))
        memory = ops.transpose(states, (1, 0, 2))
        return self.dropout(memory, training=training), final


def reverse_within(x: Tensor, lengths: Tensor) -> Tensor:
    """Reverses each sequence within its own length; padding stays where it is.

    Args:
        x: time x batch x width.
        lengths: batch.

    Returns:
        time x batch x width. The map is its own inverse, so its gradient is itself.
    """
    time = ops.arange(ops.shape(x)[0])[:, None]  # time x 1
    source = ops.where(time < lengths[None], lengths[None] - 1 - time, time)  # time x batch
    batch = ops.shape(x)[1]
    flat = ops.reshape(source * batch + ops.arange(batch)[None], (-1,))

    @ops.custom_gradient
    def run(x: Tensor, flat: Tensor):  # type: ignore[no-untyped-def]
        # JAX wants all that a branch of `cond` computes as arguments, nothing by closure.
        def gather(x: Tensor) -> Tensor:
            rows = ops.take(ops.reshape(x, (-1, x.shape[-1])), flat, axis=0)
            return ops.reshape(rows, ops.shape(x))

        def gradient(*args, upstream=None):  # type: ignore[no-untyped-def]
            return gather(args[0] if upstream is None else upstream), None

        return gather(x), gradient

    return run(x, flat)
