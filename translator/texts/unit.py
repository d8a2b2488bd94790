"""A range of a passage as the sentence that a model translates."""

from __future__ import annotations

from dataclasses import dataclass

import regex

from translator.constants import PLACEHOLDERS
from translator.texts.passage import ITEM, TAGS, Passage
from translator.texts.patterns import is_ordered
from translator.texts.sentence import Sentence

_PUNCTUATION = regex.compile("[^\\w\U000f0000-\U0010ffff]*+")
_SPECIAL = regex.compile(f"[{ITEM}{''.join(sorted(TAGS))}]|  ")

_Span = tuple[int, int]


@dataclass(frozen=True)
class Item:
    """What one placeholder stands for.

    Attributes:
        symbol: The placeholder.
        start: Where it begins in the passage.
        end: Where it ends.
        before: The character before it, "" at the start of the sentence.
        after: The character after it, "" at its end.
        ordered: It takes its value by its place among its like.
    """

    symbol: str
    start: int
    end: int
    before: str
    after: str
    ordered: bool


@dataclass(frozen=True)
class Mark:
    """Where a tag stood.

    Attributes:
        place: In the passage.
        offset: In the sentence.
        spaced: Space stood on both sides of it, or the sentence began or ended there.
    """

    place: int
    offset: int
    spaced: bool


@dataclass(frozen=True)
class Unit:
    """What is translated at once.

    Attributes:
        passage: The passage that it stands in.
        start: Where it begins.
        end: Where it ends.
        sentence: What the model reads.
        items: What its placeholders stand for, in order.
        marks: Where its tags stood, in order.
        places: Where each character of the sentence stood in the passage: start and end.
    """

    passage: Passage
    start: int
    end: int
    sentence: Sentence
    items: tuple[Item, ...]
    marks: tuple[Mark, ...]
    places: tuple[_Span, ...]

    def original_item(self, item: Item) -> str:
        """Gives an item as it was."""
        return self.passage.original(item.start, item.end)


def find_items(passage: Passage, start: int, end: int) -> list[_Span]:
    """Finds what is to be protected in a range.

    Where there are more items than placeholders, neighbours with only white space or punctuation
    between them are one.
    """
    single = [(n, n + 1) for n in range(start, end) if passage.text[n] == ITEM]
    if len(single) <= len(PLACEHOLDERS):
        return single
    merged: list[_Span] = []
    for item in single:
        if merged and _PUNCTUATION.fullmatch(passage.text, merged[-1][1], item[0]):
            merged[-1] = (merged[-1][0], item[1])
        else:
            merged.append(item)
    return merged


def make_unit(passage: Passage, start: int, end: int) -> Unit:
    """Makes the sentence of a range that has at most as many items as there are placeholders."""
    if not _SPECIAL.search(passage.text, start, end) and not passage.text.startswith(" ", start):
        # Most are such, and to look at each character takes longer than all else.
        sentence = Sentence(passage.text[start:end].rstrip())
        each = tuple((n, n + 1) for n in range(start, end))
        return Unit(passage, start, end, sentence, (), (), each)
    found = find_items(passage, start, end)
    symbols = dict(zip((first for first, _ in found), PLACEHOLDERS, strict=False))
    ends = dict(found)
    built: list[str] = []
    marks: list[Mark] = []
    places: list[_Span] = []
    n = start
    while n < end:
        character = passage.text[n]
        if character in TAGS:
            spaced = not built or built[-1] == " "
            marks.append(Mark(n, len(built), spaced and _space_follows(passage, n, end)))
        elif n in symbols or character != " " or (built and built[-1] != " "):
            built.append(symbols.get(n, character))
            places.append((n, ends.get(n, n + 1)))
        n = ends.get(n, n + 1)
    text = "".join(built).rstrip()
    return Unit(
        passage,
        start,
        end,
        Sentence(text),
        tuple(
            _item(passage, text, symbol, place, ends[place]) for place, symbol in symbols.items()
        ),
        tuple(marks),
        tuple(places),
    )


def _item(passage: Passage, text: str, symbol: str, start: int, end: int) -> Item:
    at = text.index(symbol)
    return Item(
        symbol,
        start,
        end,
        before=text[at - 1 : at],
        after=text[at + 1 : at + 2],
        ordered=any(is_ordered(raw) for raw in passage.raw[start:end]),
    )


def _space_follows(passage: Passage, place: int, end: int) -> bool:
    while place < end and passage.text[place] in TAGS:
        place += 1
    return place == end or passage.text[place] == " "
