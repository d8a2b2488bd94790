"""What a model folder knows beside its weights: penalties, whether to mend, and when to doubt.

All are found on the valid split, at export.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.corpus import Pair
from training.evaluation import corpus_scores
from translator.confidence import FEATURES, Estimator, features
from translator.config import SearchConfig
from translator.texts.sentence import Sentence
from translator.translation import Translation
from translator.translator import Translator

LENGTH_PENALTIES = (0.0, 0.3, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0)
COVERAGE_PENALTIES = (0.05, 0.1, 0.2)

_MOST_PAIRS = 1500
_RIDGE = 1.0

Array = npt.NDArray[np.float64]


def tune_search(translator: Translator, pairs: Sequence[Pair], workers: int = 1) -> SearchConfig:
    """The penalties of Wu et al. (arXiv 1609.08144, eq. 14) with the best BLEU and chrF, added up.

    First the length penalty, then the coverage penalty. `workers` are as `Translator.translate`
    takes them.
    """
    pairs = pairs[:_MOST_PAIRS]
    sources = [source for source, _ in pairs]

    def quality(search: SearchConfig) -> float:
        translations = translator.translate(sources, search, workers=workers)
        return _quality(translations, pairs, translator.target_language)

    plain = SearchConfig()
    of_length = [dataclasses.replace(plain, length_penalty=x) for x in LENGTH_PENALTIES]
    best, reached = max(((s, quality(s)) for s in of_length), key=lambda found: found[1])
    of_coverage = [dataclasses.replace(best, coverage_penalty=x) for x in COVERAGE_PENALTIES]
    other, reached_too = max(((s, quality(s)) for s in of_coverage), key=lambda found: found[1])
    return other if reached_too > reached else best


def mending_helps(
    translator: Translator, pairs: Sequence[Pair], search: SearchConfig, workers: int = 1
) -> bool:
    """Whether mended translations score no lower than what the search finds.

    In a language that builds its words freely, one that is in no pair may well be right.
    """
    searched: list[list[Translation]] = []

    def translate(sentences: list[Sentence]) -> list[Translation]:
        searched.append(translator.translate(sentences, search, workers=workers))
        return searched[-1]

    mended = translator.mended(translate)([Sentence(text) for text, _ in pairs[:_MOST_PAIRS]])
    language = translator.target_language
    return _quality(mended, pairs, language) >= _quality(searched[0], pairs, language)


def fit_confidence(
    translations: Sequence[Translation], references: Sequence[str]
) -> Estimator | None:
    """The line through the features that comes closest to each sentence's chrF, as a share.

    Ridge regression on standardised features.

    Returns:
        The estimate; None where there are too few sentences to learn it from.
    """
    from sacrebleu.metrics import CHRF

    metric = CHRF()
    known = [
        (features(translation), metric.sentence_score(translation.text, [reference]).score / 100)
        for translation, reference in zip(translations, references, strict=True)
        if translation.source_tokens
    ]
    if len(known) < 10 * len(FEATURES):
        return None
    x, y = np.array([row for row, _ in known]), np.array([score for _, score in known])
    mean, deviation = x.mean(axis=0), x.std(axis=0) + 1e-9
    z = (x - mean) / deviation
    slopes = np.linalg.solve(z.T @ z + _RIDGE * np.eye(len(FEATURES)), z.T @ (y - y.mean()))
    slopes = slopes / deviation
    return Estimator(float(y.mean() - mean @ slopes), tuple(slopes.tolist()))


def _quality(translations: Sequence[Translation], pairs: Sequence[Pair], language: str) -> float:
    """BLEU and chrF, added up, of the translations of the first pairs."""
    texts = [translation.text for translation in translations]
    references = [target for _, target in pairs[: len(texts)]]
    return sum(score.value for score in corpus_scores(texts, references, language))
