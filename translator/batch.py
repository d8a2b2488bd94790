"""Lists of ids to padded arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from translator.constants import PAD

Ids = npt.NDArray[np.int32]


def pad(rows: Sequence[Sequence[int]], length: int | None = None) -> Ids:
    """Puts rows of ids into one array.

    Args:
        rows: One list of ids for each sentence.
        length: Width of the array; the longest row's where left out.

    Returns:
        batch x length, padded with PAD on the right.
    """
    width = max((len(row) for row in rows), default=0) if length is None else length
    padded = np.full((len(rows), width), PAD, np.int32)
    for n, row in enumerate(rows):
        padded[n, : len(row)] = row
    return padded
