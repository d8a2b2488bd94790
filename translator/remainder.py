"""What the pieces that a shortlist leaves out have of the probability, without their logits.

The logits w·h + b of many pieces are spread about like a normal distribution, whose mean and
variance follow from those of the weights; and the mean of exp over a normal distribution is known:

    log Σ exp(w·h + b) ≈ log n + m + v / 2,   m = mean(w)·h + mean(b),   v = var(w·h + b)

That is good enough where their share is small, and it is small where they are rarely put out.
Without it every other probability would be too high, and by more at one step than at another.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from translator.batch import Ids
from translator.constants import PAD

Floats = npt.NDArray[np.float32]


class Remainder(NamedTuple):
    """The estimate as a function of the features h: constant + linear·h + hᵀ·square·h.

    Attributes:
        constant: A scalar.
        linear: embedding_size.
        square: embedding_size x embedding_size.
    """

    constant: np.float32
    linear: Floats
    square: Floats

    def log_mass(self, features: Floats) -> Floats:
        """Log of what all logits that are left out have together, exp taken.

        Args:
            features: rows x embedding_size.

        Returns:
            rows.
        """
        inner = features @ self.square + self.linear
        found: Floats = np.einsum("re,re->r", inner, features) + self.constant
        return found


def remainder(output: npt.NDArray[np.floating], bias: Floats, listed: Ids) -> Remainder:
    """What is left out by a shortlist.

    Args:
        output: pieces x embedding_size, weights of the output layer.
        bias: pieces.
        listed: The pieces that are on every shortlist. PAD is left out even so: its column stands
            for all that is.
    """
    left_out = np.ones(len(bias), np.bool_)
    left_out[listed[listed != PAD]] = False
    weights, bias = output[left_out].astype(np.float32), bias[left_out]
    number = len(bias)
    mean, mean_bias = weights.mean(axis=0), bias.mean()
    weights, bias = weights - mean, bias - mean_bias
    return Remainder(
        np.float32(np.log(number) + mean_bias + bias @ bias / number / 2.0),
        (mean + bias @ weights / number).astype(np.float32),
        (weights.T @ weights / number / 2.0).astype(np.float32),
    )
