"""A model as graphs of TensorFlow: one in training, or a folder without a compiled step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import tensorflow as tf

from translator.batch import Ids
from translator.constants import PAD
from translator.decoders import Arrays, Floats
from translator.remainder import Remainder, remainder
from translator.signatures import Stepwise

Tensor = Any

_COLUMNS_STEP = 256
"""Columns are filled up to a multiple of this: oneDNN keeps a kernel, and some 300 kB, for each
shape of a product in bfloat16 that it has met."""


class GraphDecoder:
    """See `decoders.Decoder`.

    Args:
        functions: The model taken apart.
        listed: Pieces that every shortlist has; None where there are no shortlists.

    Attributes:
        listed: As given.
    """

    def __init__(self, functions: Stepwise, listed: Ids | None = None) -> None:
        self._functions = functions
        self.listed = listed
        self.refresh()

    def refresh(self) -> None:
        """Reads the weights anew."""
        weights = self._functions.weights()
        self._weights = {key: x for key, x in weights.items() if key.startswith("weights_")}
        self._output, self._bias = weights["output"], weights["output_bias"].numpy()
        self._rest = None
        if self.listed is not None:
            self._rest = remainder(self._output.numpy(), self._bias, self.listed)

    @contextmanager
    def decoding(self, source_ids: Ids, columns: Ids | None) -> Iterator[_GraphDecoding]:
        """See `decoders.Decoder`."""
        output, bias, rest = self._output, self._bias, None
        if columns is not None:
            wide = np.pad(columns, (0, -len(columns) % _COLUMNS_STEP), constant_values=PAD)
            output, bias, rest = tf.gather(output, wide), bias[wide], self._rest
        width = len(bias) if columns is None else len(columns)
        yield _GraphDecoding(self._functions, self._weights, source_ids, output, bias, rest, width)


class _GraphDecoding:
    def __init__(
        self,
        functions: Stepwise,
        weights: dict[str, Tensor],
        source_ids: Ids,
        output: Tensor,
        bias: Floats,
        rest: Remainder | None,
        width: int,
    ) -> None:
        self._functions, self._weights = functions, weights
        self._output, self._bias, self._rest, self._width = output, bias, rest, width
        encoded = functions.encode(source_ids=tf.constant(source_ids, tf.int32), **weights)
        self.source = _part("source_", encoded)
        self.state = _part("state_", encoded)
        self._held: tuple[Arrays, dict[str, Tensor]] | None = None

    def step(self, tokens: Ids, state: Arrays, source: Arrays) -> tuple[Floats, Arrays, Floats]:
        if self._held is None or self._held[0] is not source:
            self._held = source, {key: tf.constant(x) for key, x in source.items()}
        made = self._functions.step(
            tokens=tf.constant(tokens, tf.int32),
            **{key: tf.constant(x) for key, x in state.items()},
            **self._held[1],
            **self._weights,
        )
        features = tf.reshape(made["features"], [tokens.size, -1])
        product = tf.matmul(tf.cast(features, self._output.dtype), self._output, transpose_b=True)
        logits = tf.cast(product, tf.float32).numpy() + self._bias
        if self._rest is not None:
            logits[:, 0] = self._rest.log_mass(features.numpy())
        logits = logits[:, : self._width].reshape(*tokens.shape, -1)
        return logits, _part("state_", made), made["attention"].numpy()


def _part(prefix: str, tensors: dict[str, Tensor]) -> Arrays:
    return {name: x.numpy() for name, x in tensors.items() if name.startswith(prefix)}
