"""Phrases that a translation must hold: dynamic beam allocation (Post & Vilar, arXiv 1804.06609).

The beam of a sentence is divided into banks, by how many required tokens a hypothesis has put out.
Every hypothesis may always go on with the next token of a phrase, and each bank has a place for its
best one, so that hypotheses which pay for a required token are not crowded out by those that have
not paid yet (vectorised after Hu et al., NAACL 2019). The other places go to the likeliest.

Where a phrase belongs, the attention tells: with the weight that lies on the source words of a
phrase, it is put out in place of the word that the model would, as a pointer network copies
(See et al., arXiv 1704.04368). What is pointed to begins and ends as words do. A model may also put
out the first tokens of a phrase for another reason, as it puts a space before many things; so each
hypothesis knows how likely it is that they were pointed to.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf

from translator.constants import EOS, PAD
from translator.search.hypotheses import NEVER, Required, Tensor
from translator.search.rules import Vocabulary
from translator.search.top import best_continuations

_GOES_ON = 0.95
"""Probability of the next token of what is pointed to; and most of all attention that points."""

_NO_CHANCE = 1e-30
"""In place of a probability of 0, which has no logarithm."""


class Progress(NamedTuple):
    """How far hypotheses are with their phrases.

    Attributes:
        met: batch x beams x phrases, bool: the phrase stands.
        matched: batch x beams x phrases, int32: how many tokens at the end are its first ones; 0
            while an earlier phrase of the same tokens does not stand.
        belief: batch x beams x phrases, float32: how likely it is that these tokens were pointed
            to; of a phrase that the last token completed, that all of it was.
        closing: batch x beams, bool: the last token was the last one of a phrase.
    """

    met: Tensor
    matched: Tensor
    belief: Tensor
    closing: Tensor


def no_progress(phrases: Tensor) -> Progress:
    """Before the first token, of one beam."""
    empty = tf.reduce_all(phrases == PAD, axis=-1)[:, None]
    return Progress(
        empty,
        tf.zeros_like(empty, tf.int32),
        tf.zeros_like(empty, tf.float32),
        tf.zeros_like(empty[..., 0]),
    )


def advance(progress: Progress, tokens: Tensor, phrases: Tensor, shares: Tensor) -> Progress:
    """With the next tokens.

    What is required twice must stand twice: of phrases of the same tokens, each waits for the one
    before it.

    Args:
        progress: Of the hypotheses.
        tokens: batch x beams.
        phrases: batch x phrases x phrase_length.
        shares: batch x beams x phrases, as `pointed` gives them.
    """
    lengths = tf.reduce_sum(tf.cast(phrases != PAD, tf.int32), axis=-1)[:, None]
    token = tokens[..., None]
    first = phrases[:, None, :, 0]
    goes_on = token == _next(progress, phrases)
    matched = tf.where(goes_on, progress.matched + 1, tf.cast(token == first, tf.int32))
    idle = progress.met | _waits(progress, phrases)
    complete = ~idle & (matched == lengths)
    # What points to a phrase that waits points to the one that it waits for.
    shares = tf.where(goes_on[:, :, None] & _same(phrases)[:, None], shares[:, :, None], 0.0)
    return Progress(
        progress.met | complete,
        tf.where(idle | complete, 0, matched),
        tf.where(idle, 0.0, tf.reduce_sum(shares, axis=-1)),
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
) -> tuple[Tensor, Tensor]:
    """The mixture P' of the model and the phrases c that are still to come.

    A phrase that has begun, and was pointed to with probability b_c, goes on with w_c = 0.95·b_c.
    Any other begins with w_c = (1 - Σ 0.95·b)·α_c·S, where α_c is the attention on its source words
    and S is what the model leaves to pieces that begin a word: of these, it takes the place. After
    a phrase that was pointed to, S is 1.

    Args:
        log_probs: batch x beams x columns, log P.
        attention: batch x beams x source_length.
        required: Of the sentences.
        progress: Of the hypotheses.
        vocabulary: What the columns stand for.

    Returns:
        log P', batch x beams x columns; and for each phrase, w_c as a share of the P' of its next
        token, batch x beams x phrases.
    """
    joins = vocabulary.joins(tf.shape(log_probs)[-1])
    # `reduce_logsumexp` would pass over all columns twice as often.
    starting = tf.exp(log_probs + tf.where(joins, NEVER, 0.0))
    starts = tf.math.log(tf.maximum(tf.reduce_sum(starting, axis=-1, keepdims=True), _NO_CHANCE))
    ended = tf.reduce_sum(tf.where(progress.met, progress.belief, 0.0), axis=-1, keepdims=True)
    may_start = ended + (1.0 - ended) * tf.exp(starts)  # S

    token = _next(progress, required.phrases)  # batch x beams x phrases
    begun = progress.matched > 0
    goes_on = tf.where(begun, _GOES_ON * progress.belief, 0.0)
    left = 1.0 - tf.reduce_sum(goes_on, axis=-1, keepdims=True)
    # As a sum, because oneDNN keeps 300 kB for each shape of a product, however small.
    looks = tf.reduce_sum(attention[:, :, None] * required.spans[:, None], axis=-1)
    looks = tf.where(begun | (token == PAD), 0.0, looks)
    looks *= tf.minimum(1.0, _GOES_ON / tf.maximum(tf.reduce_sum(looks, -1, keepdims=True), 1e-9))
    weight = goes_on + left * looks * may_start

    of_joining = tf.math.log(left)
    of_starts = tf.math.log(may_start) - starts + tf.math.log1p(-tf.reduce_sum(looks, -1, True))
    rest = log_probs + tf.where(joins, of_joining, of_joining + of_starts)
    columns = vocabulary.columns_of(token)
    same = token[..., None] == token[:, :, None]
    added = tf.reduce_sum(tf.where(same, weight[:, :, None], 0.0), axis=-1)
    mixed = tf.exp(tf.gather(rest, columns, batch_dims=2)) + added
    log_probs = tf.tensor_scatter_nd_update(rest, _indices(columns), tf.math.log(mixed))
    return log_probs, tf.math.divide_no_nan(weight, mixed)


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
    free = tf.reshape(free, [batch * beams, 1, columns])  # each hypothesis for itself
    found = best_continuations(tf.zeros([batch * beams, 1]), free, most)
    free_columns, _, free_log_probs = (tf.reshape(x, [batch, beams, -1]) for x in found)
    of_wanted = tf.gather(log_probs, wanted_columns, batch_dims=2)
    of_wanted = tf.where(wanted == PAD, NEVER, of_wanted)

    many = tf.shape(free_columns)[-1] + tf.shape(wanted)[-1]
    all_columns = tf.reshape(tf.concat([free_columns, wanted_columns], -1), [batch, beams * many])
    scores = tf.concat([free_log_probs, of_wanted], -1) + totals[..., None]
    scores = tf.reshape(scores, [batch, beams * many])
    parents = tf.repeat(tf.range(beams), many)
    tokens = vocabulary.ids_of(all_columns)
    before = Progress(*(tf.gather(x, parents, axis=1) for x in progress))
    after = advance(before, tokens, phrases, tf.zeros_like(before.belief))
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
    order = tf.range(tf.shape(phrases)[1])
    earlier = _same(phrases) & (order < order[:, None])
    last = tf.reduce_max(tf.where(earlier, order, -1), axis=-1)  # batch x phrases, -1: none
    stands = tf.gather(progress.met, tf.maximum(last, 0), axis=2, batch_dims=1)
    return (last >= 0)[:, None] & ~stands


def _same(phrases: Tensor) -> Tensor:
    """Which phrases are of the same tokens; batch x phrases x phrases."""
    return tf.reduce_all(phrases[:, :, None] == phrases[:, None], axis=-1)


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
    joins = vocabulary.joins(tf.shape(allowed)[-1]) & progress.closing[..., None]
    allowed = tf.where(joins, NEVER, allowed)
    waiting = vocabulary.columns_of(tf.where(all_met(progress), PAD, EOS))  # PAD never comes
    barred = tf.concat([wanted_columns, waiting[..., None]], axis=-1)
    return tf.tensor_scatter_nd_min(allowed, _indices(barred), tf.fill(tf.shape(barred), NEVER))


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
    """Which candidates get a place: the best of each bank, then the likeliest of all.

    Of the former, those with more required tokens come first.
    """
    count = tf.shape(scores)[1]
    scores, order = tf.math.top_k(scores, count)
    banks = tf.gather(banks, order, batch_dims=1)
    one_hot = tf.one_hot(banks, tf.reduce_max(banks) + 1, dtype=tf.int32)
    before = tf.cumsum(one_hot, axis=1, exclusive=True)  # batch x candidates x banks
    is_best = tf.reduce_sum(before * one_hot, axis=-1) == 0
    key = tf.where(is_best, banks, -1 - tf.range(count))
    _, chosen = tf.math.top_k(tf.where(scores > NEVER, key, tf.int32.min), most)
    return tf.gather(order, chosen, batch_dims=1)
