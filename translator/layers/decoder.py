"""The decoder: one step, and the same step over a whole reference."""

from __future__ import annotations

from typing import NamedTuple

import keras
from keras import ops

from translator.config import ModelConfig
from translator.layers.attention import BahdanauAttention
from translator.layers.attentive import Kernels, Source, attentive_recur, attentive_step
from translator.layers.cells import make_cell
from translator.layers.numerics import Tensor, linear
from translator.layers.recurrence import Recurrent


class State(NamedTuple):
    """What a hypothesis carries from step to step.

    Attributes:
        h: layers tensors of batch x beams x decoder_size.
        c: layers tensors of batch x beams x decoder_size.
    """

    h: tuple[Tensor, ...]
    c: tuple[Tensor, ...]


class Decoder(keras.layers.Layer):
    """LSTM with Bahdanau attention; further layers stand on top of the attending one.

    The query is the previous state, the context enters the cell with the previous token's
    embedding, and the deep output (arXiv 1409.0473, appendix A.2.2) sees state, context and
    embedding.
    """

    def __init__(self, config: ModelConfig, **kwargs: object) -> None:
        super().__init__(autocast=False, **kwargs)
        self.config = config
        self.cell = make_cell(config.cell)
        size, policy = config.decoder_size, self.dtype_policy
        memory_size, width = 2 * config.encoder_size, self.cell.gates * size
        self.attention = BahdanauAttention(
            config.attention_size, size, memory_size, dtype=policy, name="attention"
        )
        self.kernel = self.add_weight(
            autocast=False, name="kernel", shape=(config.embedding_size, width)
        )
        self.recurrent_kernel = self.add_weight(
            autocast=False, name="recurrent_kernel", shape=(memory_size + size, width)
        )
        self.bias = self.add_weight(
            autocast=False, name="bias", shape=(width,), initializer="zeros"
        )
        self.bias.assign(self.cell.initial_bias(size))
        self.upper = [
            Recurrent(size, config.cell, dtype=policy, name=f"layer_{n}")
            for n in range(2, config.decoder_layers + 1)
        ]
        for layer in self.upper:
            layer.build((None, None, size))
        bridge_width = 2 * config.decoder_layers * size
        self.bridge_kernel = self.add_weight(
            autocast=False, name="bridge_kernel", shape=(memory_size, bridge_width)
        )
        self.bridge_bias = self.add_weight(
            autocast=False, name="bridge_bias", shape=(bridge_width,), initializer="zeros"
        )
        deep_width = size + memory_size + config.embedding_size
        self.deep_kernel = self.add_weight(
            autocast=False, name="deep_kernel", shape=(deep_width, config.embedding_size)
        )
        self.deep_bias = self.add_weight(
            autocast=False, name="deep_bias", shape=(config.embedding_size,), initializer="zeros"
        )
        self.dropout = keras.layers.Dropout(config.dropout, dtype="float32")
        self.built = True

    def source(self, memory: Tensor, source_ids: Tensor) -> Source:
        """Keys and mask for annotations; once for each sentence."""
        keys = self.attention.keys(memory)
        return Source(memory, keys, self.attention.mask_bias(source_ids))

    def initial_state(self, final: Tensor) -> State:
        """The bridge: tanh of a projection of the encoder's last states (batch x memory_size).

        Returns:
            The state before BOS, with one beam.
        """
        bridged = ops.tanh(self._linear(final, self.bridge_kernel, self.bridge_bias))
        parts = ops.split(bridged[:, None], 2 * self.config.decoder_layers, axis=-1)
        return State(tuple(parts[0::2]), tuple(parts[1::2]))

    def step(self, embedded: Tensor, state: State, source: Source) -> tuple[Tensor, State, Tensor]:
        """One step for every hypothesis.

        Args:
            embedded: batch x beams x embedding_size, the previous tokens.
            state: The state of every hypothesis.
            source: The sentences.

        Returns:
            Features for the output layer (batch x beams x embedding_size), the new state, and the
            attention weights (batch x beams x source_length).
        """
        z = self._linear(embedded, self.kernel, self.bias)
        h, c, context, weights, _ = attentive_step(
            self.cell, z, state.h[0], state.c[0], source, self._kernels()
        )
        hs, cs = [h], [c]
        for layer, h_previous, c_previous in zip(self.upper, state.h[1:], state.c[1:], strict=True):
            above, c = layer.step(hs[-1], h_previous, c_previous)
            hs.append(above)
            cs.append(c)
        top = sum(hs[1:], hs[0])
        return self._deep_output(top, context, embedded), State(tuple(hs), tuple(cs)), weights

    def call(
        self, embedded: Tensor, state: State, source: Source, training: bool = False
    ) -> tuple[Tensor, Tensor]:
        """All steps, each fed with the token it is given.

        Args:
            embedded: batch x target_length x embedding_size, BOS first.
            state: The state before BOS, with one beam.
            source: The sentences.
            training: Whether dropout is on.

        Returns:
            Features (batch x target_length x embedding_size) and attention weights (batch x
            target_length x source_length).
        """
        embedded = ops.transpose(embedded, (1, 0, 2))  # time x batch x embedding_size
        h, context, weights = attentive_recur(
            self.cell,
            self._linear(embedded, self.kernel, self.bias),
            state.h[0][:, 0],
            state.c[0][:, 0],
            source,
            self._kernels(),
        )
        below, top = h, h
        for layer, h0, c0 in zip(self.upper, state.h[1:], state.c[1:], strict=True):
            below = layer(self.dropout(below, training=training), h0[:, 0], c0[:, 0])
            top = top + below
        features = self._deep_output(top, context, embedded)
        features = self.dropout(features, training=training)
        return ops.transpose(features, (1, 0, 2)), ops.transpose(weights, (1, 0, 2))

    def _deep_output(self, h: Tensor, context: Tensor, embedded: Tensor) -> Tensor:
        seen = ops.concatenate([h, context, embedded], axis=-1)
        return ops.tanh(self._linear(seen, self.deep_kernel, self.deep_bias))

    def _kernels(self) -> Kernels:
        return Kernels(
            ops.cast(self.attention.query_kernel, self.compute_dtype),
            ops.reshape(ops.convert_to_tensor(self.attention.v), (-1,)),
            ops.cast(self.recurrent_kernel, self.compute_dtype),
        )

    def _linear(self, x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        return linear(x, ops.cast(kernel, self.compute_dtype)) + ops.convert_to_tensor(bias)
