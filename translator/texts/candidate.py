"""What a translation is made of: what was kept of the source, and what the model wrote."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from translator.texts.passage import Passage
from translator.texts.unit import Unit
from translator.translation import Hypothesis, Translation


@dataclass(frozen=True, eq=False)
class Written:
    """What the model wrote for a unit.

    Attributes:
        unit: The unit.
        translation: What the search found for it.
        hypothesis: The one that was taken.
        text: Its text as it stands in the translation, without tags, placeholders for the items.
    """

    unit: Unit
    translation: Translation
    hypothesis: Hypothesis
    text: str


@dataclass(frozen=True)
class Part:
    """A stretch of a translation.

    Attributes:
        raw: What stands there, for each place from `start` on.
        start: A place in the passage where that is kept, else a character of what was written.
        written: What the model wrote; None where the passage is kept.
    """

    raw: Sequence[str]
    start: int
    written: Written | None = None

    @cached_property
    def text(self) -> str:
        """What stands there."""
        return "".join(self.raw)


@dataclass(frozen=True)
class Candidate:
    """One translation of a passage, or of a range of it.

    Attributes:
        passage: The passage as it was.
        parts: What the translation is made of, in order.
        score: The search's scores, added up over the sentences.
    """

    passage: Passage
    parts: tuple[Part, ...]
    score: float

    @cached_property
    def text(self) -> str:
        """The translation."""
        return "".join(part.text for part in self.parts)

    @property
    def written(self) -> list[Written]:
        """What the model wrote, a sentence each, in order."""
        return list(dict.fromkeys(part.written for part in self.parts if part.written))


def combine(
    passage: Passage,
    kept: Passage,
    chosen: Iterable[tuple[Unit, Candidate]],
    start: int,
    end: int,
) -> Candidate:
    """Makes the candidate of a range of those of its units.

    Args:
        passage: The passage as it was.
        kept: What stands between the units: the passage, or the same one with other attributes.
        chosen: Units with their translations, in order.
        start: Where the range begins.
        end: Where it ends.
    """
    parts: list[Part] = []
    scores: list[float] = []
    cursor = start
    for unit, candidate in chosen:
        parts += [Part(kept.raw[cursor : unit.start], cursor), *candidate.parts]
        scores.append(candidate.score)
        cursor = unit.end
    parts.append(Part(kept.raw[cursor:end], cursor))
    return Candidate(passage, tuple(parts), math.fsum(scores))
