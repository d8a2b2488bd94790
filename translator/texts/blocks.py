"""An HTML document as the stretches that can be translated one by one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from translator.texts.hypertext import read_hypertext
from translator.texts.passage import BREAK


def find_blocks(document: str) -> Iterator[tuple[int, int]]:
    """Yields where stretches begin and end, in order, each of which is HTML of its own.

    That is what stands between two tags that end a sentence, where there are words in it, and each
    such tag with an attribute that readers see. All between stays as it is.
    """
    hypertext = read_hypertext(document)
    passage = hypertext.body
    starts = [0, *accumulate(map(len, passage.raw))]
    shown = [attribute.start for attribute in hypertext.attributes]

    def has_attribute(start: int, end: int) -> bool:
        place = bisect_left(shown, start)
        return place < len(shown) and shown[place] < end

    first = 0
    for n, character in enumerate([*passage.text, BREAK]):
        if character != BREAK:
            continue
        start, end = _trim(passage.text, first, n)
        if passage.has_letters(start, end) or has_attribute(starts[start], starts[end]):
            yield starts[start], starts[end]
        if n < len(passage.text) and has_attribute(starts[n], starts[n + 1]):
            yield starts[n], starts[n + 1]
        first = n + 1


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] == " ":
        start += 1
    while end > start and text[end - 1] == " ":
        end -= 1
    return start, end
