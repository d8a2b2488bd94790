"""Puts the tags of a sentence around the target words that its tagged words became.

The tags are a tree, and each element gets one run of words within that of its parent, so they are
nested as they were and none is lost or doubled, however poor the alignment is. The run is the one
with the most attention on the element's words less that on other words, a maximum-sum subarray.
(Bergamot, https://github.com/browsermt/bergamot-translator, tags every word by its strongest link
and repeats the tags of an element that falls apart.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from translator.texts.alignment import Alignment, Shares
from translator.texts.passage import CLOSE, OPEN, Passage
from translator.texts.unit import Mark


@dataclass
class Element:
    """An element, or a tag that is complete by itself.

    Attributes:
        start: Where it begins in the source sentence.
        end: Where it ends.
        start_tag: Place of the start tag in the passage; None if that is before the sentence.
        end_tag: Place of the end tag; None if that is after it, or there is none.
        void: A tag that is complete by itself.
        tied: It stood directly behind a word.
        spaced: Space stood on both sides of it.
        children: What stands in it, in order.
        words: Target words that it gets, from the first up to the one after the last.
    """

    start: int
    end: int
    start_tag: int | None = None
    end_tag: int | None = None
    void: bool = False
    tied: bool = False
    spaced: bool = False
    children: list[Element] = field(default_factory=list)
    words: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Placed:
    """A tag in a target.

    Attributes:
        offset: Where it goes.
        place: Where it stood in the passage.
        space: "before" or "after" if a space is to go there as well.
    """

    offset: int
    place: int
    space: str = ""


def place_tags(
    passage: Passage, marks: Sequence[Mark], source: str, target: str, alignment: Alignment
) -> list[Placed]:
    """Finds where the tags of a sentence go in its translation, in the order of the target."""
    root = _tree(passage, marks, source)
    root.words = (0, len(alignment.words))
    _give_words(root, source, alignment)
    return list(_Writer(target, alignment.words).write(root, 0, len(target)))


def _tree(passage: Passage, marks: Sequence[Mark], source: str) -> Element:
    length = len(source)
    root = Element(0, length)
    stack = [root]
    for mark in marks:
        kind = passage.text[mark.place]
        if kind == OPEN:
            element = Element(mark.offset, length, start_tag=mark.place)
            stack[-1].children.append(element)
            stack.append(element)
        elif kind != CLOSE:
            stack[-1].children.append(
                Element(
                    mark.offset,
                    mark.offset,
                    mark.place,
                    void=True,
                    tied=bool(source[: mark.offset].strip())
                    and not source[mark.offset - 1].isspace(),
                    spaced=mark.spaced,
                )
            )
        elif len(stack) > 1:
            closed = stack.pop()
            closed.end, closed.end_tag = mark.offset, mark.place
        else:
            # Begun before the sentence, so all of it up to here is inside.
            root.children = [Element(0, mark.offset, None, mark.place, children=root.children)]
    return root


def _give_words(parent: Element, source: str, alignment: Alignment) -> None:
    free = np.zeros(len(alignment.words), bool)
    free[slice(*parent.words)] = True
    shares = {
        id(child): alignment.shares(child.start, child.end)
        for child in parent.children
        if not child.void
    }
    elements = [child for child in parent.children if not child.void]
    # The surest first, so that no other takes its words.
    for child in sorted(elements, key=lambda child: -_gain(shares[id(child)][free])):
        child.words = _best_run(child, shares[id(child)], free, parent.words)
        free[slice(*child.words)] = False
    for child in parent.children:
        if child.void:
            place = _void_place(child, source, alignment, parent.words)
            child.words = _outside(place, child, elements)
    for child in elements:
        _give_words(child, source, alignment)


def _gain(shares: Shares) -> float:
    return float(np.maximum(2 * shares - 1, 0).sum())


def _best_run(
    element: Element, shares: Shares, free: npt.NDArray[np.bool_], bounds: tuple[int, int]
) -> tuple[int, int]:
    """The run of free words with the largest sum of (share inside - share outside)."""
    first, last = bounds
    # One that begins before the sentence begins with its first word, and likewise at its end.
    starts = [first] if element.start_tag is None else range(first, last)
    best, run = 0.0, None
    weights = 2 * shares - 1
    for start in starts:
        total = 0.0
        for end in range(start, last):
            if not free[end]:
                break
            total += weights[end]
            at_bound = element.end_tag is not None or end == last - 1
            if at_bound and total > best + 1e-9:
                best, run = total, (start, end + 1)
    if run is not None:
        return run
    if element.start_tag is None:
        return first, first
    if element.end_tag is None:
        return last, last
    places = [n for n in range(first, last) if free[n]]
    if not places:
        return last, last
    word = max(places, key=lambda n: shares[n])
    return word, word + 1


def _void_place(tag: Element, source: str, alignment: Alignment, bounds: tuple[int, int]) -> int:
    """The word that the tag goes before."""
    first, last = bounds
    if first == last:
        return first
    before = source[: tag.start].rstrip()
    after = source[tag.start :].lstrip()
    if tag.tied or not after:
        start = len(before) - len(before.split()[-1]) if before else 0
        shares = alignment.shares(start, len(before))
        return int(first + np.argmax(shares[first:last])) + 1
    start = len(source) - len(after)
    shares = alignment.shares(start, start + len(after.split()[0]))
    return int(first + np.argmax(shares[first:last]))


def _outside(place: int, tag: Element, siblings: Sequence[Element]) -> tuple[int, int]:
    """Moves a place out of an element that the tag does not belong to."""
    for sibling in siblings:
        start, end = sibling.words
        if start < place < end or (place in (start, end) and start < end):
            place = start if tag.start <= sibling.start else end
            break
    return place, place


class _Writer:
    def __init__(self, target: str, words: Sequence[tuple[int, int]]) -> None:
        self._target = target
        self._words = words

    def write(self, parent: Element, start: int, end: int) -> list[Placed]:
        """Lists the tags in `parent`, which reaches from `start` to `end` in the target."""
        placed: list[Placed] = []
        cursor = start
        for child in sorted(parent.children, key=lambda child: (child.words, child.start)):
            first, last = (min(max(n, cursor), end) for n in self._span(child))
            last = max(first, last)
            if child.start_tag is not None:
                placed.append(Placed(first, child.start_tag, self._space(child, first)))
            placed.extend(self.write(child, first, last))
            if child.end_tag is not None:
                placed.append(Placed(last, child.end_tag))
            cursor = last
        return placed

    def _span(self, element: Element) -> tuple[int, int]:
        first, last = element.words
        if first < last:
            return self._words[first][0], self._words[last - 1][1]
        if element.tied and first > 0:
            offset = self._words[first - 1][1]
        elif first < len(self._words):
            offset = self._words[first][0]
        else:
            offset = len(self._target)
        return offset, offset

    def _space(self, element: Element, offset: int) -> str:
        if not (element.void and element.spaced):
            return ""
        return "before" if offset == len(self._target) else "after"
