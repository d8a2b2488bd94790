"""From the attention between pieces to what each target word was made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import regex

from translator.constants import PLACEHOLDERS
from translator.translation import Hypothesis

Span = tuple[int, int]
Shares = npt.NDArray[np.float64]

_BYTE = regex.compile("<0x([0-9A-F]{2})>")
_WORD = regex.compile(r"\w+(?:['’\-]\w+)*+|[^\w\s]")
_SLACK = 8
_EVEN = 0.02


class Alignment:
    """What of the source each word of a target came from.

    Args:
        source: The source sentence.
        source_tokens: Its pieces.
        target: The target.
        hypothesis: Its pieces, and the attention between both.
        spaced: Whether the target's language writes spaces between words; where it does not, a
            piece counts as a word.
    """

    def __init__(
        self,
        source: str,
        source_tokens: Sequence[str],
        target: str,
        hypothesis: Hypothesis,
        *,
        spaced: bool,
    ) -> None:
        self._source = source
        pieces = piece_spans(target, hypothesis.tokens)
        self.words: list[Span] = [match.span() for match in _WORD.finditer(target)]
        if not spaced:
            self.words = sorted({(a, b) for a, b in pieces if a < b}) or self.words
        self._source_spans = _array(piece_spans(source, source_tokens))
        self._source_words = _array([match.span() for match in _WORD.finditer(source)])
        attention = np.asarray(hypothesis.alignment, np.float64)
        if attention.shape != (len(pieces), len(self._source_spans)):
            attention = np.zeros((len(pieces), len(self._source_spans)))
        spans = _array(pieces)
        overlaps = [_overlaps(spans, start, end) for start, end in self.words]
        self._attention = _normalised(
            np.reshape(overlaps, (len(self.words), len(pieces))) @ attention
        )
        self._symbols = [target[a:b] for a, b in self.words]

    def shares(self, start: int, end: int) -> Shares:
        """Gives the share of each target word that came from a range of the source.

        A placeholder came from itself. Attention that tells nothing is taken to run along the
        diagonal.
        """
        spans = self._source_spans
        inside = _overlaps(spans, start, end) / np.maximum(spans[:, 1] - spans[:, 0], 1)
        shares: Shares = self._attention @ inside
        if not len(shares) or np.ptp(shares) < _EVEN:
            shares = self._diagonal(start, end)
        for n, symbol in enumerate(self._symbols):
            if symbol in PLACEHOLDERS and symbol in self._source:
                shares[n] = float(start <= self._source.index(symbol) < end)
        return shares

    def _diagonal(self, start: int, end: int) -> Shares:
        inside = (_overlaps(self._source_words, start, end) > 0).astype(float)
        if not len(inside):
            return np.zeros(len(self.words))
        places = (np.arange(len(self.words)) + 0.5) / max(len(self.words), 1) * len(inside)
        shares: Shares = inside[places.astype(int)]
        return shares


def piece_spans(text: str, pieces: Sequence[str]) -> list[Span]:
    """Finds where each piece stands in the text that the pieces spell.

    A piece that is not there, such as `</s>`, gets an empty span. Pieces of single bytes all get
    the span of their character.
    """
    spans: list[Span] = []
    cursor, pending = 0, b""
    # The first letter may have become a capital since.
    lower = text.lower() if len(text.lower()) == len(text) else text
    for piece in pieces:
        byte = _BYTE.fullmatch(piece)
        if byte:
            while text[cursor : cursor + 1].isspace():
                cursor += 1
            pending += bytes.fromhex(byte[1])
            spans.append((cursor, min(cursor + 1, len(text))))
            if text[cursor : cursor + 1].encode("utf-8", "replace") == pending:
                cursor, pending = cursor + 1, b""
            continue
        pending = b""
        surface = piece.replace("▁", " ").strip()
        surface = surface.lower() if lower is not text else surface
        at = lower.find(surface, cursor, cursor + len(surface) + _SLACK) if surface else -1
        spans.append((at, at + len(surface)) if at >= 0 else (cursor, cursor))
        cursor = spans[-1][1]
    return spans


def _array(spans: Sequence[Span]) -> npt.NDArray[np.int64]:
    return np.array(spans, np.int64).reshape(-1, 2)


def _overlaps(spans: npt.NDArray[np.int64], start: int, end: int) -> npt.NDArray[np.int64]:
    """Characters that each span has in common with another one."""
    common = np.minimum(spans[:, 1], end) - np.maximum(spans[:, 0], start)
    overlaps: npt.NDArray[np.int64] = np.maximum(common, 0)
    return overlaps


def _normalised(weights: npt.NDArray[Any]) -> Shares:
    sums = weights.sum(axis=1, keepdims=True)
    normalised: Shares = np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0)
    return normalised
