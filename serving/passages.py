"""Translates texts sentence by sentence and joins them again, the white space as it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from translator.text import split_sentences

if TYPE_CHECKING:
    from translator.translator import Translation


_UNSPACED = frozenset({"bo", "dz", "ja", "km", "lo", "my", "th", "zh"})
"""Languages that write no space between sentences."""


@dataclass(frozen=True)
class TranslatedText:
    """What became of one text.

    Attributes:
        candidates: Distinct translations, best first; at least one.
        scores: One for each candidate: the search's score, added up over the sentences.
        sentences: The translation of each sentence.
        truncated: Whether the best translation was cut short in some sentence.
    """

    candidates: tuple[str, ...]
    scores: tuple[float, ...]
    sentences: tuple[Translation, ...]
    truncated: bool


def translate_texts(
    texts: Sequence[str],
    source: str,
    target: str,
    translate: Callable[[list[str]], list[Translation]],
) -> list[TranslatedText]:
    """Translates every sentence of every text in one call, so that they share their batches.

    Args:
        texts: Texts of any number of sentences and lines.
        source: Code of their language.
        target: Code of the language that they are translated to.
        translate: Gives one translation for each sentence, in order; it never sees a blank one.

    Returns:
        One result for each text, in order.
    """
    split = [split_sentences(text, source) for text in texts]
    if target not in _UNSPACED:
        split = [_with_spaces(text) for text in split]
    wanted = [sentence for text in split for sentence, _ in text if sentence]
    translated = iter(translate(wanted) if wanted else [])
    return [
        _join(text, [next(translated) if sentence else None for sentence, _ in text])
        for text in split
    ]


def _with_spaces(text: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Puts a space between sentences whose language writes none, for one that does."""
    last = len(text) - 1
    return [
        (sentence, " " if sentence and not space and n < last else space)
        for n, (sentence, space) in enumerate(text)
    ]


def _join(text: list[tuple[str, str]], translations: list[Translation | None]) -> TranslatedText:
    sentences = [translation for translation in translations if translation is not None]
    depth = max((len(sentence.hypotheses) for sentence in sentences), default=1)
    # Two hypotheses may read the same; the better one then stands for both.
    scores: dict[str, float] = {}
    for rank in range(depth):
        candidate, score = _candidate(text, translations, rank)
        scores.setdefault(candidate, score)
    return TranslatedText(
        candidates=tuple(scores),
        scores=tuple(scores.values()),
        sentences=tuple(sentences),
        truncated=any(sentence.truncated for sentence in sentences),
    )


def _candidate(
    text: list[tuple[str, str]], translations: list[Translation | None], rank: int
) -> tuple[str, float]:
    """Takes each sentence's hypothesis of this rank, or its last where it has fewer."""
    parts: list[str] = []
    scores: list[float] = []
    for (_, space), translation in zip(text, translations, strict=True):
        if translation is not None:
            hypothesis = translation.hypotheses[min(rank, len(translation.hypotheses) - 1)]
            parts.append(hypothesis.text)
            scores.append(hypothesis.score)
        parts.append(space)
    return "".join(parts), math.fsum(scores)
