"""Matrix products in the compute dtype, everything else in float32.

bfloat16 keeps eight bits of mantissa: enough for the operands of a product that is accumulated
in float32, too few for a cell state that is added to at every step.
"""

from __future__ import annotations

from typing import Any

from keras import ops

Tensor = Any
"""A tensor of the Keras backend in use."""

_EPSILON = 1e-5
"""Added to a variance, so that a row of equal numbers divides by no zero."""


def linear(x: Tensor, kernel: Tensor) -> Tensor:
    """x · kernel, as one flat matrix product.

    Args:
        x: ... x input_size, float.
        kernel: input_size x output_size; its dtype is the dtype of the product's operands.

    Returns:
        ... x output_size, float32.
    """
    flat = ops.reshape(x, (-1, kernel.shape[0]))
    product = ops.cast(ops.matmul(ops.cast(flat, kernel.dtype), kernel), "float32")
    return ops.reshape(product, (*ops.shape(x)[:-1], kernel.shape[1]))


def linear_gradient(x: Tensor, upstream: Tensor, dtype: str) -> Tensor:
    """Gradient of `linear` for its kernel: xᵀ · upstream, summed over all leading axes at once.

    Args:
        x: ... x input_size.
        upstream: ... x output_size, the gradient for the product.
        dtype: Dtype of the operands and of the result.

    Returns:
        input_size x output_size.
    """
    flat_x = ops.cast(ops.reshape(x, (-1, x.shape[-1])), dtype)
    flat_upstream = ops.cast(ops.reshape(upstream, (-1, upstream.shape[-1])), dtype)
    return ops.matmul(ops.transpose(flat_x), flat_upstream)


def batched(a: Tensor, b: Tensor, dtype: str) -> Tensor:
    """Product of two batches of matrices with operands of `dtype`, float32 out."""
    return ops.cast(ops.matmul(ops.cast(a, dtype), ops.cast(b, dtype)), "float32")


def standardize(x: Tensor) -> Tensor:
    """Each row of the last axis with mean 0 and variance 1: layer normalisation, but its gain."""
    centred = x - ops.mean(x, axis=-1, keepdims=True)
    return centred * ops.rsqrt(ops.mean(centred * centred, axis=-1, keepdims=True) + _EPSILON)


def standardize_gradient(x: Tensor, upstream: Tensor) -> Tensor:
    """Gradient of `standardize` for x: (u - mean u - x̂ · mean(u · x̂)) / σ.

    u is `upstream`, x̂ the result of `standardize`, σ the deviation of x.
    """
    centred = x - ops.mean(x, axis=-1, keepdims=True)
    scale = ops.rsqrt(ops.mean(centred * centred, axis=-1, keepdims=True) + _EPSILON)
    standard = centred * scale
    along = ops.mean(upstream * standard, axis=-1, keepdims=True)
    return scale * (upstream - ops.mean(upstream, axis=-1, keepdims=True) - standard * along)


def valid_mask(ids: Tensor) -> Tensor:
    """True where a token stands, False on padding (id 0); same shape as `ids`."""
    return ops.not_equal(ids, 0)
