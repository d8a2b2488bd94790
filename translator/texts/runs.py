"""The run of words with the largest sum of weights, a maximum-sum subarray, in linear time.

The sum of a run is the difference of two running totals, so the best run over a word goes from
where the total is least before it to where it is largest after it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_Floats = npt.NDArray[np.float64]
_Bools = npt.NDArray[np.bool_]

_SLACK = 1e-9
"""Totals that differ by less are equal."""


def best_run(
    weights: _Floats, starts: _Bools, ends: _Bools, core: _Bools
) -> tuple[int, int] | None:
    """Finds the best run; of those that are as good, the one that begins first, then the shortest.

    Args:
        weights: Of each word. # words
        starts: Whether a run may begin with it. # words
        ends: Whether a run may end with it. # words
        core: Whether it is one of those of which a run must have any. # words

    Returns:
        Its first word and the one after its last; None where no sum is above zero.
    """
    totals = np.concatenate([[0.0], np.cumsum(weights)])
    before = np.where(starts, totals[:-1], np.inf)
    after = np.where(ends, totals[1:], -np.inf)
    least = np.minimum.accumulate(before)
    most = np.maximum.accumulate(after[::-1])[::-1]
    sums = np.where(core, most - least, -np.inf)
    best = sums.max(initial=0.0)
    if best <= _SLACK:
        return None
    word = int((sums >= best - _SLACK).argmax())
    first = int((before <= least[word] + _SLACK).argmax())
    last = word + int((after[word:] >= most[word] - _SLACK).argmax())
    return first, last + 1
