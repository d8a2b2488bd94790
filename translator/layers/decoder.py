"""The decoder: one step, and the same step over a whole reference."""

from __future__ import annotations

from typing import NamedTuple

import keras
from keras import ops

from translator.config import ModelConfig
from translator.layers.attentive import AttentiveRecurrent, Kernels, Source, attentive_step
from translator.layers.numerics import Tensor, linear
from translator.layers.recurrence import Recurrent, StepKernels


class State(NamedTuple):
    """What a hypothesis carries from step to step.

    Attributes:
        h: layers tensors of batch x beams x decoder_size.
        c: The same, the memories; empty where the cell has none.
    """

    h: tuple[Tensor, ...]
    c: tuple[Tensor, ...]

    def memory(self, layer: int) -> Tensor:
        """What the cell of that layer takes as its memory."""
        return self.c[layer] if self.c else self.h[layer]


class DecoderKernels(NamedTuple):
    """Weights of a step.

    Attributes:
        embedded: embedding_size x gates·H, of the previous token; None where the cell counts its
            shares by their sum: then it stands above the rows of `attending.state`, and token and
            state take one product.
        bias: gates·H, of the attending layer; zeros where the cell's gains have it.
        attending: Of the layer with the attention.
        upper: Of the layers on top of it.
        deep: (decoder_size + memory_size + embedding_size) x embedding_size, of the deep output;
            without the rows for the memory where the annotations are projected before the loop.
        deep_bias: embedding_size.
        annotation: memory_size x (gates·H + embedding_size), what projects them, if they are.
    """

    embedded: Tensor | None
    bias: Tensor
    attending: Kernels
    upper: tuple[StepKernels, ...]
    deep: Tensor
    deep_bias: Tensor
    annotation: Tensor | None = None


