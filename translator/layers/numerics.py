"""Matrix products in the compute dtype, everything else in float32.

bfloat16 keeps eight bits of mantissa: enough for the operands of a product that is accumulated
in float32, too few for a cell state that is added to at every step.
"""

from __future__ import annotations

from typing import Any

from keras import ops

Tensor = Any
"""A tensor of the Keras backend in use."""


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


def valid_mask(ids: Tensor) -> Tensor:
    """True where a token stands, False on padding (id 0); same shape as `ids`."""
    return ops.not_equal(ids, 0)
