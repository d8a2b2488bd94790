"""Sentences as their translations are judged by them."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Filling:
    """What a part of a source sentence is to become.

    Attributes:
        start: Where it stands in the normalised sentence.
        stop: Where that ends.
        source: What stands there.
        target: What it becomes.
    """

    start: int
    stop: int
    source: str
    target: str


@dataclasses.dataclass(frozen=True)
class Source:
    """A sentence, as far as its translations are judged by it.

    Attributes:
        text: Normalised.
        words: Its words and those of the terms that it requires, in lower case.
        digits: Numbers of both.
        names: Its names that a model would have to spell; they become themselves.
        doubles: Whether a word stands twice in a row in it, or in a term.
    """

    text: str
    words: frozenset[str]
    digits: frozenset[str]
    names: tuple[Filling, ...]
    doubles: bool
