"""Hypotheses that ended: kept by score, as many as a beam has places."""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from translator.graph_search.hypotheses import NEVER, Tensor


class Ended(NamedTuple):
    """Hypotheses that ended: a score, and where to read them back from. Each batch x beams."""

    scores: Tensor
    steps: Tensor  # of the last token
    parents: Tensor  # place of the hypothesis before its last token
    tokens: Tensor  # the last token
    log_probs: Tensor  # of the last token

    def filled(self) -> Tensor:
        """How many there are; batch, int32."""
        return tf.reduce_sum(tf.cast(self.scores > NEVER, tf.int32), axis=1)


def empty_pool(batch: Tensor, beams: Tensor) -> Ended:
    """A pool without a hypothesis."""
    nothing = tf.fill([batch, beams], 0)
    return Ended(
        tf.fill([batch, beams], NEVER), nothing - 1, nothing, nothing, tf.zeros([batch, beams])
    )


def only(condition: Tensor, ended: Ended) -> Ended:
    """Those of which a condition holds, batch x beams."""
    return ended._replace(scores=tf.where(condition, ended.scores, NEVER))


def keep_best(pool: Ended, new: Ended) -> Ended:
    """The best of both, as many as the pool has places."""
    both = Ended(*(tf.concat(pair, axis=1) for pair in zip(pool, new, strict=True)))
    _, order = tf.math.top_k(both.scores, tf.shape(pool.scores)[1])
    return Ended(*(by_parent(x, order) for x in both))


def put(part: Ended, members: Tensor, whole: Ended) -> Ended:
    """Puts the pools of some sentences into those of all."""
    return Ended(
        *(
            tf.tensor_scatter_nd_update(x, members[:, None], y)
            for x, y in zip(whole, part, strict=True)
        )
    )


def rank(halted: Ended, cut: Ended, n_best: Tensor) -> tuple[Ended, Tensor]:
    """The n best of a sentence, halted ones first, and which of them halted."""
    scores = tf.concat([halted.scores, cut.scores], axis=1)
    is_cut = tf.repeat([[0, 1]], tf.shape(halted.scores)[1], axis=1)  # 1 x 2·beams
    kind = tf.where(scores > NEVER, is_cut, 2)
    order = tf.argsort(kind, axis=1, stable=True)[:, :n_best]
    both = (tf.concat(pair, axis=1) for pair in zip(halted, cut, strict=True))
    best = Ended(*(by_parent(x, order) for x in both))
    return best, by_parent(kind, order) == 0


def by_parent(x: Tensor, parents: Tensor) -> Tensor:
    """Reorders the beams of each sentence."""
    return tf.gather(x, parents, axis=1, batch_dims=1)
