"""Translations that are wrong whatever the reference: nothing, a loop, or the source again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from training.corpus import Pair

_LONGEST = 4
_LOOP = 3


@dataclass(frozen=True)
class Failures:
    """How many of some translations failed.

    Attributes:
        empty: Nothing was written.
        looping: One to four words stand three times or more in a row, and more often than they
            do in the source, and in the reference.
        copied: The source, of two words or more, was written again, and the reference is another.
    """

    empty: int
    looping: int
    copied: int


def count_failures(pairs: Iterable[Pair], translations: Iterable[str]) -> Failures:
    """Counts them.

    Args:
        pairs: Sources and references.
        translations: Of each source.
    """
    empty = looping = copied = 0
    for (source, reference), translation in zip(pairs, translations, strict=True):
        empty += not translation.strip()
        usual = max(longest_run(source), longest_run(reference))
        looping += longest_run(translation) >= max(_LOOP, usual + 1)
        copied += translation == source != reference and len(source.split()) > 1
    return Failures(empty, looping, copied)


def longest_run(text: str) -> int:
    """How often in a row the same one to four words stand in a text, at the most."""
    words = text.lower().split()
    longest = min(1, len(words))
    for size in range(1, min(_LONGEST, len(words) // 2) + 1):
        same = 0
        for place in range(size, len(words)):
            same = same + 1 if words[place] == words[place - size] else 0
            longest = max(longest, 1 + same // size)
    return longest
