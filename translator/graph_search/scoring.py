"""What hypotheses are ranked by: Wu et al. (arXiv 1609.08144, eq. 14)."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

Tensor = Any

_LEAST_COVERAGE = 1e-9


def length_penalty(length: Tensor, alpha: Tensor) -> Tensor:
    """lp = ((5 + length) / 6)^α."""
    return tf.pow((5.0 + tf.cast(length, tf.float32)) / 6.0, alpha)


def coverage_penalty(coverage: Tensor, source_mask: Tensor, beta: Tensor) -> Tensor:
    """cp = β Σ_i log min(coverage_i, 1) over the real source tokens.

    Args:
        coverage: batch x beams x source_length, attention summed over target tokens.
        source_mask: batch x source_length.
        beta: A scalar.

    Returns:
        batch x beams. A source token never looked at counts as looked at by 1e-9.
    """
    logs = tf.math.log(tf.clip_by_value(coverage, _LEAST_COVERAGE, 1.0))
    return beta * tf.reduce_sum(tf.where(source_mask[:, None], logs, 0.0), axis=-1)
