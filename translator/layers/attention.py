"""Attention: weights over the source tokens, and the context that they make of the annotations."""

from __future__ import annotations

import math
from typing import Protocol

from keras import ops

from translator.config import Attention
from translator.layers.numerics import Tensor, batched, linear, valid_mask

MASKED = -1e9
"""Added to a score on padding. exp underflows to 0 there, so its weight is 0 exactly."""


class Score(Protocol):
    """How well a source token fits a query; A is the width of queries and keys."""

    def score(self, query: Tensor, keys: Tensor, v: Tensor, dtype: str) -> Tensor:
        """Scores of all pairs.

        Args:
            query: batch x queries x A.
            keys: batch x source_length x A.
            v: A.
            dtype: Dtype of the products' operands.

        Returns:
            batch x queries x source_length, float32.
        """
        ...

    def gradient(
        self, dscore: Tensor, query: Tensor, keys: Tensor, v: Tensor, dtype: str
    ) -> tuple[Tensor, Tensor, Tensor]:
        """From the gradient for one query's scores to those for query, keys and v.

        Args:
            dscore: batch x source_length.
            query: batch x A.
            keys: batch x source_length x A.
            v: A.
            dtype: Dtype of the products' operands.

        Returns:
            batch x A, batch x source_length x A, and A.
        """
        ...


class Additive:
    """vᵀ tanh(query + key): Bahdanau et al. (arXiv 1409.0473, section 3.1 and appendix A.1.2)."""

    def score(self, query: Tensor, keys: Tensor, v: Tensor, dtype: str) -> Tensor:
        energy = ops.tanh(query[:, :, None] + keys[:, None])  # batch x queries x source x A
        return linear(energy, v[:, None])[..., 0]

    def gradient(
        self, dscore: Tensor, query: Tensor, keys: Tensor, v: Tensor, dtype: str
    ) -> tuple[Tensor, Tensor, Tensor]:
        energy = ops.tanh(query[:, None] + keys)  # batch x source x A
        dkeys = dscore[..., None] * (v * (1.0 - energy * energy))
        flat = ops.reshape(energy, (-1, energy.shape[-1]))
        dv = ops.matmul(ops.reshape(dscore, (1, -1)), flat)[0]
        return ops.sum(dkeys, axis=1), dkeys, dv


class Multiplicative:
    """query · key / √A: Luong et al. (arXiv 1508.04025, "general"), scaled by Vaswani et al.

    Both are projected, so query · key is Luong's hᵀ W m with a W of rank A. v is not used.
    """

    def score(self, query: Tensor, keys: Tensor, v: Tensor, dtype: str) -> Tensor:
        return batched(query, ops.transpose(keys, (0, 2, 1)), dtype) / math.sqrt(keys.shape[-1])

    def gradient(
        self, dscore: Tensor, query: Tensor, keys: Tensor, v: Tensor, dtype: str
    ) -> tuple[Tensor, Tensor, Tensor]:
        dscore = dscore / math.sqrt(keys.shape[-1])
        dquery = batched(dscore[:, None], keys, dtype)[:, 0]
        return dquery, dscore[..., None] * query[:, None], ops.zeros_like(v)


class Indifferent:
    """The same score everywhere: every step sees the mean of the annotations."""

    def score(self, query: Tensor, keys: Tensor, v: Tensor, dtype: str) -> Tensor:
        return ops.zeros((*ops.shape(query)[:2], ops.shape(keys)[1]), "float32")

    def gradient(
        self, dscore: Tensor, query: Tensor, keys: Tensor, v: Tensor, dtype: str
    ) -> tuple[Tensor, Tensor, Tensor]:
        return ops.zeros_like(query), ops.zeros_like(keys), ops.zeros_like(v)


_SCORES: dict[Attention, Score] = {
    "additive": Additive(),
    "multiplicative": Multiplicative(),
    "none": Indifferent(),
}


def make_score(kind: Attention) -> Score:
    """The score of that name; `ModelConfig` has checked it."""
    return _SCORES[kind]


def attend(
    score: Score, query: Tensor, keys: Tensor, memory: Tensor, bias: Tensor, v: Tensor, dtype: str
) -> tuple[Tensor, Tensor]:
    """Weights α = softmax(score) and contexts Σ α·memory.

    The queries of one sentence (its beams, say) share its keys and memory.

    Args:
        score: How well a source token fits a query.
        query: batch x queries x attention_size, already projected.
        keys: batch x source_length x attention_size, already projected.
        memory: batch x source_length x memory_size.
        bias: batch x source_length, 0 on tokens and `MASKED` on padding.
        v: attention_size.
        dtype: Dtype of the products' operands.

    Returns:
        Contexts, batch x queries x memory_size; weights, batch x queries x source_length.
    """
    # Not `ops.softmax`: oneDNN's takes 50 µs to start, in each step of a search for one sentence.
    weights = ops.exp(ops.log_softmax(score.score(query, keys, v, dtype) + bias[:, None]))
    return batched(weights, memory, dtype), weights


def mask_bias(source_ids: Tensor) -> Tensor:
    """0 on tokens, `MASKED` on padding; batch x source_length, float32."""
    return ops.where(valid_mask(source_ids), 0.0, MASKED)
