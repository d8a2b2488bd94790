"""Phrases that a translation must hold: dynamic beam allocation (Post & Vilar, arXiv 1804.06609).

The beam of a sentence is divided into banks, by how many required tokens a hypothesis has put out.
Every hypothesis may always go on with the next token of a phrase, and the places of the beam go
round the banks, so that hypotheses which pay for a required token are not crowded out by those
that have not paid yet (vectorised after Hu et al., NAACL 2019).

Where a phrase belongs, the attention tells: with the weight that lies on the source words of a
phrase, its next token is put out in place of what the model would, as a pointer network copies
(See et al., arXiv 1704.04368).
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from translator.constants import EOS, PAD
from translator.search.hypotheses import NEVER, Required, Tensor
from translator.search.rules import Vocabulary

_GOES_ON = 0.95
"""Probability of the next token of a phrase that has begun; and most of all that is pointed to."""


class Progress(NamedTuple):
    """How far hypotheses are with their phrases.

    Attributes:
        met: batch x beams x phrases, bool: the phrase stands.
        matched: batch x beams x phrases, int32: how many tokens at the end are its first ones; 0
            while an earlier phrase of the same tokens does not stand.
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
    """With the next tokens, ... of batch x beams.

    What is required twice must stand twice: of phrases of the same tokens, each waits for the one
    before it.
    """
    lengths = tf.reduce_sum(tf.cast(phrases != PAD, tf.int32), axis=-1)[:, None]
    token = tokens[..., None]
    first = phrases[:, None, :, 0]
    goes_on = token == _next(progress, phrases)
    matched = tf.where(goes_on, progress.matched + 1, tf.cast(token == first, tf.int32))
    idle = progress.met | _waits(progress, phrases)
    complete = ~idle & (matched == lengths)
    return Progress(
        progress.met | complete,
        tf.where(idle | complete, 0, matched),
        tf.reduce_any(complete, axis=-1),
    )


def all_met(progress: Progress) -> Tensor:
    """Whether every phrase stands; batch x beams."""
    return tf.reduce_all(progress.met, axis=-1)


def pointed(
    log_probs: Tensor,
    attention: Tensor,
    required: Required,
    progress: Progress,
    vocabulary: Vocabulary,
) -> Tensor:
    """The mixture P' = (1 - Σ α_c)·P + Σ α_c·[next token of c] over the phrases c still to come.

    α_c is the attention on the source words of c; `_GOES_ON` for a phrase that has begun.

    Args:
        log_probs: batch x beams x columns, log P.
        attention: batch x beams x source_length.
        required: Of the sentences.
        progress: Of the hypotheses.
        vocabulary: What the columns stand for.

    Returns:
        log P', batch x beams x columns.
    """
    token = _next(progress, required.phrases)  # batch x beams x phrases
    begun = progress.matched > 0
    # As a sum, because oneDNN keeps 300 kB for each shape of a product, however small.
    weight = tf.reduce_sum(attention[:, :, None] * required.spans[:, None], axis=-1)
    weight = tf.where(tf.reduce_any(begun, -1, keepdims=True), 0.0, weight)
    weight = tf.where(begun, _GOES_ON, weight) * tf.cast(token != PAD, tf.float32)
    weight *= tf.minimum(1.0, _GOES_ON / tf.maximum(tf.reduce_sum(weight, -1, keepdims=True), 1e-9))
    rest = log_probs + tf.math.log1p(-tf.reduce_sum(weight, axis=-1, keepdims=True))
    indices = _indices(vocabulary.columns_of(token))
    added = tf.scatter_nd(indices, weight, tf.cast(tf.shape(log_probs), indices.dtype))
    return tf.where(added > 0.0, tf.math.log(tf.exp(rest) + added), rest)


def select(
    totals: Tensor,
    log_probs: Tensor,
    allowed: Tensor,
    places: Tensor,
    most: Tensor,
    progress: Progress,
    phrases: Tensor,
    vocabulary: Vocabulary,
) -> tuple[Tensor, Tensor, Tensor]:
    """The continuations that get a place: columns, parents and log P, batch x most.

    Args:
        totals: batch x beams, log P so far.
        log_probs: batch x beams x columns.
        allowed: The same, with -inf on what must not come next.
        places: batch.
        most: At least as many as any sentence has places.
        progress: Of the hypotheses.
        phrases: batch x phrases x phrase_length.
        vocabulary: What the columns stand for.
    """
    batch, beams, columns = tf.unstack(tf.shape(log_probs))
    wanted = _wanted(progress, phrases)  # batch x beams x phrases
    wanted_columns = vocabulary.columns_of(wanted)
    free = _free(allowed, progress, wanted_columns, vocabulary)
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


def _waits(progress: Progress, phrases: Tensor) -> Tensor:
    """Whether an earlier phrase of the same tokens does not stand yet; batch x beams x phrases."""
    same = tf.reduce_all(phrases[:, :, None] == phrases[:, None], axis=-1)
    order = tf.range(tf.shape(phrases)[1])
    earlier = tf.where(same & (order < order[:, None]), order, -1)  # batch x phrases x phrases
    last = tf.reduce_max(earlier, axis=-1)  # batch x phrases, -1 where there is none
    stands = tf.gather(progress.met, tf.maximum(last, 0), axis=2, batch_dims=1)
    return (last >= 0)[:, None] & ~stands


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
    never = tf.fill(tf.shape(wanted_columns), NEVER)
    return tf.tensor_scatter_nd_min(allowed, _indices(wanted_columns), never)


def _indices(columns: Tensor) -> Tensor:
    """For scattering into batch x beams x columns: batch x beams x any number x 3."""
    grid = tf.meshgrid(*map(tf.range, tf.unstack(tf.shape(columns))), indexing="ij")
    return tf.stack([*grid[:2], columns], axis=-1)


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
