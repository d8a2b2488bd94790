"""A recurrent layer with backpropagation through time written out.

The gradient that a framework derives for a loop adds to the whole weight gradient at every step.
Here the loop backwards yields the gradients for the pre-activations only; those for the weights
are then one matrix product over all steps at once.
"""

from __future__ import annotations

from typing import NamedTuple

import keras
from keras import ops

from translator.config import ModelConfig
from translator.layers.cells import PointwiseCell, Tensors, make_cell
from translator.layers.numerics import Tensor, linear, linear_gradient
from translator.layers.scan import scan


def recur(
    cell: PointwiseCell,
    x: Tensor,
    kernel: Tensor,
    h0: Tensor,
    c0: Tensor,
    gains: Tensors = (),
    truncate: int = 0,
) -> Tensor:
    """States of a recurrence h_t = cell(x_t, h_{t-1} · kernel).

    Args:
        cell: The arithmetic of a step.
        x: time x batch x gates·H, the inputs' share of the pre-activations.
        kernel: H x gates·H, in the dtype of the product.
        h0: batch x H, state before the first step.
        c0: batch x H, memory before the first step; h0 for a cell without one.
        gains: The cell's own weights, gates·H each.
        truncate: Gradients flow back within chunks of so many steps; 0 is all the way.

    Returns:
        time x batch x H.
    """

    @ops.custom_gradient
    def run(x: Tensor, kernel: Tensor, h0: Tensor, c0: Tensor, *gains: Tensor):  # type: ignore[no-untyped-def]
        def step(carry, inputs):  # type: ignore[no-untyped-def]
            h, c = carry
            h, c, saved = cell.forward(inputs[0], linear(h, kernel), c, gains)
            return (h, c), (saved, h, c) if cell.has_memory else (saved, h)

        _, (saved, h, *c) = scan(step, (h0, c0), (x,), outputs=2 + cell.has_memory)

        def gradient(*args, upstream=None):  # type: ignore[no-untyped-def]
            upstream = args[0] if upstream is None else upstream
            transposed = ops.transpose(kernel)
            memory = c[0] if cell.has_memory else h
            h_previous, c_previous = shifted(h, h0), shifted(memory, c0)

            def step_back(carry, inputs):  # type: ignore[no-untyped-def]
                dh, dc, *dgains = carry
                dh_t, saved_t, c_previous_t, c_t, flows_t = inputs
                dx, dr, dc, more = cell.backward(dh + dh_t, dc, saved_t, c_previous_t, c_t, gains)
                carry = (flows_t * linear(dr, transposed), flows_t * dc)
                return (*carry, *map(ops.add, dgains, more)), (dx,) if cell.sums_shares else (
                    dx,
                    dr,
                )

            (dh0, dc0, *dgains), dz = scan(
                step_back,
                tuple(ops.zeros_like(start) for start in (h0, c0, *gains)),
                (upstream, saved, c_previous, memory, flowing(ops.shape(x)[0], truncate)),
                outputs=2 - cell.sums_shares,
                reverse=True,
            )
            return dz[0], linear_gradient(h_previous, dz[-1], kernel.dtype), dh0, dc0, *dgains

        return h, gradient

    return run(x, kernel, h0, c0, *gains)


def shifted(states: Tensor, first: Tensor) -> Tensor:
    """States before each step: `first`, then all but the last of `states` (time x batch x H)."""
    return ops.concatenate([first[None], states[:-1]], axis=0)


def flowing(time: Tensor, truncate: int) -> Tensor:
    """1 where the gradient goes on to the step before, 0 where truncation cuts it; time, float32.

    The state before the first step is always reached.
    """
    if not truncate:
        return ops.ones((time,), "float32")
    steps = ops.arange(time)
    cut = ops.logical_and(steps > 0, steps % truncate == 0)
    return 1.0 - ops.cast(cut, "float32")


class StepKernels(NamedTuple):
    """Weights of one step of a recurrent layer.

    Attributes:
        input: input_size x gates·H.
        bias: One vector of gates·H; none where the cell's gains have it.
        state: H x gates·H.
        gains: The cell's own weights, gates·H each.
    """

    input: Tensor
    bias: Tensors
    state: Tensor
    gains: Tensors


class Recurrent(keras.layers.Layer):
    """One recurrent layer over a whole sequence, time-major.

    Args:
        units: Width H of the state.
        config: The kind of recurrence: `cell`, `layer_norm` and `truncate_bptt`.
    """

    def __init__(self, units: int, config: ModelConfig, **kwargs: object) -> None:
        super().__init__(autocast=False, **kwargs)
        self.units = units
        self.cell = make_cell(config.cell, config.layer_norm)
        self.truncate = config.truncate_bptt

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
        if self.cell.num_gains:
            self.input_gain, self.recurrent_gain = (
                self.add_weight(autocast=False, name=name, shape=(width,), initializer="ones")
                for name in ("input_gain", "recurrent_gain")
            )

    def call(self, x: Tensor, h0: Tensor | None = None, c0: Tensor | None = None) -> Tensor:
        """States for inputs x.

        Args:
            x: time x batch x input_size.
            h0: batch x H, zeros where left out.
            c0: batch x H, h0 where left out.

        Returns:
            time x batch x H, float32.
        """
        if h0 is None:
            h0 = ops.zeros((ops.shape(x)[1], self.units), "float32")
        kernel = self.cast(self.recurrent_kernel)
        c0 = h0 if c0 is None else c0
        return recur(self.cell, self.project(x), kernel, h0, c0, self.gains(), self.truncate)

    def kernels(self) -> StepKernels:
        """The weights of a step, in the dtypes of their products."""
        bias = () if self.cell.num_gains else (ops.cast(self.bias, "float32"),)
        return StepKernels(
            self.cast(self.kernel), bias, self.cast(self.recurrent_kernel), self.gains()
        )

    def step(self, x: Tensor, h: Tensor, c: Tensor, kernels: StepKernels) -> tuple[Tensor, Tensor]:
        """One step: inputs ... x input_size and states ... x H to the new (h, c)."""
        projected = sum(kernels.bias, linear(x, kernels.input))
        h, c, _ = self.cell.forward(projected, linear(h, kernels.state), c, kernels.gains)
        return h, c

    def project(self, x: Tensor) -> Tensor:
        """The inputs' share of the pre-activations, ... x gates·H."""
        product = linear(x, self.cast(self.kernel))
        return product if self.cell.num_gains else product + ops.convert_to_tensor(self.bias)

    def gains(self) -> Tensors:
        """The cell's own weights; where it has any, the bias is the last of them."""
        if not self.cell.num_gains:
            return ()
        weights = (self.input_gain, self.recurrent_gain, self.bias)
        # A cast makes tensors of them: run eagerly, a custom gradient refuses variables.
        return tuple(ops.cast(weight, "float32") for weight in weights)

    def cast(self, weight: Tensor) -> Tensor:
        """A weight in the dtype of products."""
        return ops.cast(weight, self.compute_dtype)
