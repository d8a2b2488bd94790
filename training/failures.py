"""Translations that are wrong whatever the reference: nothing, a loop, or the source again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import regex

from training.corpus import Pair

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD = regex.compile(rf"[{_UNSPACED}]\p{{M}}*|[[\p{{L}}\p{{M}}\p{{N}}]--[{_UNSPACED}]]+", regex.V1)
_LONGEST = 4
_LOOP = 3


@dataclass(frozen=True)
class Failures:
    """How many of some translations failed. In scripts without spaces, a letter counts as a word.

    Attributes:
        empty: Nothing was written.
        looping: The same one to four words stand three times or more in a row, and more often
            than any do in the source, and in the reference.
        copied: The source, of two words or more, was written again, and the reference is another.
    """

    empty: int
    looping: int
    copied: int


def count_failures(pairs: Iterable[Pair], translations: Iterable[str]) -> Failures:
    """Counts the translations that failed.

    Args:
        pairs: Sources and references.
        translations: Of each source.

    Returns:
        How many there are of each kind.
    """
    empty = looping = copied = 0
    for (source, reference), translation in zip(pairs, translations, strict=True):
        empty += not translation.strip()
        usual = max(longest_run(source), longest_run(reference))
        looping += longest_run(translation) >= max(_LOOP, usual + 1)
        copied += translation == source != reference and len(_words(source)) > 1
    return Failures(empty, looping, copied)


def longest_run(text: str) -> int:
    """How often in a row the same one to four words stand in a text, at the most.

    Args:
        text: In any case, with any punctuation.
    """
    words = _words(text)
    longest = min(1, len(words))
    for size in range(1, min(_LONGEST, len(words) // 2) + 1):
        same = 0
        for place in range(size, len(words)):
            same = same + 1 if words[place] == words[place - size] else 0
            longest = max(longest, 1 + same // size)
    return longest


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
