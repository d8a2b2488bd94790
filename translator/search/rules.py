"""What must not come next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from translator.constants import BOS, EOS, PAD, UNK
from translator.search.hypotheses import NEVER, Options, Sentences, Tensor

LONGEST_REPEATED = 40
"""Most tokens of a sequence whose repetition in a row is noticed."""


class Vocabulary(NamedTuple):
    """What the columns of the logits stand for.

    Attributes:
        ids: columns, int32, ascending, PAD and EOS among them, and of `never` only what some phrase
            asks for; PAD stands for all that is not listed. None: every column is its own id.
        never: Ids that a hypothesis puts out where a phrase asks for them, if at all.
        joining: vocabulary, bool: pieces that go on with the word before them. None of them may
            follow a required phrase, nor does one that is pointed to begin in their place.
        barred: What `bar` gives, computed before the search; None: it does that at every step.
    """

    ids: Tensor | None = None
    never: Sequence[int] = (PAD, UNK, BOS)
    joining: Tensor | None = None
    barred: Tensor | None = None

    def ids_of(self, columns: Tensor) -> Tensor:
        """Ids for columns."""
        return columns if self.ids is None else tf.gather(self.ids, columns)

    def columns_of(self, ids: Tensor) -> Tensor:
        """Columns for ids; that of PAD for an id that has none."""
        if self.ids is None:
            return ids
        places = tf.searchsorted(self.ids, tf.reshape(ids, [-1]))
        places = tf.reshape(tf.minimum(places, tf.shape(self.ids)[0] - 1), tf.shape(ids))
        return tf.where(tf.gather(self.ids, places) == ids, places, 0)

    def bar(self, count: Tensor) -> Tensor:
        """-inf on `never`, 0 on the others; columns, float32."""
        return tf.where(self.is_never(self.all_ids(count)), NEVER, 0.0)

    def is_never(self, ids: Tensor) -> Tensor:
        """Which ids are among `never`; bool."""
        return tf.reduce_any(ids[..., None] == list(self.never), axis=-1)

    def joins(self, count: Tensor) -> Tensor:
        """Which columns stand for pieces that go on with the word before them; bool."""
        return tf.gather(self.joining, self.all_ids(count))

    def all_ids(self, count: Tensor) -> Tensor:
        """The id of each column."""
        return tf.range(count) if self.ids is None else self.ids


class Past(NamedTuple):
    """What the rules need to know of the tokens so far.

    Attributes:
        history: batch x beams x max_length, the tokens; of no length where no rule asks for them.
        recent: batch x beams x LONGEST_REPEATED, the last ones, newest first.
        runs: batch x beams x LONGEST_REPEATED: for each period p, how many tokens up to now were
            each the same as the one p before it.
    """

    history: Tensor
    recent: Tensor
    runs: Tensor

    def then(self, tokens: Tensor, t: Tensor) -> Past:
        """With the tokens (batch x beams) of step t."""
        new = tokens[..., None]
        history = self.history
        if history.shape[-1] != 0:
            history = tf.where(tf.range(tf.shape(history)[-1]) == t, new, history)
        return Past(
            history,
            tf.concat([new, self.recent[..., :-1]], axis=-1),
            tf.where(self.recent == new, self.runs + 1, 0),
        )

    def repetitions(self, most: Tensor) -> Tensor:
        """The token that would complete one repetition too many, for each period; PAD is none.

        What stands `most` times in a row has `most` - 1 periods of tokens that are each the same
        as the one a period before; the token that makes it `most` whole periods is one too many.

        Args:
            most: batch x LONGEST_REPEATED, how often a sequence may stand in a row, by its length.
        """
        periods = tf.range(1, LONGEST_REPEATED + 1)
        last = periods * most - 1  # batch x periods
        return tf.where(self.runs == last[:, None], self.recent, PAD)


def no_past(batch: Tensor, longest: Tensor, options: Options) -> Past:
    """Before the first token, of one beam."""
    length = longest
    if options.no_repeat_ngram_size is None:
        length = 0
    nothing = tf.fill([batch, 1, LONGEST_REPEATED], PAD)
    return Past(tf.fill([batch, 1, length], PAD), nothing, nothing)


def apply_rules(
    log_probs: Tensor,
    past: Past,
    t: Tensor,
    sentences: Sentences,
    options: Options,
    vocabulary: Vocabulary,
) -> Tensor:
    """Log-probabilities with -inf on what must not come next; batch x beams x columns.

    Args:
        log_probs: batch x beams x columns.
        past: Of the hypotheses.
        t: How many tokens they have.
        sentences: The sentences.
        options: The settings.
        vocabulary: What the columns stand for.
    """
    barred = vocabulary.barred
    allowed = log_probs + (vocabulary.bar(tf.shape(log_probs)[-1]) if barred is None else barred)
    if options.min_length is not None:
        allowed = _not_too_short(allowed, t, options.min_length, sentences, vocabulary)
    if options.no_repeat_ngram_size is not None:
        n = tf.convert_to_tensor(options.no_repeat_ngram_size)
        allowed = tf.cond(
            (n > 0) & (t >= n),
            lambda: _without(_ngrams(past.history, t, n), allowed, log_probs, vocabulary),
            lambda: allowed,
        )
    return _without(past.repetitions(sentences.max_repeats), allowed, log_probs, vocabulary)


def _not_too_short(
    allowed: Tensor, t: Tensor, least: Tensor, sentences: Sentences, vocabulary: Vocabulary
) -> Tensor:
    """-inf on EOS before a sentence's least length; capped below it, it may halt at its cap."""
    too_short = t < tf.minimum(least, sentences.max_lengths - 1)  # batch
    ids = vocabulary.all_ids(tf.shape(allowed)[-1])
    return tf.cond(
        tf.reduce_any(too_short),
        lambda: allowed + tf.where((ids == EOS) & too_short[:, None], NEVER, 0.0)[:, None],
        lambda: allowed,
    )


def _without(
    banned: Tensor, allowed: Tensor, unrestricted: Tensor, vocabulary: Vocabulary
) -> Tensor:
    """-inf on banned tokens, batch x beams x any number, of which PAD stands for none."""

    def ban() -> Tensor:
        batch, beams, many = tf.unstack(tf.shape(banned))
        grid = tf.meshgrid(tf.range(batch), tf.range(beams), tf.range(many), indexing="ij")
        indices = tf.stack([*grid[:2], vocabulary.columns_of(banned)], axis=-1)
        left = tf.tensor_scatter_nd_min(allowed, indices, tf.fill(tf.shape(banned), NEVER))
        # Where nothing is left, not even by min_length, a hypothesis may still halt.
        stuck = tf.reduce_all(left == NEVER, axis=-1, keepdims=True)
        halts = vocabulary.all_ids(tf.shape(left)[-1]) == EOS
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
