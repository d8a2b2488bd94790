"""Phrases that a translation must hold: dynamic beam allocation (Post & Vilar, arXiv 1804.06609).

The beam of a sentence is divided into banks, by how many required tokens a hypothesis has put out.
Every hypothesis may always go on with the next token of a phrase, and the places of the beam go
round the banks, so that hypotheses which pay for a required token are not crowded out by those
that have not paid yet (vectorised after Hu et al., NAACL 2019).
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from translator.constants import EOS, PAD
from translator.search.hypotheses import NEVER, Tensor
from translator.search.rules import Vocabulary


class Progress(NamedTuple):
    """How far hypotheses are with their phrases.

    Attributes:
        met: batch x beams x phrases, bool: the phrase stands.
        matched: batch x beams x phrases, int32: how many tokens at the end are its first ones.
        closing: batch x beams, bool: the last token was the last one of a phrase.
    """

    met: Tensor
    matched: Tensor
    closing: Tensor


def no_progress(phrases: Tensor) -> Progress:
    """Before the first token, of one beam."""
    empty = tf.reduce_all(phrases == PAD, axis=-1)[:, None]
    return Progress(empty, tf.zeros_like(empty, tf.int32), tf.zeros_like(empty[..., 0]))


def advance(progress: Progress, tokens: Tensor, phrases: Tensor) -> Progress:
    """With the next tokens, ... of batch x beams."""
    lengths = tf.reduce_sum(tf.cast(phrases != PAD, tf.int32), axis=-1)[:, None]
    token = tokens[..., None]
    first = phrases[:, None, :, 0]
    goes_on = token == _next(progress, phrases)
    matched = tf.where(goes_on, progress.matched + 1, tf.cast(token == first, tf.int32))
    complete = ~progress.met & (matched == lengths)
    met = progress.met | complete
    return Progress(met, tf.where(met, 0, matched), tf.reduce_any(complete, axis=-1))


def all_met(progress: Progress) -> Tensor:
    """Whether every phrase stands; batch x beams."""
    return tf.reduce_all(progress.met, axis=-1)


def select(
    totals: Tensor,
    log_probs: Tensor,
    allowed: Tensor,
    places: Tensor,
    progress: Progress,
    phrases: Tensor,
    vocabulary: Vocabulary,
) -> tuple[Tensor, Tensor, Tensor]:
    """The continuations that get a place: columns, parents and log P, batch x most places.

    Args:
        totals: batch x beams, log P so far.
        log_probs: batch x beams x columns.
        allowed: The same, with -inf on what must not come next.
        places: batch.
        progress: Of the hypotheses.
        phrases: batch x phrases x phrase_length.
        vocabulary: What the columns stand for.
    """
    batch, beams, columns = tf.unstack(tf.shape(log_probs))
    wanted = _wanted(progress, phrases)  # batch x beams x phrases
    wanted_columns = vocabulary.columns_of(wanted)
    free = _free(allowed, progress, wanted_columns, vocabulary)
    most = tf.maximum(tf.reduce_max(places), 1)
    free_log_probs, free_columns = tf.math.top_k(free, tf.minimum(most, columns))
    of_wanted = tf.gather(log_probs, wanted_columns, batch_dims=2)
    of_wanted = tf.where(wanted == PAD, NEVER, of_wanted)

    many = tf.shape(free_columns)[-1] + tf.shape(wanted)[-1]
    all_columns = tf.reshape(tf.concat([free_columns, wanted_columns], -1), [batch, beams * many])
    scores = tf.concat([free_log_probs, of_wanted], -1) + totals[..., None]
    scores = tf.reshape(scores, [batch, beams * many])
    parents = tf.repeat(tf.range(beams), many)
    tokens = vocabulary.ids_of(all_columns)
    after = advance(Progress(*(tf.gather(x, parents, axis=1) for x in progress)), tokens, phrases)
    chosen = _allocate(scores, _bank(after, phrases), tf.minimum(most, beams * many))
    made = tf.gather(scores, chosen, batch_dims=1)
    made = tf.where(tf.range(tf.shape(chosen)[1]) < places[:, None], made, NEVER)
    return tf.gather(all_columns, chosen, batch_dims=1), tf.gather(parents, chosen), made


def _next(progress: Progress, phrases: Tensor) -> Tensor:
    """The next token of each phrase; batch x beams x phrases, PAD where the phrase stands."""
    length = tf.shape(phrases)[-1]
    beams = tf.shape(progress.met)[1]
    tiled = tf.repeat(phrases[:, None], beams, axis=1)
    token = tf.gather(tiled, tf.minimum(progress.matched, length - 1), batch_dims=3)
    return tf.where(progress.met, PAD, token)


def _wanted(progress: Progress, phrases: Tensor) -> Tensor:
    """As `_next`, each token once."""
    token = _next(progress, phrases)
    count = tf.shape(phrases)[1]
    earlier = tf.linalg.band_part(tf.ones([count, count], tf.bool), -1, 0)
    earlier &= ~tf.eye(count, dtype=tf.bool)
    again = tf.reduce_any((token[..., None] == token[..., None, :]) & earlier, axis=-1)
    return tf.where(again, PAD, token)


def _free(
    allowed: Tensor,
    progress: Progress,
    wanted_columns: Tensor,
    vocabulary: Vocabulary,
) -> Tensor:
    """Log-probabilities of what no phrase asks for; EOS waits until all phrases stand."""
    ids = vocabulary.all_ids(tf.shape(allowed)[-1])
    waits = (ids == EOS) & ~all_met(progress)[..., None]
    joins = tf.gather(vocabulary.joining, ids) & progress.closing[..., None]
    allowed = tf.where(waits | joins | vocabulary.is_never(ids), NEVER, allowed)
    batch, beams, many = tf.unstack(tf.shape(wanted_columns))
    grid = tf.meshgrid(tf.range(batch), tf.range(beams), tf.range(many), indexing="ij")
    indices = tf.stack([*grid[:2], wanted_columns], axis=-1)
    return tf.tensor_scatter_nd_min(allowed, indices, tf.fill(tf.shape(wanted_columns), NEVER))


def _bank(progress: Progress, phrases: Tensor) -> Tensor:
    """How many required tokens have been put out; batch x candidates."""
    lengths = tf.reduce_sum(tf.cast(phrases != PAD, tf.int32), axis=-1)[:, None]
    standing = tf.reduce_sum(tf.where(progress.met, lengths, 0), axis=-1)
    return standing + tf.reduce_max(progress.matched, axis=-1)


def _allocate(scores: Tensor, banks: Tensor, most: Tensor) -> Tensor:
    """Which candidates get a place: the best of each bank, then the second best of each, ...

    Among equals in that, those of the bank with more required tokens come first.
    """
    scores, order = tf.math.top_k(scores, tf.shape(scores)[1])
    banks = tf.gather(banks, order, batch_dims=1)
    count = tf.reduce_max(banks) + 1
    one_hot = tf.one_hot(banks, count, dtype=tf.int32)  # batch x candidates x banks
    before = tf.cumsum(one_hot, axis=1, exclusive=True)
    rank = tf.reduce_sum(before * one_hot, axis=-1)
    key = tf.where(scores > NEVER, rank * count - banks, tf.int32.max)
    _, chosen = tf.math.top_k(-key, most)
    return tf.gather(order, chosen, batch_dims=1)
