"""What must not come next."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from translator.constants import BOS, EOS, PAD, UNK
from translator.search.hypotheses import NEVER, Array, Options, Sentences

LONGEST_REPEATED = 40
"""Most tokens of a sequence whose repetition in a row is noticed."""

_LENGTHS = np.arange(1, LONGEST_REPEATED + 1)
DIVIDED = (_LENGTHS[:, None] % _LENGTHS == 0) & (_LENGTHS[:, None] > _LENGTHS)
"""Which lengths are multiples of which; lengths x lengths, from 1. What repeats a sequence repeats
two of it in a row half as often; only the sequence itself says how often something stands there."""


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """What the columns of the logits stand for.

    Attributes:
        ids: columns, int32, in any order, PAD and EOS among them, and of `never` only what some
            phrase asks for; PAD stands for all that is not listed. None: every column is its own
            id.
        never: Ids that a hypothesis puts out where a phrase asks for them, if at all.
        joining: vocabulary, bool: pieces that go on with the word before them. None of them may
            follow a required phrase, nor does one that is pointed to begin in their place.
    """

    ids: Array | None = None
    never: Sequence[int] = (PAD, UNK, BOS)
    joining: Array | None = None

    def ids_of(self, columns: Array) -> Array:
        """Ids for columns."""
        return columns if self.ids is None else self.ids[columns]

    def columns_of(self, ids: Array) -> Array:
        """Columns for ids, the first if there are several; that of PAD for an id that has none."""
        return ids if self.ids is None else self._columns.take(ids, mode="clip")

    def is_never(self, ids: Array) -> Array:
        """Which ids are among `never`; bool."""
        return np.isin(ids, self.never)

    @cached_property
    def never_columns(self) -> Array:
        """The columns of `never`."""
        if self.ids is None:
            return np.array(self.never)
        return np.flatnonzero(self.is_never(self.ids))

    @cached_property
    def halting_column(self) -> int:
        """The column of EOS."""
        return int(self.columns_of(np.array(EOS)))

    @cached_property
    def joining_columns(self) -> Array:
        """The columns of pieces that go on with the word before them."""
        if self.joining is None:
            return np.zeros(0, np.int64)
        return np.flatnonzero(self.joining if self.ids is None else self.joining[self.ids])

    @cached_property
    def _columns(self) -> Array:
        """The columns of all ids up to the highest that has one; then that of PAD."""
        assert self.ids is not None
        columns = np.full(self.ids.max() + 2, np.flatnonzero(self.ids == PAD)[0])
        columns[self.ids[::-1]] = np.arange(len(self.ids))[::-1]
        return columns


class Past(NamedTuple):
    """What the rules need to know of the tokens so far.

    Attributes:
        history: hypotheses x tokens.
        runs: hypotheses x periods: for each period p, how many tokens up to now were each the same
            as the one p before it.
    """

    history: Array
    runs: Array

    def then(self, rows: Array, tokens: Array) -> Past:
        """Some of the hypotheses, each with one more token."""
        history, runs, new = self.history[rows], self.runs[rows], tokens[:, None]
        recent = history[:, : -runs.shape[1] - 1 : -1]
        running = runs[:, : recent.shape[1]]
        running += 1
        running *= recent == new
        return Past(np.concatenate([history, new], axis=1), runs)


def no_past(sentences: Sentences, options: Options) -> Past | None:
    """Before the first token, of one hypothesis for each sentence; None where no rule asks for it.

    There are as many periods as may ever be of use: of a period of p tokens, of which m may stand
    in a row, the rule forbids the token that would make it m + 1.
    """
    needed = _LENGTHS * (sentences.max_repeats.astype(np.int64) + 1)
    useful = np.flatnonzero((needed <= sentences.max_lengths[:, None]).any(axis=0))
    if not len(useful) and not options.no_repeat_ngram_size:
        return None
    batch, longest = len(sentences.mask), useful.max(initial=-1) + 1
    return Past(np.zeros((batch, 0), np.int32), np.zeros((batch, longest), np.int32))


def apply_rules(
    logits: Array,
    past: Past | None,
    t: int,
    sentences: Sentences,
    options: Options,
    vocabulary: Vocabulary,
) -> None:
    """Puts -inf on what must not come next.

    Args:
        logits: batch · beams x columns; changed.
        past: Of the hypotheses.
        t: How many tokens they have.
        sentences: The sentences.
        options: The settings.
        vocabulary: What the columns stand for.
    """
    halting = vocabulary.halting_column
    beams = len(logits) // len(sentences.mask)
    may_halt = logits[:, halting].copy()
    logits[:, vocabulary.never_columns] = NEVER
    if options.min_length:
        # Capped below its least length, a sentence may halt at its cap.
        too_short = t < np.minimum(options.min_length, sentences.max_lengths - 1)
        logits[np.repeat(too_short, beams), halting] = NEVER
    if past is None:
        return
    rows, tokens = _repetitions(past, sentences.max_repeats)
    if options.no_repeat_ngram_size:
        of_ngrams = _ngrams(past.history, options.no_repeat_ngram_size)
        rows, tokens = map(np.concatenate, zip((rows, tokens), of_ngrams, strict=True))
    if len(rows):
        logits[rows, vocabulary.columns_of(tokens)] = NEVER
        # Where nothing is left, not even by min_length, a hypothesis may still halt.
        rows = rows[logits[rows].max(axis=1) == NEVER]
        logits[rows, halting] = may_halt[rows]


def _repetitions(past: Past, most: Array) -> tuple[Array, Array]:
    """Hypotheses, and the tokens that would complete one repetition too many.

    What stands `most` times in a row has `most` - 1 periods of tokens that are each the same as the
    one a period before; the token that makes it `most` whole periods is one too many. What consists
    of repetitions itself is left to the limit of what is repeated in it.

    Args:
        past: Of the hypotheses, as many of each sentence.
        most: batch x LONGEST_REPEATED, how often a sequence may stand in a row, by its length.
    """
    if past.runs.max(initial=0) < most.min() - 1:  # as it nearly always is
        return np.zeros(0, np.int64), np.zeros(0, np.int32)
    count = min(past.runs.shape[1], past.history.shape[1])
    last = np.arange(1, count + 1) * most[:, :count] - 1  # batch x periods
    last = last.repeat(len(past.runs) // len(most), axis=0)
    rows, periods = np.nonzero(past.runs[:, :count] == last)
    runs = past.runs[rows, :count]
    of_parts = (runs * DIVIDED[periods, :count]).max(axis=1, initial=0)
    itself = of_parts < runs[np.arange(len(rows)), periods]
    return rows[itself], past.history[rows[itself], -1 - periods[itself]]


def _ngrams(history: Array, n: int) -> tuple[Array, Array]:
    """Hypotheses, and the tokens that would complete an n-gram that they hold."""
    if history.shape[1] < n:
        return np.zeros(0, np.int64), np.zeros(0, np.int32)
    ngrams = np.lib.stride_tricks.sliding_window_view(history, n, axis=1)
    begun = history[:, None, history.shape[1] - n + 1 :]
    rows, starts = np.nonzero((ngrams[..., :-1] == begun).all(axis=-1))
    return rows, ngrams[rows, starts, -1]
