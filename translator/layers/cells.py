"""Recurrent cells, split where speed asks for it.

A step of a recurrent layer is a matrix product, then arithmetic on each unit alone. The product's
share for the inputs stands outside the loop over time, and so does its gradient for the weights;
what must stay inside, the arithmetic and its derivative, is what a cell is here.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt
from keras import ops

from translator.config import Cell
from translator.layers.numerics import Tensor


class PointwiseCell(Protocol):
    """The arithmetic of one step; H units, `gates` pre-activations for each.

    All tensors are float32 of ... x H, or ... x gates·H. A cell without a memory of its own hands
    `c` through untouched.
    """

    gates: int

    def forward(self, z: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """From pre-activations z and memory c to (state h, new memory, activations)."""
        ...

    def backward(
        self, dh: Tensor, dc: Tensor, activations: Tensor, c_previous: Tensor, c: Tensor
    ) -> tuple[Tensor, Tensor]:
        """From gradients for h and the new memory to those for (z, previous memory)."""
        ...

    def initial_bias(self, units: int) -> npt.NDArray[np.float32]:
        """Bias to start from, gates·H."""
        ...


class LSTMCell:
    """Hochreiter & Schmidhuber (1997) with forget gates; gates in the order i, f, g, o.

    c' = σ(f)·c + σ(i)·tanh(g);  h = σ(o)·tanh(c').
    """

    gates = 4

    def forward(self, z: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        i, f, g, o = ops.split(z, 4, axis=-1)
        i, f, g, o = ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)
        c = f * c + i * g
        return o * ops.tanh(c), c, ops.concatenate([i, f, g, o], axis=-1)

    def backward(
        self, dh: Tensor, dc: Tensor, activations: Tensor, c_previous: Tensor, c: Tensor
    ) -> tuple[Tensor, Tensor]:
        i, f, g, o = ops.split(activations, 4, axis=-1)
        tanh_c = ops.tanh(c)
        dc = dc + dh * o * (1.0 - tanh_c * tanh_c)
        di = dc * g * i * (1.0 - i)
        df = dc * c_previous * f * (1.0 - f)
        dg = dc * i * (1.0 - g * g)
        do = dh * tanh_c * o * (1.0 - o)
        return ops.concatenate([di, df, dg, do], axis=-1), dc * f

    def initial_bias(self, units: int) -> npt.NDArray[np.float32]:
        """Ones on the forget gate (Jozefowicz et al. 2015), zeros elsewhere."""
        bias = np.zeros((4, units), np.float32)
        bias[1] = 1.0
        return bias.reshape(-1)


class TanhCell:
    """The textbook's plain recurrence (Elman 1990): h = tanh(z)."""

    gates = 1

    def forward(self, z: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h = ops.tanh(z)
        return h, c, h

    def backward(
        self, dh: Tensor, dc: Tensor, activations: Tensor, c_previous: Tensor, c: Tensor
    ) -> tuple[Tensor, Tensor]:
        return dh * (1.0 - activations * activations), dc

    def initial_bias(self, units: int) -> npt.NDArray[np.float32]:
        return np.zeros(units, np.float32)


_CELLS: dict[Cell, type[LSTMCell] | type[TanhCell]] = {"lstm": LSTMCell, "tanh": TanhCell}


def make_cell(kind: Cell) -> PointwiseCell:
    """The cell of that name; `ModelConfig` has checked it."""
    return _CELLS[kind]()
