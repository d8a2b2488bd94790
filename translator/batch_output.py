"""What the batch command writes for a line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from translator.texts.candidate import Candidate
from translator.texts.pairing import pair_words
from translator.texts.restoring import with_items
from translator.texts.translating import TranslatedText
from translator.translation import Translation

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class LineFormat:
    """How a line of text is written.

    Attributes:
        n_best: All candidates, a line each, in the format of Moses; else the best one, with what
            else is wanted in columns before it.
        scores: With scores; an n-best list has them anyway.
        confidence: With the estimates that this function makes of a sentence; None is without.
        alignments: With pairs of words, the source pieces and the target pieces.
    """

    n_best: bool = False
    scores: bool = False
    confidence: Callable[[Translation], float] | None = None
    alignments: bool = False

    def write(self, number: int, text: TranslatedText) -> str:
        """Writes what became of a line.

        Args:
            number: The line's, counted from 0.
            text: The translations of the line.

        Returns:
            One line, or in an n-best list one for each candidate, line feeds included.
        """
        if self.n_best:
            return "".join(self._moses(number, candidate) for candidate in text.details)
        best = text.details[0]
        columns = [_score(best)] if self.scores else []
        return "\t".join([*columns, *self._details(best), best.text]) + "\n"

    def _moses(self, number: int, candidate: Candidate) -> str:
        fields = [str(number), candidate.text, _score(candidate), *self._details(candidate)]
        return " ||| ".join(fields) + "\n"

    def _details(self, candidate: Candidate) -> list[str]:
        details: list[str] = []
        if self.confidence is not None:
            details.append(f"{mean_confidence(candidate, self.confidence):.4f}")
        if self.alignments:
            details.append(" ".join(f"{i}-{j}" for i, j in pair_words(candidate)))
            details += _pieces(candidate)
        return details


def mean_confidence(candidate: Candidate, estimate: Callable[[Translation], float]) -> float:
    """How good a translation is likely to be: the mean over its sentences, weighed by their pieces.

    Args:
        candidate: The translation; 1 if the model wrote nothing of it.
        estimate: Tells it of a sentence.
    """
    sentences = _sentences(candidate)
    if not sentences:
        return 1.0
    sizes = [len(sentence.source_tokens) for sentence in sentences]
    weighed = (size * estimate(sentence) for size, sentence in zip(sizes, sentences, strict=True))
    return sum(weighed) / sum(sizes)


def _score(candidate: Candidate) -> str:
    return f"{candidate.score:.4f}"


def _pieces(candidate: Candidate) -> list[str]:
    """The pieces of all sentences, of the source and of the target, without the halt tokens."""
    source: list[str] = []
    target: list[str] = []
    for sentence in _sentences(candidate):
        (hypothesis,) = sentence.hypotheses
        source += sentence.source_tokens[:-1]
        target += hypothesis.tokens[:-1] if hypothesis.finished else hypothesis.tokens
    # What stands in place of a placeholder may hold spaces, which divide the pieces.
    return [" ".join(_SPACE.sub("▁", piece) for piece in pieces) for pieces in (source, target)]


def _sentences(candidate: Candidate) -> list[Translation]:
    """What the search found for each sentence, with the hypothesis that was taken alone."""
    return [
        with_items(written.unit, replace(written.translation, hypotheses=(written.hypothesis,)))
        for written in candidate.written
    ]
