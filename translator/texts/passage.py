"""A text with its markup and its protected items taken together, one character for each.

Whatever reads a text (`plain`, `hypertext`) makes a `Passage`. From then on a sentence is a range
of it, and nothing of the text can be lost: `raw` holds all of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import regex

ITEM, OPEN, CLOSE, VOID, BREAK = (chr(0xF0000 + n) for n in range(5))
"""Characters that stand in `Passage.text` for a protected item, for a start tag, an end tag, a tag
that is complete by itself, and for whatever ends a sentence: a line break, a tag of a block."""

TAGS = frozenset({OPEN, CLOSE, VOID})

PRIVATE = regex.compile("[\U000f0000-\U0010ffff]")
"""Matches those characters, and others of the planes that Unicode leaves to its users."""
_TAG_NAME = regex.compile(r"</?\s*([^\s/>]*)")


@dataclass(frozen=True)
class Passage:
    """A text to translate.

    Attributes:
        text: The text, each tag, item and break one of the characters above, and each character
            of white space a space.
        raw: What each character of `text` was in the original; joined, they are the original.
        partners: From the place of a start tag to that of its end tag, and back.
    """

    text: str
    raw: list[str]
    partners: dict[int, int]

    @property
    def items(self) -> list[str]:
        """The protected items as they were, in order."""
        return [raw for kind, raw in zip(self.text, self.raw, strict=True) if kind == ITEM]

    def original(self, start: int, end: int) -> str:
        """Gives a range as it was."""
        return "".join(self.raw[start:end])

    def place(self, n: int) -> int:
        """Where a character begins in the original."""
        return self._places[n]

    @cached_property
    def _places(self) -> list[int]:
        return list(accumulate(map(len, self.raw), initial=0))

    def has_letters(self, start: int, end: int) -> bool:
        """Whether there is anything to translate in a range."""
        return any(map(str.isalpha, self.text[start:end]))


class Builder:
    """Takes the parts of a text one after the other and makes a passage of them."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.raw: list[str] = []

    def add(self, kind: str, raw: str) -> None:
        """Adds one character: a kind of this module, or a plain one, and what it was."""
        self.text.append(kind)
        self.raw.append(raw)

    def add_text(self, text: str) -> None:
        """Adds plain text as it is.

        Characters of the higher private planes, the placeholders among them, are items.
        """
        self.text.extend(PRIVATE.sub(ITEM, text))
        self.raw.extend(text)

    def add_range(self, text: str, raw: Iterable[str]) -> None:
        """Adds a range of another passage."""
        self.text.extend(text)
        self.raw.extend(raw)

    def finish(self, unpaired: str) -> Passage:
        """Makes the passage.

        An element with nothing in it to translate becomes one item, an empty one stands like a tag
        that is complete by itself.

        Args:
            unpaired: What a tag is whose other half is missing: ITEM or VOID.
        """
        partners = _pair(self.text, self.raw)
        for n, kind in enumerate(self.text):
            if kind in (OPEN, CLOSE) and n not in partners:
                self.text[n] = unpaired
        return _merge("".join(self.text), self.raw, partners)


def _pair(text: Iterable[str], raw: list[str]) -> dict[int, int]:
    """Finds the end tag of each start tag, so that no two elements cross."""
    partners: dict[int, int] = {}
    opened: dict[str, list[int]] = {}
    stack: list[tuple[str, int]] = []
    for n, kind in enumerate(text):
        if kind not in (OPEN, CLOSE):
            continue
        match = _TAG_NAME.match(raw[n])
        name = match[1].lower() if match else ""
        if kind == OPEN:
            stack.append((name, n))
            opened.setdefault(name, []).append(n)
        elif opened.get(name):
            start = opened[name][-1]
            # Whatever was opened since is never closed.
            while stack and stack[-1][1] >= start:
                opened[stack.pop()[0]].pop()
            partners[start] = n
            partners[n] = start
    return partners


def _merge(text: str, raw: list[str], partners: dict[int, int]) -> Passage:
    """Makes one character of each element without text, and of tags that stand around the same."""
    if OPEN not in text and CLOSE not in text:
        spaced = "".join([" " if character.isspace() else character for character in text])
        return Passage(spaced, raw, {})
    merged = Builder()
    moved: dict[int, int] = {}
    # How many letters or breaks stand before each place, so that each element is looked at once.
    before = [0]
    for character in text:
        before.append(before[-1] + (character.isalpha() or character == BREAK))
    n = 0
    while n < len(text):
        end = partners.get(n, n) + 1
        moved[n] = len(merged.text)
        if text[n] == OPEN and before[n] == before[end]:
            blank = not text[n:end].translate(_NO_TAGS).strip()
            merged.add(VOID if blank else ITEM, "".join(raw[n:end]))
            n = end
            continue
        if text[n] in (OPEN, CLOSE) and partners.get(n - 1) == partners[n] + 1:
            moved[n] -= 1
            merged.raw[-1] += raw[n]
        else:
            merged.add(" " if text[n].isspace() else text[n], raw[n])
        n += 1
    return Passage(
        "".join(merged.text),
        merged.raw,
        {
            moved[n]: moved[m]
            for n, m in partners.items()
            if n in moved and text[n] in (OPEN, CLOSE) and merged.text[moved[n]] in (OPEN, CLOSE)
        },
    )


_NO_TAGS = {ord(tag): None for tag in TAGS}
