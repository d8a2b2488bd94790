"""What becomes of a unit: the hypotheses that keep its items, or what stands between these."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from translator.texts.cutting import cut_at_items
from translator.texts.passage import Passage
from translator.texts.restoring import keeps_items, restore
from translator.texts.sentence import Translate
from translator.texts.unit import Unit

if TYPE_CHECKING:
    from translator.translator import Hypothesis, Translation


def translate_outcomes(outcomes: Sequence[Outcome], translate: Translate) -> None:
    """Fills in what becomes of units, in one call, or two if the search lost an item."""
    _search(outcomes, translate)
    broken = [outcome for outcome in outcomes if not outcome.kept]
    for outcome in broken:
        unit = outcome.unit
        stretches = cut_at_items(unit.passage, unit.start, unit.end)
        outcome.stretches = [Outcome(stretch) for stretch in stretches]
    _search([stretch for outcome in broken for stretch in outcome.stretches], translate)


@dataclass
class Outcome:
    """What becomes of a unit.

    Attributes:
        unit: The unit.
        space: Written before it.
        translation: What the search found.
        kept: Hypotheses that keep the items.
        stretches: What is taken instead where there are none.
    """

    unit: Unit
    space: str = ""
    translation: Translation | None = None
    kept: list[Hypothesis] = field(default_factory=list)
    stretches: list[Outcome] = field(default_factory=list)

    def translated(
        self, passage: Passage, spaced: bool, escape: Callable[[str], str]
    ) -> Iterator[tuple[Unit, Translation, str]]:
        """Yields what was translated for the unit in the end, and the best text that came of it."""
        if self.kept and self.translation is not None:
            text = self._restored(self.kept[0], passage, spaced, escape)
            yield self.unit, replace(self.translation, hypotheses=tuple(self.kept)), text
        for stretch in self.stretches:
            yield from stretch.translated(passage, spaced, escape)

    def candidates(
        self, passage: Passage, spaced: bool, escape: Callable[[str], str]
    ) -> dict[str, float]:
        """Gives the unit's distinct translations with their scores, best first."""
        candidates: dict[str, float] = {}
        if not self.kept:
            found = [s.candidates(passage, spaced, escape) for s in self.stretches]
            best = [next(iter(candidate)) for candidate in found]
            text = join(passage, self.stretches, best, self.unit.start, self.unit.end)
            text = self.space + text
            return {text: math.fsum(candidate[b] for candidate, b in zip(found, best, strict=True))}
        for hypothesis in self.kept:
            text = self._restored(hypothesis, passage, spaced, escape)
            candidates.setdefault(self.space + text, hypothesis.score)
        return candidates

    def _restored(
        self, hypothesis: Hypothesis, passage: Passage, spaced: bool, escape: Callable[[str], str]
    ) -> str:
        unit = replace(self.unit, passage=passage)
        tokens = self.translation.source_tokens if self.translation else ()
        return restore(unit, tokens, hypothesis, spaced=spaced, escape=escape)


def _search(outcomes: Sequence[Outcome], translate: Translate) -> None:
    if not outcomes:
        return
    translations = translate([outcome.unit.sentence for outcome in outcomes])
    for outcome, translation in zip(outcomes, translations, strict=True):
        outcome.translation = translation
        outcome.kept = [h for h in translation.hypotheses if keeps_items(outcome.unit, h.text)]


def join(
    passage: Passage, outcomes: Sequence[Outcome], texts: Sequence[str], start: int, end: int
) -> str:
    """Writes a range of a passage with texts in the place of its units."""
    parts: list[str] = []
    cursor = start
    for outcome, text in zip(outcomes, texts, strict=True):
        parts += [passage.original(cursor, outcome.unit.start), text]
        cursor = outcome.unit.end
    return "".join([*parts, passage.original(cursor, end)])
