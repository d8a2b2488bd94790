"""Which source words the words of a translation looked at."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from translator.dictionary import WORD
from translator.spelling import group, spell
from translator.translation import Hypothesis

Span = tuple[int, int]

_END = (-1, -1)
"""Where the end of a source stands."""


@dataclasses.dataclass(frozen=True)
class Word:
    """A word of a translation.

    Attributes:
        text: Its letters.
        log_prob: Of its least likely token.
        place: Where the source word stands that it looked at most; None if that was no word.
    """

    text: str
    log_prob: float
    place: Span | None


def words_of(best: Hypothesis, source: str, pieces: Sequence[Span]) -> Iterator[Word]:
    """The words of a translation, in order.

    Args:
        best: The translation.
        source: What it is of, normalised.
        pieces: Where the pieces of the source stand.
    """
    groups = group(best.tokens[:-1])
    spelt = [spell(best.tokens[part.start : part.stop]) for part in groups]
    ends = np.cumsum([len(part) for part in spelt])
    starts = ends - [len(part) for part in spelt]
    places = [match.span() for match in WORD.finditer(source)]
    for match in WORD.finditer("".join(spelt)):
        parts = np.flatnonzero((ends > match.start()) & (starts < match.end()))
        tokens = [n for part in parts for n in groups[part]]
        attention = best.alignment[tokens].sum(axis=0).tolist()
        place = _most([*pieces, _END], attention, places)
        log_prob = min(best.token_log_probs[n] for n in tokens)
        yield Word(match[0], log_prob, place if place in places else None)


def _most(pieces: Sequence[Span], attention: Sequence[float], words: Sequence[Span]) -> Span:
    """The word with the most attention; pieces of no word count as words."""
    weights = dict.fromkeys(words, 0.0)
    for (first, last), weight in zip(pieces, attention, strict=True):
        inside = [word for word in words if word[0] < last and first < word[1]]
        for place in inside or [(first, last)]:
            weights[place] = weights.get(place, 0.0) + weight
    return max(weights, key=lambda place: weights[place])
