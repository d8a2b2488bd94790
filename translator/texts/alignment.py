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
        self._source_spans = piece_spans(source, source_tokens)
        attention = np.asarray(hypothesis.alignment, np.float64)
        if attention.shape != (len(pieces), len(self._source_spans)):
            attention = np.zeros((len(pieces), len(self._source_spans)))
        overlap = np.array([[_overlap(word, piece) for piece in pieces] for word in self.words])
        self._attention = _normalised(overlap.reshape(-1, len(pieces)) @ attention)
        self._symbols = [target[a:b] for a, b in self.words]

    def shares(self, start: int, end: int) -> Shares:
        """Gives the share of each target word that came from a range of the source.

        A placeholder came from itself. Attention that tells nothing is taken to run along the
        diagonal.
        """
        inside = np.array(
            [
                _overlap(piece, (start, end)) / max(piece[1] - piece[0], 1)
                for piece in self._source_spans
            ]
        )
        shares: Shares = self._attention @ inside
        if not len(shares) or np.ptp(shares) < _EVEN:
            shares = self._diagonal(start, end)
        for n, symbol in enumerate(self._symbols):
            if symbol in PLACEHOLDERS and symbol in self._source:
                shares[n] = float(start <= self._source.index(symbol) < end)
        return shares

    def _diagonal(self, start: int, end: int) -> Shares:
        words = [match.span() for match in _WORD.finditer(self._source)]
        inside = [float(_overlap(word, (start, end)) > 0) for word in words] or [0.0]
        places = (np.arange(len(self.words)) + 0.5) / max(len(self.words), 1) * len(inside)
        shares: Shares = np.array(inside)[places.astype(int)]
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


def _overlap(one: Span, other: Span) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


def _normalised(weights: npt.NDArray[Any]) -> Shares:
    sums = weights.sum(axis=1, keepdims=True)
    normalised: Shares = np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0)
    return normalised
