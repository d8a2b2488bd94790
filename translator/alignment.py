"""Which source word each target word came from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from translator.translation import Hypothesis, Translation

Pairs = list[tuple[int, int]]
"""Places of a source word and of a target word, counted from 0."""


def align_words(translation: Translation, hypothesis: Hypothesis) -> Pairs:
    """The source word that each target word looked at most, in the order of the target.

    Words are what spaces divide, in the normalised source and in the hypothesis as the model put
    it out. A target word that looked at the end of the source most came from no word.

    Args:
        translation: What the hypothesis is one of.
        hypothesis: Its attention is summed over the pieces of each word.
    """
    source = words_of(translation.source_tokens[:-1])
    target = words_of(hypothesis.tokens[:-1] if hypothesis.finished else hypothesis.tokens)
    if not source or not target:
        return []
    attention = np.asarray(hypothesis.alignment)[: len(target), : len(source) + 1]
    # The end of the source counts as one more word.
    columns = _sum_by([*source, source[-1] + 1], attention.T).T
    weights = _sum_by(target, columns)  # target words x source words
    best = weights.argmax(axis=1)
    return [(int(i), j) for j, i in enumerate(best) if i <= source[-1]]


def words_of(tokens: Sequence[str]) -> list[int]:
    """The word that each piece belongs to, counted from 0."""
    words: list[int] = []
    word = -1
    for token in tokens:
        word += token.startswith("▁") or word < 0
        words.append(word)
    return words


def _sum_by(groups: Sequence[int], rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Sums of the rows of each group."""
    sums = np.zeros((groups[-1] + 1, rows.shape[1]))
    np.add.at(sums, list(groups), rows)
    return sums
