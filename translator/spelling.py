"""From pieces of a vocabulary to what a reader sees: characters and words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from translator.alignment import words_of

_BYTE = re.compile("<0x([0-9A-F]{2})>")


def spell(pieces: Sequence[str]) -> str:
    """The text of some pieces, with a space before each word; bytes become their characters."""
    text = b""
    for piece in pieces:
        byte = _BYTE.fullmatch(piece)
        text += bytes.fromhex(byte[1]) if byte else piece.replace("▁", " ").encode()
    return text.decode(errors="replace")


def group(pieces: Sequence[str]) -> list[range]:
    """The least groups of neighbouring pieces that spell whole characters."""
    groups: list[range] = []
    missing = 0  # bytes that the character still needs
    for n, piece in enumerate(pieces):
        byte = _BYTE.fullmatch(piece)
        if byte and missing and byte[1] < "C0":
            groups[-1] = range(groups[-1].start, n + 1)
            missing -= 1
        else:
            groups.append(range(n, n + 1))
            missing = sum(byte[1] >= lead for lead in ("C0", "E0", "F0")) if byte else 0
    return groups


def spell_words(pieces: Sequence[str]) -> list[str]:
    """The words of some pieces, as `alignment.words_of` counts them."""
    grouped = groupby(zip(words_of(pieces), pieces, strict=True), key=itemgetter(0))
    return [spell([piece for _, piece in word]).strip() for _, word in grouped]