class Decoder(keras.layers.Layer):
    """A recurrent layer with attention; further layers stand on top of the attending one.

    The query is the previous state, the context enters the cell with the previous token's
    embedding, and the deep output (arXiv 1409.0473, appendix A.2.2) sees state, context and
    embedding.
    """

    def __init__(self, config: ModelConfig, **kwargs: object) -> None:
        super().__init__(autocast=False, **kwargs)
        self.config = config
        size, policy = config.decoder_size, self.dtype_policy
        self.attending = AttentiveRecurrent(size, config, dtype=policy, name="attending")
        self.attending.build((None, None, config.embedding_size))
        self.upper = [
            Recurrent(size, config, dtype=policy, name=f"layer_{n}")
            for n in range(2, config.decoder_layers + 1)
        ]
        for layer in self.upper:
            layer.build((None, None, size))
        self.has_memory = self.attending.cell.has_memory
        self.num_states = config.decoder_layers * (2 if self.has_memory else 1)
        bridge_width = self.num_states * size
        self.bridge_kernel = self.add_weight(
            autocast=False, name="bridge_kernel", shape=(config.memory_size, bridge_width)
        )
        self.bridge_bias = self.add_weight(
            autocast=False, name="bridge_bias", shape=(bridge_width,), initializer="zeros"
        )
        deep_width = size + config.memory_size + config.embedding_size
        self.deep_kernel = self.add_weight(
            autocast=False, name="deep_kernel", shape=(deep_width, config.embedding_size)
        )
        self.deep_bias = self.add_weight(
            autocast=False, name="deep_bias", shape=(config.embedding_size,), initializer="zeros"
        )
        self.state_dropout = keras.layers.Dropout(config.state_dropout, dtype="float32")
        self.output_dropout = keras.layers.Dropout(config.output_dropout, dtype="float32")
        self.built = True

    def source(self, memory: Tensor, source_ids: Tensor) -> Source:
        """Keys and mask for annotations; once for each sentence."""
        return self.attending.source(memory, source_ids)

    def initial_state(self, final: Tensor) -> State:
        """The bridge: tanh of a projection of the encoder's last states (batch x memory_size).

        Returns:
            The state before BOS, with one beam.
        """
        bridged = ops.tanh(self._linear(final, self.bridge_kernel, self.bridge_bias))
        parts = ops.split(bridged[:, None], self.num_states, axis=-1)
        if not self.has_memory:
            return State(tuple(parts), ())
        return State(tuple(parts[0::2]), tuple(parts[1::2]))

    def kernels(self) -> DecoderKernels:
        """The weights of a step, in the dtypes of their products; the same at every step."""
        alone, attending = self.attending.kernels(), self.attending.attending_kernels()
        embedded = alone.input
        width = embedded.shape[1]
        if self.attending.cell.sums_shares:
            # The token has no part in the query.
            nothing = ops.zeros(
                (embedded.shape[0], attending.state.shape[1] - width), embedded.dtype
            )
            above = ops.concatenate([embedded, nothing], axis=-1)
            state = ops.concatenate([above, attending.state], axis=0)
            embedded, attending = None, attending._replace(state=state)
        return DecoderKernels(
            embedded,
            sum(alone.bias, ops.zeros((width,), "float32")),
            attending,
            tuple(layer.kernels() for layer in self.upper),
            ops.cast(self.deep_kernel, self.compute_dtype),
            ops.cast(self.deep_bias, "float32"),
        )

    def projecting_kernels(self) -> DecoderKernels:
        """As `kernels`, for steps on a source that `projected` made.

        A context is a weighted sum of annotations, so the products with it may be taken of the
        annotations instead: once for each source token, not at every step for every hypothesis.
        """
        kernels, first = self.kernels(), self.config.decoder_size
        last = first + self.config.memory_size
        of_memory = kernels.deep[first:last]
        annotation = ops.concatenate([kernels.attending.context, of_memory], axis=-1)
        return kernels._replace(
            attending=kernels.attending._replace(context=None),
            deep=ops.concatenate([kernels.deep[:first], kernels.deep[last:]], axis=0),
            annotation=annotation,
        )

    def projected(self, source: Source, kernels: DecoderKernels) -> Source:
        """A source whose memory is what each annotation adds to a step."""
        memory = linear(source.memory, kernels.annotation)
        return source._replace(memory=ops.cast(memory, self.compute_dtype))

    def step(
        self, embedded: Tensor, state: State, source: Source, kernels: DecoderKernels
    ) -> tuple[Tensor, State, Tensor]:
        """One step for every hypothesis. It reads no weights but those it is given.

        Args:
            embedded: batch x beams x embedding_size, the previous tokens.
            state: The state of every hypothesis.
            source: The sentences.
            kernels: The weights.

        Returns:
            Features for the output layer (batch x beams x embedding_size), the new state, and the
            attention weights (batch x beams x source_length).
        """
        x, given = kernels.bias, state.h[0]
        if kernels.embedded is None:
            given = ops.concatenate([embedded, given], axis=-1)
        else:
            x = x + linear(embedded, kernels.embedded)
        h, c, context, weights, _ = attentive_step(
            self.attending.kind, x, given, state.memory(0), source, kernels.attending
        )
        hs, cs = [h], [c]
        for n, layer in enumerate(self.upper, start=1):
            h, c = layer.step(hs[-1], state.h[n], state.memory(n), kernels.upper[n - 1])
            hs.append(h)
            cs.append(c)
        top = sum(hs[1:], hs[0])
        if kernels.annotation is None:
            seen, added = [top, context, embedded], kernels.deep_bias
        else:
            seen, added = [top, embedded], context + kernels.deep_bias
        features = ops.tanh(linear(ops.concatenate(seen, axis=-1), kernels.deep) + added)
        return features, State(tuple(hs), tuple(cs) if self.has_memory else ()), weights

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
        h, context, weights = self.attending.attending_call(
            embedded, state.h[0][:, 0], state.memory(0)[:, 0], source
        )
        below, top = h, h
        for n, layer in enumerate(self.upper, start=1):
            below = self.state_dropout(below, training=training)
            below = layer(below, state.h[n][:, 0], state.memory(n)[:, 0])
            top = top + below
        features = self._deep_output(top, context, embedded)
        features = self.output_dropout(features, training=training)
        return ops.transpose(features, (1, 0, 2)), ops.transpose(weights, (1, 0, 2))

    def _deep_output(self, h: Tensor, context: Tensor, embedded: Tensor) -> Tensor:
        seen = ops.concatenate([h, context, embedded], axis=-1)
        return ops.tanh(self._linear(seen, self.deep_kernel, self.deep_bias))

    def _linear(self, x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
        return linear(x, ops.cast(kernel, self.compute_dtype)) + ops.convert_to_tensor(bias)
