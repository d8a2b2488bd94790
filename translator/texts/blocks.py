"""An HTML document as the stretches that can be translated one by one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from translator.texts.hypertext import read_structure
from translator.texts.passage import BREAK


def find_blocks(document: str) -> Iterator[tuple[int, int]]:
    """Yields where stretches begin and end, in order, each of which is HTML of its own.

    That is what stands between two tags that end a sentence, where there are words in it, and each
    such tag with an attribute that readers see. All between stays as it is.
    """
    read, shown = read_structure(document)
    starts = [0, *accumulate(map(len, read.raw))]

    def has_attribute(start: int, end: int) -> bool:
        place = bisect_left(shown, starts[start])
        return place < len(shown) and shown[place] < starts[end]

    first = 0
    for n, character in enumerate([*read.text, BREAK]):
        if character != BREAK:
            continue
        start, end = _trim(read.text, first, n)
        if any(map(str.isalpha, read.text[start:end])) or has_attribute(start, end):
            yield starts[start], starts[end]
        if n < len(read.text) and has_attribute(n, n + 1):
            yield starts[n], starts[n + 1]
        first = n + 1


def _trim(text: Sequence[str], start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
