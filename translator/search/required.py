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

import numpy as np

from translator.constants import PAD
from translator.search.hypotheses import NEVER, Array, ranks_within
from translator.search.rules import Vocabulary
from translator.search.top import Continuations, best_continuations

_GOES_ON = np.float32(0.95)
"""Probability of the next token of what is pointed to; and most of all attention that points."""

_NO_CHANCE = np.float32(1e-30)
"""In place of a probability of 0, which has no logarithm."""


class Progress(NamedTuple):
    """How far hypotheses are with their phrases.

    Attributes:
        token: hypotheses x phrases, int32: the next one of each phrase, PAD where it stands.
        met: hypotheses x phrases, bool: the phrase stands.
        matched: hypotheses x phrases, int64: how many tokens at the end are its first ones; 0 while
            an earlier phrase of the same tokens does not stand.
        belief: hypotheses x phrases, float32: how likely it is that these tokens were pointed to;
            of a phrase that the last token completed, that all of it was.
        closing: hypotheses, bool: the last token was the last one of a phrase.
    """

    token: Array
    met: Array
    matched: Array
    belief: Array
    closing: Array

    def of(self, hypotheses: Array) -> Progress:
        """That of some of the hypotheses."""
        return Progress(*(x[hypotheses] for x in self))

    def all_met(self) -> Array:
        """Whether every phrase stands; hypotheses."""
        return np.asarray(self.met.all(axis=-1))


def no_progress(phrases: Array) -> Progress:
    """Before the first token."""
    empty = np.logical_and.reduce(phrases == PAD, axis=-1)
    return Progress(
        token=phrases[..., 0],
        met=empty,
        matched=np.zeros(empty.shape, np.int64),
        belief=np.zeros(empty.shape, np.float32),
        closing=np.zeros(len(empty), np.bool_),
    )


def advance(progress: Progress, tokens: Array, phrases: Array, shares: Array | None) -> Progress:
    """With the next tokens.

    What is required twice must stand twice: of phrases of the same tokens, each waits for the one
    before it.

    Args:
        progress: Of the hypotheses.
        tokens: hypotheses.
        phrases: hypotheses x phrases x phrase_length.
        shares: hypotheses x phrases, as `point` gives them; None where nobody asks for belief.
    """
    lengths = (phrases != PAD).sum(axis=-1)
    same = (phrases[:, :, None] == phrases[:, None]).all(axis=-1)
    goes_on = tokens[:, None] == progress.token
    matched = np.where(goes_on, progress.matched + 1, tokens[:, None] == phrases[..., 0])
    waits = (same & _earlier(phrases) & ~progress.met[:, None]).any(axis=-1)
    idle = progress.met | waits
    complete = ~idle & (matched == lengths)
    belief = progress.belief
    if shares is not None:
        # What points to a phrase that waits points to the one that it waits for.
        belief = np.where(same & goes_on[:, None], shares[:, None], np.float32(0)).sum(axis=-1)
        belief[idle] = 0.0
    met, matched = progress.met | complete, np.where(idle | complete, 0, matched)
    hypotheses, many, _ = phrases.shape
    return Progress(
        token=np.where(
            met, PAD, phrases[np.arange(hypotheses)[:, None], np.arange(many), matched * ~met]
        ),
        met=met,
        matched=matched,
        belief=belief,
        closing=complete.any(axis=-1),
    )


def point(
    log_probs: Array,
    attention: Array,
    spans: Array,
    progress: Progress,
    vocabulary: Vocabulary,
) -> Array:
    """Makes the mixture P' of the model and the phrases c that are still to come.

    A phrase that has begun, and was pointed to with probability b_c, goes on with w_c = 0.95·b_c.
    Any other begins with w_c = (1 - Σ 0.95·b)·α_c·S, where α_c is the attention on its source words
    and S is what the model leaves to pieces that begin a word: of these, it takes the place. After
    a phrase that was pointed to, S is 1.

    Args:
        log_probs: hypotheses x columns, log P; log P' then.
        attention: hypotheses x source_length.
        spans: hypotheses x phrases x source_length, of `Required`.
        progress: Of the hypotheses.
        vocabulary: What the columns stand for.

    Returns:
        For each phrase, w_c as a share of the P' of its next token, hypotheses x phrases.
    """
    token = progress.token
    begun = progress.matched > 0
    goes_on = np.where(begun, _GOES_ON * progress.belief, np.float32(0))
    looks = np.einsum("hs,hps->hp", attention, spans)
    looks[begun | (token == PAD)] = 0.0
    looks *= np.minimum(1.0, _GOES_ON / np.maximum(looks.sum(axis=-1, keepdims=True), 1e-9))
    ended = np.where(progress.met, progress.belief, np.float32(0)).sum(axis=-1)

    shares = np.zeros(token.shape, np.float32)
    # For all others, P' is P.
    some = np.flatnonzero((goes_on + looks).any(axis=-1) | (ended > 0))
    if len(some):
        parts = (x[some] for x in (log_probs, token, goes_on, looks, ended))
        log_probs[some], shares[some] = _mixture(vocabulary, *parts)
    return shares


