"""What the best checkpoint makes of the valid split, sentence by sentence."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import keras

from training.evaluation import LiveModel, Score, corpus_scores, search_workers
from training.run import Run
from translator.config import SearchConfig
from translator.errors import TranslatorError
from translator.translation import Translation

MOST_SENTENCES = 1000
"""Sentences of the valid split that are translated for a report: some ten seconds' worth."""

_BUCKETS = (5, 10, 15, 20, 30, 50)
"""Last length of each bucket; longer sentences are in one more."""

_READABLE = 25
"""Most pieces a side of a sentence whose attention is drawn."""


@dataclasses.dataclass(frozen=True)
class Example:
    """A sentence of the valid split, translated.

    Attributes:
        source: Its text.
        reference: The translation that the split holds.
        translation: The model's.
        score: chrF of the sentence, 0 to 100.
    """

    source: str
    reference: str
    translation: Translation
    score: float

    @property
    def length(self) -> int:
        """Source pieces, EOS not counted."""
        return len(self.translation.source_tokens) - 1


@dataclasses.dataclass(frozen=True)
class Examples:
    """The translated sentences of a valid split.

    Attributes:
        sentences: In the split's order.
        total: Sentences of the split; more than there are here, where it is long.
        search: How they were translated.
        scores: Of all sentences here together.
    """

    sentences: Sequence[Example]
    total: int
    search: SearchConfig
    scores: Sequence[Score]


def translate_valid(run: Run) -> Examples:
    """Translates the beginning of the valid split with the best checkpoint.

    Raises:
        TranslatorError: The run has no best checkpoint yet, its valid split cannot be read, or
            Keras computes with something else than TensorFlow.
    """
    if keras.config.backend() != "tensorflow":
        raise TranslatorError("translating needs TensorFlow: expected KERAS_BACKEND=tensorflow")
    from translator.translator import Translator

    translator = Translator(LiveModel(run.best_model(), run.source, run.target))
    split = run.data.read(run.data.valid).pairs
    pairs, search = split[:MOST_SENTENCES], SearchConfig()
    sources = [source for source, _ in pairs]
    translations = translator.translate(sources, search, workers=search_workers())
    sentences = [
        Example(source, reference, translation, _chrf([translation.text], [reference]))
        for (source, reference), translation in zip(pairs, translations, strict=True)
    ]
    texts, references = [t.text for t in translations], [target for _, target in pairs]
    scores = corpus_scores(texts, references, run.data.target)
    return Examples(sentences, len(split), search, scores)


def worst_and_best(
    sentences: Sequence[Example], most: int = 8
) -> tuple[list[Example], list[Example]]:
    """The sentences with the lowest and the highest chrF, none in both.

    Of equal scores the longer sentence comes first: it says more.
    """
    count = min(most, (len(sentences) + 1) // 2)
    ranked = sorted(sentences, key=lambda example: (example.score, -example.length))
    worst, others = ranked[:count], ranked[count:]
    return worst, sorted(others, key=lambda example: (-example.score, -example.length))[:count]


def by_length(sentences: Sequence[Example]) -> dict[str, tuple[int, float]]:
    """Number of sentences and chrF of each bucket of source lengths that has any."""
    names, least = [], 1
    for last in _BUCKETS:
        names.append(f"{least}–{last}")
        least = last + 1
    names.append(f"{least}+")
    buckets: dict[str, list[Example]] = {name: [] for name in names}
    for example in sentences:
        place = sum(example.length > last for last in _BUCKETS)
        buckets[names[place]].append(example)
    return {
        name: (
            len(found),
            _chrf([e.translation.text for e in found], [e.reference for e in found]),
        )
        for name, found in buckets.items()
        if found
    }


def with_attention(sentences: Sequence[Example], most: int = 6) -> list[Example]:
    """Some sentences whose attention can be drawn, short and long ones.

    A model without attention has none: its alignments hold nothing.
    """
    readable = [
        example
        for example in sentences
        if 1 <= example.length < _READABLE
        and len(example.translation.hypotheses[0].tokens) <= _READABLE
        and example.translation.hypotheses[0].alignment.any()
    ]
    firsts = {example.length: example for example in reversed(readable)}
    lengths = sorted(firsts)
    count = min(most, len(lengths))
    return [firsts[lengths[(n + 1) * len(lengths) // count - 1]] for n in range(count)]


def _chrf(hypotheses: Sequence[str], references: Sequence[str]) -> float:
    from sacrebleu.metrics import CHRF

    return float(CHRF().corpus_score(hypotheses, [references]).score)
