"""What goes out of POST /translate and POST /detect."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, Field
from typing_extensions import Self

from serving.schemas import TranslateRequest
from serving.translation import Result
from translator.alignment import align_words
from translator.detection import Detected
from translator.spelling import group, spell, spell_words
from translator.texts.translating import TranslatedSentence
from translator.translation import Hypothesis, Translation

_DECIMALS = 4


class DetectedLanguage(BaseModel):
    """A language that a text may be in.

    Attributes:
        confidence: How probable it is, in whole percents: clients want an integer here.
        language: Its code.
    """

    confidence: int = Field(ge=0, le=100)
    language: str

    @classmethod
    def of(cls, detected: Detected) -> Self:
        """Rounds the confidence."""
        return cls(confidence=round(100 * detected.confidence), language=detected.language)


class Words(BaseModel):
    """Which word came from which.

    Attributes:
        source: Words of the sentence.
        target: Words of its translation.
        pairs: Places in `source` and in `target`, counted from 0.
    """

    source: list[str]
    target: list[str]
    pairs: list[tuple[int, int]]

    @classmethod
    def of(cls, translation: Translation) -> Self:
        """Aligns the words of the best hypothesis."""
        best = translation.hypotheses[0]
        return cls(
            source=spell_words(translation.source_tokens[:-1]),
            target=spell_words(_written(best)),
            pairs=align_words(translation, best),
        )


class SentenceAlignment(BaseModel):
    """Where the model looked while it wrote one sentence.

    Attributes:
        source: Pieces of the sentence, then the end mark.
        target: Pieces of the best translation, then the end mark unless it was cut short.
        weights: One row for each target piece, one number for each source piece; a row sums to 1.
        words: The same, for words.
    """

    source: list[str]
    target: list[str]
    weights: list[list[float]]
    words: Words

    @classmethod
    def of(cls, translation: Translation) -> Self:
        """Takes the alignment of the best hypothesis, to four decimals."""
        best = translation.hypotheses[0]
        return cls(
            source=list(translation.source_tokens),
            target=list(best.tokens),
            weights=best.alignment.astype(float).round(_DECIMALS).tolist(),
            words=Words.of(translation),
        )


class Token(BaseModel):
    """A piece of a translation.

    Attributes:
        text: Its characters; a space before them where a word begins.
        probability: What the model gave it, after what stands before it.
    """

    text: str
    probability: float


class SentenceConfidence(BaseModel):
    """How far a translated sentence can be relied on.

    Attributes:
        source: The sentence as it stands in the text.
        start: Where it begins there, in code points.
        end: Where it ends.
        target: Its translation as it stands in that of the text.
        confidence: How good it is likely to be, from 0 to 1.
        tokens: What the model wrote, in order; markup is put in later.
    """

    source: str
    start: int
    end: int
    target: str
    confidence: float
    tokens: list[Token]

    @classmethod
    def of(cls, sentence: TranslatedSentence, confidence: float) -> Self:
        """Takes the tokens of the best hypothesis, to four decimals."""
        return cls(
            source=sentence.source,
            start=sentence.start,
            end=sentence.end,
            target=sentence.target,
            confidence=round(confidence, _DECIMALS),
            tokens=_tokens(sentence.translation.hypotheses[0]),
        )


class TranslateAnswer(BaseModel):
    """The answer. Each field holds one value for a text, and a list of such for a list of texts.

    Attributes:
        translated_text: The best translation.
        detected_language: What the text is in, where `auto` or `check_source` asked for it.
        source_mismatch: Whether it is in another language than it was translated from.
        alternatives: Other translations, best first; fewer than asked where some read the same.
        scores: The search's score of the best translation, then of each alternative.
        confidence: How good the translation is likely to be, from 0 to 1: the mean over its
            sentences, weighted by the length of their sources.
        sentences: The same for each sentence, with what the model thought of each piece.
        alignment: One alignment for each sentence.
        truncated: Whether the translation was cut short, because it grew too long.
    """

    translated_text: str | list[str] = Field(serialization_alias="translatedText")
    detected_language: DetectedLanguage | list[DetectedLanguage] | None = Field(
        default=None, serialization_alias="detectedLanguage"
    )
    source_mismatch: bool | list[bool] | None = Field(
        default=None, serialization_alias="sourceMismatch"
    )
    alternatives: list[str] | list[list[str]] | None = None
    scores: list[float] | list[list[float]] | None = None
    confidence: float | list[float] | None = None
    sentences: list[SentenceConfidence] | list[list[SentenceConfidence]] | None = None
    alignment: list[SentenceAlignment] | list[list[SentenceAlignment]] | None = None
    truncated: bool | list[bool]

    @classmethod
    def of(cls, request: TranslateRequest, results: Sequence[Result]) -> Self:
        """Shapes results as the request asks: a text for a text, a list for a list."""
        each = [_values(request, result) for result in results]
        if not isinstance(request.q, list):
            return cls(**each[0])
        return cls(**{name: [values[name] for values in each] for name in each[0]})

    def as_json(self) -> dict[str, Any]:
        """Gives the names and values of the answer; what was not asked for is left out."""
        return self.model_dump(by_alias=True, exclude_none=True)


def _values(request: TranslateRequest, result: Result) -> dict[str, Any]:
    """What is told of one text; the same names for each text of a request."""
    text, source = result.translated, result.source
    values: dict[str, Any] = {"translated_text": text.candidates[0], "truncated": text.truncated}
    if source.detected is not None:
        values["detected_language"] = DetectedLanguage.of(source.detected)
    if request.check_source:
        values["source_mismatch"] = source.mismatch
    if request.alternatives:
        values["alternatives"] = list(text.candidates[1:])
    if request.scores:
        values["scores"] = list(text.scores)
    if request.confidence:
        values["confidence"] = _mean_confidence(result)
        values["sentences"] = [
            SentenceConfidence.of(sentence, confidence)
            for sentence, confidence in zip(text.sentences, result.confidences, strict=True)
        ]
    if request.alignment:
        values["alignment"] = [SentenceAlignment.of(s.translation) for s in text.sentences]
    return values


def _mean_confidence(result: Result) -> float:
    """Weighted by length, as chrF counts, which it is an estimate of; 1 where nothing is told."""
    lengths = [sentence.end - sentence.start for sentence in result.translated.sentences]
    if not lengths:
        return 1.0
    total = math.fsum(n * c for n, c in zip(lengths, result.confidences, strict=True))
    return round(total / sum(lengths), _DECIMALS)


def _tokens(hypothesis: Hypothesis) -> list[Token]:
    pieces = _written(hypothesis)
    log_probs = hypothesis.token_log_probs
    tokens = [
        Token(
            text=spell([pieces[n] for n in places]),
            probability=round(math.exp(math.fsum(log_probs[n] for n in places)), _DECIMALS),
        )
        for places in group(pieces)
    ]
    if tokens:
        tokens[0].text = tokens[0].text.lstrip(" ")
    return tokens


def _written(hypothesis: Hypothesis) -> Sequence[str]:
    """The pieces without the end mark."""
    return hypothesis.tokens[:-1] if hypothesis.finished else hypothesis.tokens
