"""What becomes of a unit: the hypotheses that keep its items, or what stands between these."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from translator.texts.candidate import Candidate, Part, combine
from translator.texts.cutting import cut_at_items
from translator.texts.passage import Passage
from translator.texts.restoring import keeps_items, restore
from translator.texts.sentence import Translate
from translator.texts.unit import Unit
from translator.translation import Hypothesis, Translation


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
        if self.translation is not None and self.kept:
            parts = self._restored(self.translation, self.kept[0], passage, spaced, escape)
            text = "".join(part.text for part in parts)
            yield self.unit, replace(self.translation, hypotheses=tuple(self.kept)), text
        for stretch in self.stretches:
            yield from stretch.translated(passage, spaced, escape)

    def candidates(
        self, passage: Passage, spaced: bool, escape: Callable[[str], str]
    ) -> list[Candidate]:
        """Gives the unit's distinct translations, best first.

        Args:
            passage: What is kept is taken from it: the unit's, or the same with other attributes.
            spaced: Whether the target's language writes spaces between words.
            escape: Writes plain text so that it is no markup.
        """
        source, before = self.unit.passage, Part((self.space,), self.unit.start)
        if self.translation is None or not self.kept:
            best = [
                (stretch.unit, stretch.candidates(passage, spaced, escape)[0])
                for stretch in self.stretches
            ]
            whole = combine(source, passage, best, self.unit.start, self.unit.end)
            return [replace(whole, parts=(before, *whole.parts))]
        found: dict[str, Candidate] = {}
        for hypothesis in self.kept:
            parts = self._restored(self.translation, hypothesis, passage, spaced, escape)
            candidate = Candidate(source, (before, *parts), hypothesis.score)
            found.setdefault(candidate.text, candidate)
        return list(found.values())

    def _restored(
        self,
        translation: Translation,
        hypothesis: Hypothesis,
        passage: Passage,
        spaced: bool,
        escape: Callable[[str], str],
    ) -> list[Part]:
        return restore(self.unit, translation, hypothesis, passage, spaced=spaced, escape=escape)


def _search(outcomes: Sequence[Outcome], translate: Translate) -> None:
    if not outcomes:
        return
    translations = translate([outcome.unit.sentence for outcome in outcomes])
    for outcome, translation in zip(outcomes, translations, strict=True):
        outcome.translation = translation
        outcome.kept = [h for h in translation.hypotheses if keeps_items(outcome.unit, h.text)]
