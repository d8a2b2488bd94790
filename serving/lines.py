"""Translates texts line by line and puts the lines back together, their breaks as they were."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from translator.translator import Translation


@dataclass(frozen=True)
class TranslatedText:
    """What became of one text.

    Attributes:
        candidates: Distinct translations, best first; at least one.
        scores: One for each candidate: the search's score, added up over the lines.
        lines: The translation of each line; None for a blank one, which stays as it is.
        truncated: Whether the best translation was cut short in some line.
    """

    candidates: tuple[str, ...]
    scores: tuple[float, ...]
    lines: tuple[Translation | None, ...]
    truncated: bool


def translate_texts(
    texts: Sequence[str], translate: Callable[[list[str]], list[Translation]]
) -> list[TranslatedText]:
    """Translates every line of every text in one call, so that they share their batches.

    Args:
        texts: Texts of any number of lines.
        translate: Gives one translation for each line, in order; it never sees a blank line.

    Returns:
        One result for each text, in order.
    """
    split = [_split(text) for text in texts]
    wanted = [line for text in split for line, _ in text if line.strip()]
    translated = iter(translate(wanted) if wanted else [])
    return [
        _join(text, [next(translated) if line.strip() else None for line, _ in text])
        for text in split
    ]


def _split(text: str) -> list[tuple[str, str]]:
    """Splits a text into lines and the breaks after them, of whatever kind they are."""
    whole = text.splitlines(keepends=True)
    return [(line, kept[len(line) :]) for line, kept in zip(text.splitlines(), whole, strict=True)]


def _join(text: list[tuple[str, str]], lines: list[Translation | None]) -> TranslatedText:
    best = [line for line in lines if line is not None]
    depth = max((len(line.hypotheses) for line in best), default=1)
    # Two hypotheses may read the same; the better one then stands for both.
    scores: dict[str, float] = {}
    for rank in range(depth):
        candidate, score = _candidate(text, lines, rank)
        scores.setdefault(candidate, score)
    return TranslatedText(
        candidates=tuple(scores),
        scores=tuple(scores.values()),
        lines=tuple(lines),
        truncated=any(line.truncated for line in best),
    )


def _candidate(
    text: list[tuple[str, str]], lines: list[Translation | None], rank: int
) -> tuple[str, float]:
    """Takes the hypothesis of this rank in every line, or the last one of a line with fewer."""
    parts: list[str] = []
    scores: list[float] = []
    for (blank, line_break), line in zip(text, lines, strict=True):
        if line is None:
            parts += blank, line_break
        else:
            hypothesis = line.hypotheses[min(rank, len(line.hypotheses) - 1)]
            parts += hypothesis.text, line_break
            scores.append(hypothesis.score)
    return "".join(parts), math.fsum(scores)
