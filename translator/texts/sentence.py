"""What the texts of this package are to the search: sentences in, translations out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from translator.constants import PLACEHOLDERS
from translator.translation import Translation


@dataclass(frozen=True)
class Term:
    """What a part of a sentence must become.

    Attributes:
        start: Where the part starts in the sentence's text, in characters.
        stop: Where it ends.
        target: Its translation.
    """

    start: int
    stop: int
    target: str


@dataclass(frozen=True)
class Sentence:
    """A sentence as the search reads it.

    Attributes:
        text: One line without white space at its ends, never blank. Characters of
            `constants.PLACEHOLDERS`, each at most once, stand for what must survive.
        terms: What parts of it must become; none of them overlap.
        max_repeats: In place of that of the `SearchConfig`, for this sentence alone.
    """

    text: str
    terms: tuple[Term, ...] = ()
    max_repeats: int | None = None

    @property
    def requires(self) -> bool:
        """Whether there is something that its translation must hold: it is searched otherwise."""
        return bool(self.terms) or any(symbol in self.text for symbol in PLACEHOLDERS)


Translate = Callable[[list[Sentence]], "list[Translation]"]
"""Gives one translation for each sentence, in order.

Every placeholder of a sentence is to stand once in every hypothesis. A hypothesis that breaks this
is passed over; where none is left the sentence is translated in pieces.
"""
