"""Puts the tags of a sentence around the target words that its tagged words became.

The tags are a tree, and each element gets one run of words within that of its parent, so they are
nested as they were and none is lost or doubled, however poor the alignment is. The run is the one
with the most attention on the element's words less that on other words, a maximum-sum subarray; it
is not made of punctuation alone unless the element is.
(Bergamot, https://github.com/browsermt/bergamot-translator, tags every word by its strongest link
and repeats the tags of an element that falls apart.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt

from translator.constants import PLACEHOLDERS
from translator.texts.alignment import Alignment
from translator.texts.passage import CLOSE, OPEN, Passage
from translator.texts.runs import best_run
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
    _Giver(source, target, alignment).give(root)
    return list(_Writer(target, alignment.words).write(root))


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


class _Giver:
    def __init__(self, source: str, target: str, alignment: Alignment) -> None:
        self._source = source
        self._are_words = np.array([_has_word(target[a:b]) for a, b in alignment.words], bool)
        # Thousands of tags may stand around the same words.
        self._shares = cache(alignment.shares)

    def give(self, root: Element) -> None:
        """Gives all that stands in `root` its words."""
        waiting = [root]
        while waiting:
            waiting.extend(self._give_children(waiting.pop()))

    def _give_children(self, parent: Element) -> list[Element]:
        """Gives the children of an element theirs, and returns those of them that may have some."""
        elements = [child for child in parent.children if not child.void]
        free = np.zeros(len(self._are_words), bool)
        free[slice(*parent.words)] = True
        gains = {id(child): self._gain(child, parent.words) for child in elements}
        # The surest first, so that no other takes its words.
        for child in sorted(elements, key=lambda child: -gains[id(child)]):
            child.words = self._best_run(child, free, parent.words)
            free[slice(*child.words)] = False
        around = _around(elements)
        for child in parent.children:
            if child.void:
                place = self._void_place(child, parent.words)
                if place in around:
                    # It does not belong to that element.
                    sibling = around[place]
                    place = sibling.words[0 if child.start <= sibling.start else 1]
                child.words = place, place
        return elements

    def _best_run(
        self, element: Element, free: npt.NDArray[np.bool_], bounds: tuple[int, int]
    ) -> tuple[int, int]:
        """The run of free words with the largest sum of (share inside - share outside).

        It has a word in it if the element does, and begins or ends with punctuation only where the
        element does.
        """
        first, last = bounds
        inside = self._source[element.start : element.end].strip()
        are_words = self._core(element)[first:last]
        starts = are_words | (not _has_word(inside[:1]))
        ends = are_words | (not _has_word(inside[-1:]))
        # One that begins before the sentence begins with its first word, and likewise at its end.
        if element.start_tag is None:
            starts = np.arange(first, last) == first
        if element.end_tag is None:
            ends = np.arange(first, last) == last - 1
        shares = self._shares(element.start, element.end)[first:last]
        # No sum gets above zero over a word that is not free.
        weights = np.where(free[first:last], 2 * shares - 1, first - last)
        run = best_run(weights, starts, ends, are_words)
        if run is not None:
            return first + run[0], first + run[1]
        if element.start_tag is None:
            return first, first
        places = np.flatnonzero(free[first:last] & are_words)
        if element.end_tag is None or not len(places):
            return last, last
        word = first + int(places[np.argmax(shares[places])])
        return word, word + 1

    def _gain(self, element: Element, bounds: tuple[int, int]) -> float:
        """How sure it is what the element becomes."""
        weights = 2 * self._shares(element.start, element.end) - 1
        inside = slice(*bounds)
        return float(np.maximum(weights[inside], 0) @ self._core(element)[inside])

    def _core(self, element: Element) -> npt.NDArray[np.bool_]:
        """The words that an element may be of: those, or all if it is of punctuation itself."""
        return self._are_words | (not _has_word(self._source[element.start : element.end]))

    def _void_place(self, tag: Element, bounds: tuple[int, int]) -> int:
        """The word that the tag goes before."""
        first, last = bounds
        if first == last:
            return first
        before = self._source[: tag.start].rstrip()
        after = self._source[tag.start :].lstrip()
        if tag.tied or not after:
            start = len(before) - len(before.rsplit(None, 1)[-1]) if before else 0
            shares = self._shares(start, len(before))
            return int(first + np.argmax(shares[first:last])) + 1
        start = len(self._source) - len(after)
        shares = self._shares(start, start + len(after.split(None, 1)[0]))
        return int(first + np.argmax(shares[first:last]))


def _around(elements: Sequence[Element]) -> dict[int, Element]:
    """Which element has the word before a place or behind it, the first of two that meet there."""
    return {
        place: element
        for element in reversed(elements)
        if element.words[0] < element.words[1]
        for place in range(element.words[0], element.words[1] + 1)
    }


def _has_word(text: str) -> bool:
    return any(character.isalnum() or character in PLACEHOLDERS for character in text)


class _Writer:
    def __init__(self, target: str, words: Sequence[tuple[int, int]]) -> None:
        self._target = target
        self._words = words

    def write(self, root: Element) -> Iterator[Placed]:
        """Yields the tags of all that stands in `root`, the whole target."""
        waiting: list[Placed | tuple[Element, int, int]] = [(root, 0, len(self._target))]
        while waiting:
            found = waiting.pop()
            if isinstance(found, Placed):
                yield found
                continue
            element, first, last = found
            if element.start_tag is not None:
                yield Placed(first, element.start_tag, self._space(element, first))
            if element.end_tag is not None:
                waiting.append(Placed(last, element.end_tag))
            waiting.extend(reversed(self._within(element, first, last)))

    def _within(self, parent: Element, start: int, end: int) -> list[tuple[Element, int, int]]:
        """From where to where each child goes of an element that goes from `start` to `end`."""
        children: list[tuple[Element, int, int]] = []
        cursor = start
        for child in sorted(parent.children, key=lambda child: (child.words, child.start)):
            first, last = (min(max(n, cursor), end) for n in self._span(child))
            cursor = max(first, last)
            children.append((child, first, cursor))
        return children

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
