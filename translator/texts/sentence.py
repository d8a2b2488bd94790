"""What the texts of this package are to the search: sentences in, translations out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from translator.translator import Translation


@dataclass(frozen=True)
class Sentence:
    """A sentence as the search reads it.

    Attributes:
        text: One line without white space at its ends, never blank. Characters of
            `constants.PLACEHOLDERS`, each at most once, stand for what must survive.
    """

    text: str


Translate = Callable[[list[Sentence]], "list[Translation]"]
"""Gives one translation for each sentence, in order.

Every placeholder of a sentence is to stand once in every hypothesis. A hypothesis that breaks this
is passed over; where none is left the sentence is translated in pieces.
"""
