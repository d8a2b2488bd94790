"""Recurrent cells, split where speed asks for it.

A step of a recurrent layer is matrix products, then arithmetic on each unit alone. The products'
share for the inputs stands outside the loop over time, and so do the gradients for the weights;
what must stay inside, the arithmetic and its derivative, is what a cell is here.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt
from keras import ops

from translator.config import Cell
from translator.layers.numerics import Tensor, standardize, standardize_gradient

Tensors = tuple[Tensor, ...]


class PointwiseCell(Protocol):
    """The arithmetic of one step; H units, `gates` pre-activations for each.

    A step is given x, the inputs' share of the pre-activations, and r, the share of the state
    before (state · recurrent kernel); both are float32 of ... x gates·H, all other tensors float32
    of ... x H. A cell without a memory of its own is given its state h as c, and puts h out as c.

    Attributes:
        gates: Pre-activations of a unit.
        has_memory: Whether c is more than h.
        sums_shares: Whether x and r count by their sum alone, and so have one gradient.
        num_gains: How many weight vectors of gates·H the arithmetic has.
    """

    gates: int
    has_memory: bool
    sums_shares: bool
    num_gains: int

    def forward(self, x: Tensor, r: Tensor, c: Tensor, gains: Tensors) -> Tensors:
        """From both shares and c to (h, new c, what `backward` wants to see again)."""
        ...

    def backward(
        self, dh: Tensor, dc: Tensor, saved: Tensor, c_previous: Tensor, c: Tensor, gains: Tensors
    ) -> tuple[Tensor, Tensor, Tensor, Tensors]:
        """From gradients for h and the new c to those for x, r, the c before and the gains."""
        ...

    def initial_bias(self, units: int) -> npt.NDArray[np.float32]:
        """Bias to start from, gates·H."""
        ...


class LSTMCell:
    """Hochreiter & Schmidhuber (1997) with forget gates; gates in the order i, f, g, o.

    c' = σ(f)·c + σ(i)·tanh(g);  h = σ(o)·tanh(c').
    """

    gates = 4
    has_memory = True
    sums_shares = True
    num_gains = 0

    def forward(self, x: Tensor, r: Tensor, c: Tensor, gains: Tensors) -> Tensors:
        i, f, g, o = ops.split(x + r, 4, axis=-1)
        i, f, g, o = ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)
        c = f * c + i * g
        return o * ops.tanh(c), c, ops.concatenate([i, f, g, o], axis=-1)

    def backward(
        self, dh: Tensor, dc: Tensor, saved: Tensor, c_previous: Tensor, c: Tensor, gains: Tensors
    ) -> tuple[Tensor, Tensor, Tensor, Tensors]:
        i, f, g, o = ops.split(saved, 4, axis=-1)
        tanh_c = ops.tanh(c)
        dc = dc + dh * o * (1.0 - tanh_c * tanh_c)
        di = dc * g * i * (1.0 - i)
        df = dc * c_previous * f * (1.0 - f)
        dg = dc * i * (1.0 - g * g)
        do = dh * tanh_c * o * (1.0 - o)
        dx = ops.concatenate([di, df, dg, do], axis=-1)
        return dx, dx, dc * f, ()

    def initial_bias(self, units: int) -> npt.NDArray[np.float32]:
        """Ones on the forget gate (Jozefowicz et al. 2015), zeros elsewhere."""
        bias = np.zeros((4, units), np.float32)
        bias[1] = 1.0
        return bias.reshape(-1)


class GRUCell:
    """Cho et al. (arXiv 1406.1078), the reset gate after the product; gates in the order r, u, n.

    n = tanh(x_n + σ(r)·r_n);  h' = (1 - σ(u))·n + σ(u)·h.
    """

    gates = 3
    has_memory = False
    sums_shares = False
    num_gains = 0

    def forward(self, x: Tensor, r: Tensor, c: Tensor, gains: Tensors) -> Tensors:
        x_reset, x_update, x_new = ops.split(x, 3, axis=-1)
        r_reset, r_update, r_new = ops.split(r, 3, axis=-1)
        reset, update = ops.sigmoid(x_reset + r_reset), ops.sigmoid(x_update + r_update)
        new = ops.tanh(x_new + reset * r_new)
        h = new + update * (c - new)
        return h, h, ops.concatenate([reset, update, new, r_new], axis=-1)

    def backward(
        self, dh: Tensor, dc: Tensor, saved: Tensor, c_previous: Tensor, c: Tensor, gains: Tensors
    ) -> tuple[Tensor, Tensor, Tensor, Tensors]:
        reset, update, new, r_new = ops.split(saved, 4, axis=-1)
        dh = dh + dc
        dnew = dh * (1.0 - update) * (1.0 - new * new)
        dupdate = dh * (c_previous - new) * update * (1.0 - update)
        dreset = dnew * r_new * reset * (1.0 - reset)
        dx = ops.concatenate([dreset, dupdate, dnew], axis=-1)
        dr = ops.concatenate([dreset, dupdate, dnew * reset], axis=-1)
        return dx, dr, dh * update, ()

    def initial_bias(self, units: int) -> npt.NDArray[np.float32]:
        return np.zeros(3 * units, np.float32)


class TanhCell:
    """The textbook's plain recurrence (Elman 1990): h = tanh(x + r)."""

    gates = 1
    has_memory = False
    sums_shares = True
    num_gains = 0

    def forward(self, x: Tensor, r: Tensor, c: Tensor, gains: Tensors) -> Tensors:
        h = ops.tanh(x + r)
        return h, h, h

    def backward(
        self, dh: Tensor, dc: Tensor, saved: Tensor, c_previous: Tensor, c: Tensor, gains: Tensors
    ) -> tuple[Tensor, Tensor, Tensor, Tensors]:
        dx = (dh + dc) * (1.0 - saved * saved)
        return dx, dx, ops.zeros_like(dc), ()

    def initial_bias(self, units: int) -> npt.NDArray[np.float32]:
        return np.zeros(units, np.float32)


