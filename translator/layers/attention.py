"""Bahdanau's additive attention (arXiv 1409.0473, section 3.1 and appendix A.1.2)."""

from __future__ import annotations

import keras
from keras import ops

from translator.layers.numerics import Tensor, batched, linear, valid_mask

MASKED = -1e9
"""Added to a score on padding. exp underflows to 0 there, so its weight is 0 exactly."""


def attend(
    query: Tensor, keys: Tensor, memory: Tensor, bias: Tensor, v: Tensor, dtype: str
) -> tuple[Tensor, Tensor]:
    """Weights α = softmax(vᵀ tanh(query + key)) and contexts Σ α·memory.

    The queries of one sentence (its beams, say) share its keys and memory.

    Args:
        query: batch x queries x attention_size, already projected.
        keys: batch x source_length x attention_size, already projected.
        memory: batch x source_length x memory_size.
        bias: batch x source_length, 0 on tokens and `MASKED` on padding.
        v: attention_size.
        dtype: Dtype of the products' operands.

    Returns:
        Contexts, batch x queries x memory_size; weights, batch x queries x source_length.
    """
    energy = ops.tanh(query[:, :, None] + keys[:, None])  # batch x queries x source x attention
    weights = ops.softmax(linear(energy, v[:, None])[..., 0] + bias[:, None])
    return batched(weights, memory, dtype), weights


class BahdanauAttention(keras.layers.Layer):
    """The weights of the attention; the arithmetic is `attend`.

    Args:
        size: Width of the hidden layer.
        query_size: Width of the decoder state that asks.
        memory_size: Width of the annotations that are looked at.
    """

    def __init__(self, size: int, query_size: int, memory_size: int, **kwargs: object) -> None:
        super().__init__(autocast=False, **kwargs)
        self.query_kernel = self.add_weight(
            autocast=False, name="query_kernel", shape=(query_size, size)
        )
        self.key_kernel = self.add_weight(
            autocast=False, name="key_kernel", shape=(memory_size, size)
        )
        self.bias = self.add_weight(autocast=False, name="bias", shape=(size,), initializer="zeros")
        self.v = self.add_weight(autocast=False, name="v", shape=(size, 1))
        self.built = True

    def keys(self, memory: Tensor) -> Tensor:
        """Projects annotations, once for each sentence.

        Args:
            memory: batch x source_length x memory_size.

        Returns:
            batch x source_length x size, float32.
        """
        kernel = ops.cast(self.key_kernel, self.compute_dtype)
        return linear(memory, kernel) + ops.convert_to_tensor(self.bias)

    @staticmethod
    def mask_bias(source_ids: Tensor) -> Tensor:
        """0 on tokens, `MASKED` on padding; batch x source_length, float32."""
        return ops.where(valid_mask(source_ids), 0.0, MASKED)
