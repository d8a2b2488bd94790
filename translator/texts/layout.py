"""Finds the sentences of a passage; what stands between them is layout and stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import regex

from translator.text import split_sentences
from translator.texts.passage import BREAK, CLOSE, OPEN, TAGS, VOID, Passage

_LINE = regex.compile(f"[^{BREAK}]+")
_MARKER = regex.compile(
    r"\s*+(?:(?:[-*+•‣◦▪▫●○·–—>|]|\#{1,6}|\(?\d{1,3}[.)]|\(?[a-zA-Z]\)|\[[\sxX]\])\s++)*+",
    regex.VERBOSE,
)
_ENCLOSED = regex.compile(r"\([^()]+\)|\[[^\[\]]+\]")


@dataclass(frozen=True)
class Range:
    """A sentence of a passage.

    Attributes:
        start: Where it begins, its start tags included.
        end: Where it ends, its end tags included.
        touches: Nothing, not even a space, stands between it and the sentence before it.
    """

    start: int
    end: int
    touches: bool


def find_sentences(passage: Passage, language: str, *, split: bool = True) -> Iterator[Range]:
    """Yields the sentences that have something to translate.

    Signs of a list, of a quotation and of a heading at the start of a line belong to none, nor do
    brackets around the whole of a sentence, which models seldom see.

    Args:
        passage: The passage.
        language: Code of its language.
        split: Whether a line may hold several.
    """
    for line in _LINE.finditer(passage.text):
        marker = _MARKER.match(passage.text, line.start(), line.end())
        start = marker.end() if marker else line.start()
        yield from _sentences_of_line(passage, start, line.end(), language, split=split)


def _sentences_of_line(
    passage: Passage, start: int, end: int, language: str, *, split: bool
) -> Iterator[Range]:
    text = passage.text
    places = [n for n in range(start, end) if text[n] not in TAGS]
    visible, cursor, previous_end = "".join(text[n] for n in places), 0, start
    touches = False
    for sentence, gap in split_sentences(visible, language) if split else [(visible, "")]:
        if sentence:
            inner = 1 if _ENCLOSED.fullmatch(sentence) else 0
            first = places[cursor + inner]
            last = places[cursor + len(sentence) - 1 - inner] + 1
            while first > previous_end and text[first - 1] in (OPEN, VOID):
                first -= 1
            while last < end and text[last] == CLOSE:
                last += 1
            if passage.has_letters(first, last):
                yield Range(first, last, touches)
            previous_end = last
        cursor += len(sentence) + len(gap)
        touches = bool(sentence) and not gap