class LayerNormalized:
    """A cell with layer normalisation in the recurrence (Ba et al., arXiv 1607.06450).

    Both shares are normalised over all gates together, then scaled: the cell within sees
    γ_x·LN(x) + β and γ_r·LN(r). The gains are γ_x, γ_r and β, which takes the bias's place.

    Args:
        cell: The cell within.
    """

    sums_shares = False
    num_gains = 3

    def __init__(self, cell: PointwiseCell) -> None:
        self.cell = cell
        self.gates = cell.gates
        self.has_memory = cell.has_memory

    def forward(self, x: Tensor, r: Tensor, c: Tensor, gains: Tensors) -> Tensors:
        x_gain, r_gain, shift = gains
        h, c, saved = self.cell.forward(
            x_gain * standardize(x) + shift, r_gain * standardize(r), c, ()
        )
        return h, c, ops.concatenate([saved, x, r], axis=-1)

    def backward(
        self, dh: Tensor, dc: Tensor, saved: Tensor, c_previous: Tensor, c: Tensor, gains: Tensors
    ) -> tuple[Tensor, Tensor, Tensor, Tensors]:
        x_gain, r_gain, _ = gains
        width = x_gain.shape[0]
        saved, x, r = saved[..., : -2 * width], saved[..., -2 * width : -width], saved[..., -width:]
        dx, dr, dc, _ = self.cell.backward(dh, dc, saved, c_previous, c, ())
        dgains = tuple(
            ops.sum(ops.reshape(gradient, (-1, width)), axis=0)
            for gradient in (dx * standardize(x), dr * standardize(r), dx)
        )
        dx = standardize_gradient(x, dx * x_gain)
        return dx, standardize_gradient(r, dr * r_gain), dc, dgains

    def initial_bias(self, units: int) -> npt.NDArray[np.float32]:
        return self.cell.initial_bias(units)


_CELLS: dict[Cell, type[LSTMCell] | type[GRUCell] | type[TanhCell]] = {
    "lstm": LSTMCell,
    "gru": GRUCell,
    "tanh": TanhCell,
}


def make_cell(kind: Cell, layer_norm: bool = False) -> PointwiseCell:
    """The cell of that name; `ModelConfig` has checked it."""
    cell = _CELLS[kind]()
    return LayerNormalized(cell) if layer_norm else cell
