"""Lists of ids to padded arrays."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from translator.constants import PAD

Ids = npt.NDArray[np.int32]

BATCH_SIZES = (1, *(n << k for k in range(16) for n in (2, 3)))
"""Sizes that the batches of a search have: they begin with one of these, and shrink to others as
sentences are done. So shapes are few: to prepare for one takes half a millisecond."""


def round_up(count: int) -> int:
    """The least of `BATCH_SIZES` that holds a number; the number itself past the last."""
    place = bisect_left(BATCH_SIZES, count)
    return BATCH_SIZES[place] if place < len(BATCH_SIZES) else count


def pad(rows: Sequence[Sequence[int]], height: int = 0, width: int = 0) -> Ids:
    """Puts rows of ids into one array.

    Args:
        rows: One list of ids for each sentence.
        height: Least rows of the array; those past the last sentence are padding.
        width: Least columns.

    Returns:
        batch x length of the longest row, padded with PAD on the right.
    """
    width = max(width, *(len(row) for row in rows)) if rows else width
    padded = np.full((max(height, len(rows)), width), PAD, np.int32)
    for n, row in enumerate(rows):
        padded[n, : len(row)] = row
    return padded
