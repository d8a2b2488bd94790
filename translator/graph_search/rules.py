"""What must not come next."""

from __future__ import annotations

import tensorflow as tf

from translator.constants import BOS, EOS, PAD, UNK
from translator.graph_search.hypotheses import NEVER, Options, Sentences, Tensor


def with_tokens(history: Tensor, tokens: Tensor, t: Tensor) -> Tensor:
    """A history with the tokens (batch x beams) of step t."""
    return tf.where(tf.range(tf.shape(history)[-1]) == t, tokens[..., None], history)


def apply_rules(
    log_probs: Tensor, history: Tensor, t: Tensor, sentences: Sentences, options: Options
) -> Tensor:
    """Log-probabilities with -inf on what must not come next; batch x beams x vocabulary.

    Args:
        log_probs: batch x beams x vocabulary.
        history: Of the hypotheses, batch x beams x max_length.
        t: How many tokens they have.
        sentences: The sentences.
        options: The settings.
    """
    ids = tf.range(tf.shape(log_probs)[-1])
    never = tf.reduce_any(ids[:, None] == [PAD, UNK, BOS], axis=-1)
    allowed = log_probs + tf.where(never, NEVER, 0.0)
    allowed = _not_too_short(allowed, t, options.min_length, sentences)
    n = options.no_repeat_ngram_size
    return tf.cond(
        (n > 0) & (t >= n),
        lambda: _without(_ngrams(history, t, n), allowed, log_probs),
        lambda: allowed,
    )


def _not_too_short(allowed: Tensor, t: Tensor, least: Tensor, sentences: Sentences) -> Tensor:
    """-inf on EOS before a sentence's least length; capped below it, it may halt at its cap."""
    too_short = t < tf.minimum(least, sentences.max_lengths - 1)  # batch
    ids = tf.range(tf.shape(allowed)[-1])
    return tf.cond(
        tf.reduce_any(too_short),
        lambda: allowed + tf.where((ids == EOS) & too_short[:, None], NEVER, 0.0)[:, None],
        lambda: allowed,
    )


def _without(banned: Tensor, allowed: Tensor, unrestricted: Tensor) -> Tensor:
    """-inf on banned tokens, batch x beams x any number, of which PAD stands for none."""

    def ban() -> Tensor:
        grid = tf.meshgrid(*map(tf.range, tf.unstack(tf.shape(banned))), indexing="ij")
        indices = tf.stack([*grid[:2], banned], axis=-1)
        left = tf.tensor_scatter_nd_min(allowed, indices, tf.fill(tf.shape(banned), NEVER))
        # Where nothing is left, not even by min_length, a hypothesis may still halt.
        stuck = tf.reduce_all(left == NEVER, axis=-1, keepdims=True)
        halts = tf.range(tf.shape(left)[-1]) == EOS
        return tf.where(stuck & halts, unrestricted, left)

    return tf.cond(tf.reduce_any(banned != PAD), ban, lambda: allowed)


def _ngrams(history: Tensor, t: Tensor, n: Tensor) -> Tensor:
    """The tokens that would complete an n-gram that a hypothesis holds already."""
    starts = tf.range(tf.shape(history)[-1])

    def matches(j: Tensor, match: Tensor) -> tuple[Tensor, Tensor]:
        wanted = tf.gather(history, t - n + 1 + j, axis=-1)[..., None]
        return j + 1, match & (tf.roll(history, -j, axis=-1) == wanted)

    match = tf.broadcast_to(starts + n - 1 < t, tf.shape(history))
    _, match = tf.while_loop(lambda j, _: j < n - 1, matches, (tf.constant(0), match))
    return tf.where(match, tf.roll(history, 1 - n, axis=-1), PAD)  # batch x beams x starts
