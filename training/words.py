"""Single words that translate each other, learnt from the sentences they stand in.

Collections of sentences have hardly a pair of single words, so that a model trained on them makes
a sentence of each; but a word alone is what people try first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from training.corpus import Pair
from training.dataset import Pairs
from training.lexicon import NULL, Translations, model1, sample
from training.rows import Rows

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")


def learn_words(pairs: Sequence[Pair], least: float = 0.2, least_count: int = 3) -> list[Pair]:
    """Words of which Model 1 is sure, in either direction, that they translate each other.

    Args:
        pairs: Sentences.
        least: The least product t(target word | source word) · t(source word | target word).
        least_count: How often both words stand in the sentences, at the least.

    Returns:
        The pairs of words, as they are written within sentences; and once more with capitals
        at their beginnings, where the source word begins in lower case. The surest come first.
    """
    source, target = _read(text for text, _ in pairs), _read(text for _, text in pairs)
    words = Pairs(source.rows, target.rows)
    numbers = sample(words)
    found = _agreed(model1(words, numbers), model1(Pairs(words.target, words.source), numbers))
    made: list[Pair] = []
    for of, to in zip(*found.surest(least), strict=True):
        if min(source.counts[of], target.counts[to]) >= least_count:
            made += _cased(source.written[of], target.written[to])
    return made


def _cased(source: str, target: str) -> list[Pair]:
    if not source[0].islower():
        return [(source, target)]
    return [
        (source, target),
        (source[0].upper() + source[1:], target[0].upper() + target[1:]),
    ]


@dataclass(frozen=True)
class _Side:
    """One side of a corpus, as numbers of words; number 0, NULL, is none.

    Attributes:
        rows: The words of each sentence, whatever their case.
        counts: How often each word stands there.
        written: Each word as it is written most often, beginnings of sentences apart.
    """

    rows: Rows
    counts: list[int]
    written: list[str]


def _read(texts: Iterable[str]) -> _Side:
    numbers: dict[str, int] = {}
    forms: dict[str, Counter[str]] = {}
    counts = Counter[str]()
    rows = Rows()
    for text in texts:
        words = _WORD.findall(text)
        for place, word in enumerate(words):
            # A word at the beginning says nothing about its case, but may be found nowhere else.
            forms.setdefault(word.lower(), Counter())[word] += 1000 if place else 1
        lowered = [word.lower() for word in words]
        counts.update(lowered)
        rows.append([numbers.setdefault(word, len(numbers) + 1) for word in lowered])
    return _Side(
        rows,
        [0, *(counts[word] for word in numbers)],
        ["", *(forms[word].most_common(1)[0][0] for word in numbers)],
    )


@dataclass(frozen=True)
class _Agreed:
    source: np.ndarray
    target: np.ndarray
    score: np.ndarray

    def surest(self, least: float) -> tuple[list[int], list[int]]:
        order = np.argsort(-self.score, kind="stable")
        order = order[self.score[order] >= least]
        return self.source[order].tolist(), self.target[order].tolist()


def _agreed(forward: Translations, backward: Translations) -> _Agreed:
    """The words that have a probability in either direction, and the product of the two."""
    base = 1 + max(int(forward.target.max(initial=0)), int(backward.source.max(initial=0)))
    _, there, back = np.intersect1d(
        forward.source.astype(np.int64) * base + forward.target,
        backward.target.astype(np.int64) * base + backward.source,
        assume_unique=True,
        return_indices=True,
    )
    score = forward.probability[there] * backward.probability[back]
    source, target = forward.source[there], forward.target[there]
    words = (source != NULL) & (target != NULL)
    return _Agreed(source[words], target[words], score[words])
