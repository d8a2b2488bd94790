"""What the pieces that a shortlist leaves out have of the probability, without their logits.

The logits w·h + b of many pieces are spread about like a normal distribution, whose mean and
variance follow from those of the weights; and the mean of exp over a normal distribution is known:

    log Σ exp(w·h + b) ≈ log n + m + v / 2,   m = mean(w)·h + mean(b),   v = var(w·h + b)

That is good enough where their share is small, and it is small where they are rarely put out.
Without it every other probability would be too high, and by more at one step than at another.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

Tensor = Any


class Remainder(NamedTuple):
    """The estimate as a function of the features h: constant + linear·h + hᵀ·square·h.

    Attributes:
        constant: A scalar; -inf where nothing is left out.
        linear: embedding_size.
        square: embedding_size x embedding_size, in the dtype of the output layer.
    """

    constant: Tensor
    linear: Tensor
    square: Tensor

    def log_mass(self, features: Tensor) -> Tensor:
        """Log of what all logits that are left out have together, exp taken.

        Args:
            features: rows x embedding_size, float32.

        Returns:
            rows, float32.
        """
        product = tf.matmul(tf.cast(features, self.square.dtype), self.square)
        inner = tf.cast(product, tf.float32) + self.linear
        return tf.reduce_sum(inner * features, axis=-1) + self.constant


def remainder(output: Tensor, bias: Tensor, listed: Tensor) -> Remainder:
    """What is left out by a shortlist.

    Args:
        output: pieces x embedding_size, weights of the output layer.
        bias: pieces.
        listed: int32, the pieces that are on every shortlist.
    """
    count = tf.shape(bias)[0]
    on_it = tf.scatter_nd(listed[:, None], tf.ones_like(listed), [count])
    left_out = tf.where(on_it == 0)[:, 0]
    weights = tf.cast(tf.gather(output, left_out), tf.float32)
    bias = tf.gather(bias, left_out)
    number = tf.cast(tf.shape(bias)[0], tf.float32)
    some = tf.maximum(number, 1.0)
    mean, mean_bias = tf.reduce_sum(weights, 0) / some, tf.reduce_sum(bias) / some
    weights -= mean
    bias -= mean_bias
    return Remainder(
        tf.math.log(number) + mean_bias + tf.reduce_sum(bias**2) / some / 2.0,
        mean + tf.linalg.matvec(weights, bias, transpose_a=True) / some,
        tf.cast(tf.matmul(weights, weights, transpose_a=True) / some / 2.0, output.dtype),
    )
