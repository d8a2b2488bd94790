"""Cuts a sentence into what a model can read at once, so that nothing of it is lost."""

from __future__ import annotations

from collections.abc import Callable

import regex

from translator.constants import PLACEHOLDERS
from translator.texts.passage import CLOSE, ITEM, OPEN, VOID, Passage
from translator.texts.patterns import EMOJI
from translator.texts.unit import Unit, find_items, make_unit

_CUTS = tuple(
    regex.compile(pattern)
    for pattern in (r"[;:؛；：]\s+|[；：؛]", r"[,،]\s+|[，、،]", rf"(?={ITEM})", r"\s+")
)
"""Where a sentence may be cut, the best first."""


def cut(passage: Passage, start: int, end: int, fits: Callable[[str], bool]) -> list[Unit]:
    """Makes units of a range; what belongs to none is layout.

    Args:
        passage: The passage.
        start: Where the range begins.
        end: Where it ends.
        fits: Whether the model can read a sentence in full.
    """
    start, end = trim(passage, start, end)
    if not passage.has_letters(start, end):
        return []
    if len(find_items(passage, start, end)) <= len(PLACEHOLDERS):
        unit = make_unit(passage, start, end)
        if end - start == 1 or fits(unit.sentence.text):
            return [unit]
    middle = _middle(passage, start, end)
    return cut(passage, start, middle, fits) + cut(passage, middle, end, fits)


def cut_at_items(passage: Passage, start: int, end: int) -> list[Unit]:
    """Makes units of what stands between the items of a range."""
    bounds = [start]
    for item in find_items(passage, start, end):
        bounds.extend(item)
    bounds.append(end)
    return [
        make_unit(passage, first, last)
        for first, last in (
            trim(passage, *stretch) for stretch in zip(bounds[::2], bounds[1::2], strict=True)
        )
        if passage.has_letters(first, last)
    ]


def trim(passage: Passage, start: int, end: int) -> tuple[int, int]:
    """Leaves out what keeps its place at the ends of a range, whatever the words become.

    That is white space, emoji, and the tags that stand around the whole, or do not belong to an
    element that ends within it.
    """
    while start < end:
        if _stays(passage, start, start, end):
            start += 1
        elif _stays(passage, end - 1, start, end):
            end -= 1
        elif passage.text[start] == OPEN and passage.partners[start] == end - 1:
            start, end = start + 1, end - 1
        else:
            break
    return start, end


def _stays(passage: Passage, n: int, start: int, end: int) -> bool:
    kind = passage.text[n]
    if kind in (OPEN, CLOSE):
        return not start <= passage.partners[n] < end
    return kind in (" ", VOID) or (kind == ITEM and EMOJI.fullmatch(passage.raw[n]) is not None)


def _middle(passage: Passage, start: int, end: int) -> int:
    """Where to cut: at the best mark in the middle half, else at any space, else anywhere."""
    middle, quarter = (start + end) // 2, (end - start) // 4
    for pattern in _CUTS:
        places = [
            match.end()
            for match in pattern.finditer(passage.text, start, end)
            if abs(match.end() - middle) <= quarter and start < match.end() < end
        ]
        if places:
            return min(places, key=lambda place: abs(place - middle))
    places = [n for n in range(start + 1, end) if passage.text[n - 1] == " "]
    return min(places, key=lambda place: abs(place - middle), default=middle)
