"""A recurrent layer with backpropagation through time written out.

The gradient that a framework derives for a loop adds to the whole weight gradient at every step.
Here the loop backwards yields the gradients for the pre-activations only; those for the weights
are then one matrix product over all steps at once.
"""

from __future__ import annotations

import keras
from keras import ops

from translator.config import Cell
from translator.layers.cells import PointwiseCell, make_cell
from translator.layers.numerics import Tensor, linear, linear_gradient
from translator.layers.scan import scan


def recur(cell: PointwiseCell, z: Tensor, kernel: Tensor, h0: Tensor, c0: Tensor) -> Tensor:
    """States of a recurrence h_t = cell(z_t + h_{t-1} · kernel).

    Args:
        cell: The arithmetic of a step.
        z: time x batch x gates·H, the inputs' share of the pre-activations, bias included.
        kernel: H x gates·H, in the dtype of the product.
        h0: batch x H, state before the first step.
        c0: batch x H, memory before the first step.

    Returns:
        time x batch x H.
    """

    @ops.custom_gradient
    def run(z: Tensor, kernel: Tensor, h0: Tensor, c0: Tensor):  # type: ignore[no-untyped-def]
        def step(carry, inputs):  # type: ignore[no-untyped-def]
            h, c = carry
            h, c, activations = cell.forward(inputs[0] + linear(h, kernel), c)
            return (h, c), (h, c, activations)

        _, (h, c, activations) = scan(step, (h0, c0), (z,), outputs=3)

        def gradient(*args, upstream=None):  # type: ignore[no-untyped-def]
            upstream = args[0] if upstream is None else upstream
            transposed = ops.transpose(kernel)
            h_previous, c_previous = shifted(h, h0), shifted(c, c0)

            def step_back(carry, inputs):  # type: ignore[no-untyped-def]
                dh, dc = carry
                dh_t, activations_t, c_previous_t, c_t = inputs
                dz, dc = cell.backward(dh + dh_t, dc, activations_t, c_previous_t, c_t)
                return (linear(dz, transposed), dc), (dz,)

            (dh0, dc0), (dz,) = scan(
                step_back,
                (ops.zeros_like(h0), ops.zeros_like(c0)),
                (upstream, activations, c_previous, c),
                outputs=1,
                reverse=True,
            )
            return dz, linear_gradient(h_previous, dz, kernel.dtype), dh0, dc0

        return h, gradient

    return run(z, kernel, h0, c0)


def shifted(states: Tensor, first: Tensor) -> Tensor:
    """States before each step: `first`, then all but the last of `states` (time x batch x H)."""
    return ops.concatenate([first[None], states[:-1]], axis=0)


class Recurrent(keras.layers.Layer):
    """One recurrent layer over a whole sequence, time-major.

    Args:
        units: Width H of the state.
        cell: The kind of recurrence.
    """

    def __init__(self, units: int, cell: Cell = "lstm", **kwargs: object) -> None:
        super().__init__(autocast=False, **kwargs)
        self.units = units
        self.cell = make_cell(cell)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        width = self.cell.gates * self.units
        self.kernel = self.add_weight(autocast=False, name="kernel", shape=(input_shape[-1], width))
        self.recurrent_kernel = self.add_weight(
            autocast=False,
            name="recurrent_kernel",
            shape=(self.units, width),
            initializer="orthogonal",
        )
        self.bias = self.add_weight(autocast=False, name="bias", shape=(width,))
        self.bias.assign(self.cell.initial_bias(self.units))

    def call(self, x: Tensor, h0: Tensor | None = None, c0: Tensor | None = None) -> Tensor:
        """States for inputs x.

        Args:
            x: time x batch x input_size.
            h0: batch x H, zeros where left out.
            c0: batch x H, zeros where left out.

        Returns:
            time x batch x H, float32.
        """
        zeros = ops.zeros((ops.shape(x)[1], self.units), "float32")
        return recur(
            self.cell,
            self.project(x),
            self.cast(self.recurrent_kernel),
            zeros if h0 is None else h0,
            zeros if c0 is None else c0,
        )

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """One step: inputs ... x input_size and states ... x H to the new (h, c)."""
        z = self.project(x) + linear(h, self.cast(self.recurrent_kernel))
        h, c, _ = self.cell.forward(z, c)
        return h, c

    def project(self, x: Tensor) -> Tensor:
        """The inputs' share of the pre-activations, ... x gates·H."""
        return linear(x, self.cast(self.kernel)) + ops.convert_to_tensor(self.bias)

    def cast(self, weight: Tensor) -> Tensor:
        return ops.cast(weight, self.compute_dtype)
