"""The best of many numbers, found by blocks."""

from __future__ import annotations

import tensorflow as tf

from translator.graph_search.hypotheses import NEVER, Tensor

BLOCK = 32
"""Columns of a block; where columns are a multiple of it, nothing is copied."""


def best_continuations(
    totals: Tensor, log_probs: Tensor, most: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The highest sums of a total and a log-probability, best first.

    The k best of a sentence lie in the k blocks with the highest maxima. To find the maxima costs a
    quarter of what `tf.math.top_k` over all would.

    Args:
        totals: batch x beams, log P so far.
        log_probs: batch x beams x columns.
        most: How many are wanted; fewer come where there are fewer.

    Returns:
        Columns, places in the beam, and sums, each batch x most.
    """
    batch, beams, columns = tf.unstack(tf.shape(log_probs))
    lacking = -columns % BLOCK
    log_probs = tf.cond(
        lacking > 0,
        lambda: tf.pad(log_probs, [[0, 0], [0, 0], [0, lacking]], constant_values=NEVER),
        lambda: log_probs,
    )
    of_beam = (columns + lacking) // BLOCK  # blocks
    blocks = tf.reshape(log_probs, [batch, beams, of_beam, BLOCK])
    maxima = tf.reduce_max(blocks, axis=-1) + totals[..., None]
    flat = tf.reshape(maxima, [batch, beams * of_beam])
    _, chosen = tf.math.top_k(flat, tf.minimum(most, beams * of_beam))  # batch x chosen
    inside = tf.gather(tf.reshape(blocks, [batch, -1, BLOCK]), chosen, batch_dims=1)
    inside += tf.gather(totals, chosen // of_beam, batch_dims=1)[..., None]
    most = tf.minimum(most, beams * columns)
    best, order = tf.math.top_k(tf.reshape(inside, [batch, tf.shape(chosen)[1] * BLOCK]), most)
    block = tf.gather(chosen, order // BLOCK, batch_dims=1)
    # Padding comes last, and only where nothing else is left.
    column = tf.minimum(block % of_beam * BLOCK + order % BLOCK, columns - 1)
    return column, block // of_beam, best
