"""Tokens are kept as back-pointers and read back at the end.

So nothing but the beam's state is moved when the beam is reordered.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from translator.search.hypotheses import NEVER, Array, Hypotheses, ranks_within

ROOT = -1
"""In place of the number of what stands before the first token."""


class Made(NamedTuple):
    """What one step made: continuations, of all sentences that were in the batch."""

    before: Array  # the numbers of those that they go on from
    tokens: Array
    log_probs: Array  # of the token
    attention: Array  # continuations x source_length


class Ended(NamedTuple):
    """Hypotheses that ended in one step."""

    members: Array  # which sentences they are of
    cut: Array  # bool: at the cap, not by EOS
    scores: Array
    numbers: Array  # of the continuations with their last tokens


class Trace:
    """All that a search has made and that has ended, in order."""

    def __init__(self) -> None:
        self.steps: list[Made] = []
        self.ended: list[Ended] = []
        self._count = 0

    def add(self, made: Made) -> Array:
        """Keeps what a step made, and tells the numbers that it has."""
        first, self._count = self._count, self._count + len(made.tokens)
        self.steps.append(made)
        return np.arange(first, self._count)


def read_back(trace: Trace, sentences: int, n_best: int, source_length: int) -> Hypotheses:
    """Follows the back-pointers from the last token of each hypothesis to its first.

    Args:
        trace: Of the search.
        sentences: Their number.
        n_best: Hypotheses wanted of each.
        source_length: Of the batch.
    """
    shape = sentences, n_best, len(trace.steps)
    found = Hypotheses(
        output_ids=np.zeros(shape, np.int32),
        lengths=np.zeros(shape[:2], np.int32),
        scores=np.full(shape[:2], NEVER, np.float32),
        log_probs=np.zeros(shape, np.float32),
        alignments=np.zeros((*shape, source_length), np.float32),
        finished=np.zeros(shape[:2], np.bool_),
    )
    if not trace.ended:
        return found
    made = Made(*map(np.concatenate, zip(*trace.steps, strict=True)))
    ended = Ended(*map(np.concatenate, zip(*trace.ended, strict=True)))
    order = np.lexsort((-ended.scores, ended.cut, ended.members))
    ended = Ended(*(x[order] for x in ended))
    ranks = ranks_within(ended.members)
    best = ranks < n_best
    members, cut, scores, numbers = (x[best] for x in ended)
    found.scores[members, ranks[best]] = scores
    found.finished[members, ranks[best]] = ~cut
    before = made.before.tolist()
    for place, number in zip(zip(members, ranks[best], strict=True), numbers.tolist(), strict=True):
        way = _way_to(number, before)
        length = found.lengths[place] = len(way)
        found.output_ids[place][:length] = made.tokens[way]
        found.log_probs[place][:length] = made.log_probs[way]
        found.alignments[place][:length] = made.attention[way]
    return found


def _way_to(number: int, before: list[int]) -> list[int]:
    """The numbers of what stands in a hypothesis, from its first token to its last."""
    way = []
    while number != ROOT:
        way.append(number)
        number = before[number]
    return way[::-1]