def _mixture(
    vocabulary: Vocabulary,
    log_probs: Array,
    token: Array,
    goes_on: Array,
    looks: Array,
    ended: Array,
) -> tuple[Array, Array]:
    """What `point` makes of hypotheses of which something is pointed to: log P' and shares."""
    begins = np.ones(log_probs.shape[1], np.float32)
    begins[vocabulary.joining_columns] = 0.0
    starts = np.maximum(np.vecdot(np.exp(log_probs), begins), _NO_CHANCE)
    may_start = ended + (1.0 - ended) * starts  # S
    left = 1.0 - goes_on.sum(axis=-1)
    weight = goes_on + left[:, None] * looks * may_start[:, None]
    of_starts = np.log(may_start / starts) + np.log1p(-looks.sum(axis=-1))
    log_probs += of_starts[:, None] * begins
    log_probs += np.log(left)[:, None]

    rows, columns = np.arange(len(token))[:, None], vocabulary.columns_of(token)
    same = token[:, :, None] == token[:, None]
    added = np.where(same, weight[:, None], np.float32(0)).sum(axis=-1)
    mixed = np.maximum(np.exp(log_probs[rows, columns]) + added, _NO_CHANCE)
    log_probs[rows, columns] = np.log(mixed)
    return log_probs, weight / mixed


def asked_for(
    totals: Array, log_probs: Array, progress: Progress, vocabulary: Vocabulary
) -> Continuations:
    """Every living hypothesis with the next token of each phrase; each token once.

    Args:
        totals: hypotheses, log P so far.
        log_probs: hypotheses x columns.
        progress: Of the hypotheses.
        vocabulary: What the columns stand for.
    """
    token = progress.token
    again = ((token[:, :, None] == token[:, None]) & _earlier(token)).any(axis=-1)
    rows, which = np.nonzero((token != PAD) & ~again)
    columns = vocabulary.columns_of(token[rows, which])
    made = log_probs[rows, columns]
    asked = Continuations(rows, columns, totals[rows] + made, made)
    return Continuations(*(x[asked.totals > NEVER] for x in asked))


def select(
    totals: Array,
    allowed: Array,
    asked: Continuations,
    places: Array,
    kept: Array,
    progress: Progress,
    phrases: Array,
    vocabulary: Vocabulary,
) -> Continuations:
    """The continuations that get a place.

    Args:
        totals: batch x beams, log P so far.
        allowed: batch · beams x columns, log-probabilities, -inf on what must not come next;
            changed.
        asked: As `asked_for` gives them.
        places: batch, how many are wanted of each sentence.
        kept: batch, hypotheses kept at each step.
        progress: Of the hypotheses.
        phrases: batch · beams x phrases x phrase_length.
        vocabulary: What the columns stand for.
    """
    beams = totals.shape[1]
    _only_free(allowed, asked, progress, vocabulary)
    of_each = np.repeat(np.where(places > 1, kept, places), beams)
    no_sums = np.zeros(len(allowed), np.float32)
    free = best_continuations(totals.reshape(-1, 1), allowed, no_sums, of_each)
    every = Continuations(*map(np.concatenate, zip(free, asked, strict=True)))
    sentences = every.rows // beams
    order = np.lexsort((every.rows, -every.totals, sentences))
    every, sentences = Continuations(*(x[order] for x in every)), sentences[order]
    tokens, phrases = vocabulary.ids_of(every.columns), phrases[every.rows]
    banks = _banks(advance(progress.of(every.rows), tokens, phrases, None), phrases)
    chosen = _allocate(sentences, banks, places)
    return Continuations(*(x[chosen] for x in every))


def _earlier(phrases: Array) -> Array:
    """Which phrases stand before which, phrases x phrases; of hypotheses x phrases x ...."""
    order = np.arange(phrases.shape[1])
    return order[:, None] > order


def _only_free(
    allowed: Array, asked: Continuations, progress: Progress, vocabulary: Vocabulary
) -> None:
    """Puts -inf on what a phrase asks for, and on EOS until all phrases stand."""
    closing = np.flatnonzero(progress.closing)
    allowed[closing[:, None], vocabulary.joining_columns] = NEVER
    allowed[asked.rows, asked.columns] = NEVER
    allowed[~progress.all_met(), vocabulary.halting_column] = NEVER


def _banks(progress: Progress, phrases: Array) -> Array:
    """How many required tokens have been put out; hypotheses."""
    lengths = (phrases != PAD).sum(axis=-1)
    banks: Array = (lengths * progress.met).sum(axis=-1) + progress.matched.max(axis=-1)
    return banks


def _allocate(sentences: Array, banks: Array, places: Array) -> Array:
    """Which candidates get a place, in order: the best of each bank, then the likeliest of all.

    Of the former, those with more required tokens come first.

    Args:
        sentences: candidates, those of a sentence side by side, the likeliest first.
        banks: candidates.
        places: sentences.
    """
    candidates = np.arange(len(banks))
    key = -1 - candidates
    _, best = np.unique(sentences * (banks.max(initial=0) + 1) + banks, return_index=True)
    key[best] = banks[best]
    order = np.lexsort((-key, sentences))
    return np.sort(order[ranks_within(sentences) < places[sentences]])
