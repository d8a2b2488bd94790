"""The best of many numbers, found by blocks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from translator.search.hypotheses import LOWEST, NEVER, Array, ranks_within

BLOCK = 16
"""Columns of a block; where columns are a multiple of it, nothing is copied."""

_ROWS = 32
"""As many rows of logits stay in a core's cache from one operation to the next."""


class Continuations(NamedTuple):
    """Hypotheses with one more token: those of a sentence side by side, the likeliest first."""

    rows: Array  # which hypotheses they go on from, beam after beam
    columns: Array  # of their tokens
    totals: Array  # log P of the whole hypothesis
    log_probs: Array  # of the token


def filled_up(logits: Array) -> Array:
    """With columns of -inf up to a multiple of `BLOCK`; rows x columns."""
    lacking = -logits.shape[1] % BLOCK
    if not lacking:
        return logits
    return np.pad(logits, ((0, 0), (0, lacking)), constant_values=NEVER)


def log_sum_exp(logits: Array) -> Array:
    """What to take off logits (rows x columns), so that they are log-probabilities; rows.

    Where all are -inf, it is not, so that they stay so.
    """
    sums = np.empty(len(logits), np.float32)
    ones = np.ones(logits.shape[1], np.float32)
    for start in range(0, len(logits), _ROWS):
        some = logits[start : start + _ROWS]
        highest = np.maximum(some.max(axis=1), LOWEST)
        scaled = some - highest[:, None]
        np.exp(scaled, out=scaled)
        sums[start : start + _ROWS] = highest + np.log(np.maximum(np.vecdot(scaled, ones), 1.0))
    return sums


def best_continuations(
    totals: Array, logits: Array, log_sums: Array, places: Array
) -> Continuations:
    """The likeliest continuations; of two that are alike, that of the lower row and column.

    The k best of a sentence lie in the k blocks with the highest maxima, so none is less than the
    least of these. A block has every so manieth column, as the maxima of such are found fastest.

    Args:
        totals: batch x beams, log P so far.
        logits: batch · beams x columns, a multiple of `BLOCK`.
        log_sums: batch · beams, what makes log-probabilities of them.
        places: batch, how many are wanted of each sentence; of all, at least one.
    """
    batch, beams = totals.shape
    offsets = totals.ravel() - log_sums
    blocks = logits.reshape(batch * beams, BLOCK, -1)
    of_row = blocks.shape[2]
    maxima = (blocks.max(axis=1) + offsets[:, None]).reshape(batch, beams * of_row)
    least = np.full(batch, LOWEST)
    most = int(places.max())
    if most < maxima.shape[1]:
        least = np.maximum(np.partition(maxima, -most, axis=1)[:, -most], least)
    rows, chosen = np.divmod(np.flatnonzero(maxima >= least[:, None]), of_row)
    sums = blocks[rows, :, chosen] + offsets[rows, None]  # chosen x BLOCK
    found = np.flatnonzero(sums >= least[rows // beams, None])
    which, inside = np.divmod(found, BLOCK)
    sums, rows, columns = sums.ravel()[found], rows[which], inside * of_row + chosen[which]
    sentences = rows // beams
    order = np.lexsort((columns, rows, -sums, sentences))
    order = order[ranks_within(sentences) < places[sentences]]  # sentences are in order already
    rows, columns = rows[order], columns[order]
    return Continuations(rows, columns, sums[order], logits[rows, columns] - log_sums[rows])
