"""Lists of ids to padded arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from translator.constants import PAD

Ids = npt.NDArray[np.int32]


def pad(rows: Sequence[Sequence[int]]) -> Ids:
    """Puts rows of ids into one array.

    Args:
        rows: One list of ids for each sentence.

    Returns:
        batch x length of the longest row, padded with PAD on the right.
    """
    width = max((len(row) for row in rows), default=0)
    padded = np.full((len(rows), width), PAD, np.int32)
    for n, row in enumerate(rows):
        padded[n, : len(row)] = row
    return padded
