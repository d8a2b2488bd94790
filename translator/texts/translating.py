"""Translates texts and documents sentence by sentence; all that is not words stays as it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from translator.languages import is_unspaced
from translator.texts.candidate import Candidate, combine
from translator.texts.combinations import best_combinations
from translator.texts.cutting import cut
from translator.texts.glossary import Glossary, with_terms
from translator.texts.hypertext import Attribute, escape, read_hypertext, replace_attributes
from translator.texts.layout import find_sentences
from translator.texts.outcome import Outcome, translate_outcomes
from translator.texts.passage import Passage
from translator.texts.plain import read_plain
from translator.texts.protecting import ExceptTerms, Protect
from translator.texts.restoring import with_items
from translator.texts.sentence import Sentence, Translate
from translator.translation import Translation

Format = Literal["text", "html"]

_MOST_TRIED = 10
"""Combinations looked at for each candidate wanted; several may read the same."""


@dataclass(frozen=True)
class TranslatedSentence:
    """What became of one sentence, or of a part of one that is too long for the model.

    Attributes:
        source: The sentence as it stood in the text, markup included.
        start: Where it begins in the text.
        end: Where it ends.
        target: The best translation as it stands in that of the text, markup included.
        translation: The hypotheses that can be used, the first of them that of `target`; items in
            place of their placeholders, without markup.
    """

    source: str
    start: int
    end: int
    target: str
    translation: Translation


@dataclass(frozen=True)
class TranslatedText:
    """What became of one text.

    Attributes:
        candidates: Distinct translations, best first; at least one. They differ in as few
            sentences, and in as good choices for them, as the scores allow.
        scores: One for each candidate: the search's scores, added up over the sentences.
        sentences: The sentences that were translated, in order; those of attributes come first.
        truncated: Whether the best translation was cut short in some sentence.
        items: What must stand in every candidate, once for each time that it is here.
        details: What each candidate is made of; of a document without what its attributes became.
            Nothing of a text that was not translated.
    """

    candidates: tuple[str, ...]
    scores: tuple[float, ...]
    sentences: tuple[TranslatedSentence, ...]
    truncated: bool
    items: tuple[str, ...] = ()
    details: tuple[Candidate, ...] = ()


def translate_texts(
    texts: Sequence[str],
    source: str,
    target: str,
    translate: Translate,
    *,
    text_format: Format = "text",
    glossary: Glossary | None = None,
    split: bool = True,
    fits: Callable[[str], bool] = lambda _: True,
    protect: Protect = (),
) -> list[TranslatedText]:
    """Translates every sentence of every text in one call, so that they share their batches.

    A second call is made only where the search lost an item, or changed the order of items such as
    `%s` that go by it: then what stands between the items is translated by itself.

    Args:
        texts: Texts of any number of sentences and lines, or documents.
        source: Code of their language.
        target: Code of the language that they are translated to.
        translate: Translates sentences; it never sees one without letters.
        text_format: What the texts are.
        glossary: Terms that `translate` is told of; they come before what must survive.
        split: Whether a line may hold several sentences.
        fits: Whether the model reads a sentence in full; one that it does not is cut.
        protect: What must survive beside what always does.

    Returns:
        One result for each text, in order.
    """

    def read(passage: Passage) -> list[Outcome]:
        return list(_outcomes(passage, source, target, fits, split=split))

    def translate_with_terms(sentences: list[Sentence]) -> list[Translation]:
        return translate([with_terms(sentence, glossary) for sentence in sentences])

    if glossary:
        protect = ExceptTerms(protect, glossary, across_lines=text_format == "html")
    spaced = not is_unspaced(target)
    works = [_Work.of(text, text_format, spaced, read, protect) for text in texts]
    outcomes = [outcome for work in works for outcome in work.outcomes]
    translate_outcomes(outcomes, translate_with_terms)
    return [work.finish() for work in works]


@dataclass(frozen=True)
class _Piece:
    """A passage, where it stands in its text, and what becomes of its units."""

    start: int
    passage: Passage
    outcomes: list[Outcome]

    def sentences(
        self, passage: Passage, spaced: bool, escape: Callable[[str], str]
    ) -> Iterator[TranslatedSentence]:
        for outcome in self.outcomes:
            for unit, translation, target in outcome.translated(passage, spaced, escape):
                source = self.passage.original(unit.start, unit.end)
                start = self.start + self.passage.place(unit.start)
                yield TranslatedSentence(
                    source, start, start + len(source), target, with_items(unit, translation)
                )

    def candidates(
        self, passage: Passage, spaced: bool, escape: Callable[[str], str]
    ) -> list[Candidate]:
        """Gives the distinct translations of the whole passage, best first."""
        units = [outcome.unit for outcome in self.outcomes]
        found = [outcome.candidates(passage, spaced, escape) for outcome in self.outcomes]
        wanted = max(
            (len(o.translation.hypotheses) for o in self.outcomes if o.translation), default=1
        )
        candidates: dict[str, Candidate] = {}
        combinations = best_combinations([[c.score for c in choices] for choices in found])
        for ranks in islice(combinations, wanted * _MOST_TRIED):
            chosen = [choices[rank] for choices, rank in zip(found, ranks, strict=True)]
            made = combine(
                self.passage, passage, zip(units, chosen, strict=True), 0, len(passage.text)
            )
            candidates.setdefault(made.text, made)
            if len(candidates) == wanted:
                break
        return list(candidates.values())


@dataclass(frozen=True)
class _Work:
    """A text on its way: its own passage, and those of the attributes that readers see."""

    text: str
    text_format: Format
    spaced: bool
    protect: Protect
    body: _Piece
    attributes: list[tuple[Attribute, _Piece]]

    @classmethod
    def of(
        cls,
        text: str,
        text_format: Format,
        spaced: bool,
        read: Callable[[Passage], list[Outcome]],
        protect: Protect,
    ) -> _Work:
        def piece(start: int, passage: Passage) -> _Piece:
            return _Piece(start, passage, read(passage))

        if text_format == "text":
            body = piece(0, read_plain(text, protect))
            return cls(text, text_format, spaced, protect, body, [])
        document = read_hypertext(text, protect)
        attributes = [
            (attribute, piece(attribute.text_start, attribute.passage))
            for attribute in document.attributes
        ]
        return cls(
            text,
            text_format,
            spaced,
            protect,
            piece(0, document.body),
            [(attribute, found) for attribute, found in attributes if found.outcomes],
        )

    @property
    def outcomes(self) -> list[Outcome]:
        pieces = [*(piece for _, piece in self.attributes), self.body]
        return [outcome for piece in pieces for outcome in piece.outcomes]

    def finish(self) -> TranslatedText:
        passage, score = self._with_attributes()
        found = [
            replace(candidate, score=score + candidate.score)
            for candidate in self.body.candidates(passage, self.spaced, self._escape)
        ]
        pieces = [*((piece, piece.passage) for _, piece in self.attributes), (self.body, passage)]
        sentences = tuple(
            sentence
            for piece, written in pieces
            for sentence in piece.sentences(written, self.spaced, self._escape)
        )
        return TranslatedText(
            candidates=tuple(candidate.text for candidate in found),
            scores=tuple(candidate.score for candidate in found),
            sentences=sentences,
            truncated=any(sentence.translation.truncated for sentence in sentences),
            items=tuple(passage.items),
            details=tuple(found),
        )

    def _with_attributes(self) -> tuple[Passage, float]:
        """Gives the passage, the best translations of its attributes in it, and their score."""
        if not self.attributes:
            return self.body.passage, 0.0
        best = [
            piece.candidates(piece.passage, self.spaced, self._escape)[0]
            for _, piece in self.attributes
        ]
        text = replace_attributes(
            self.text, [attribute for attribute, _ in self.attributes], [one.text for one in best]
        )
        return read_hypertext(text, self.protect).body, math.fsum(one.score for one in best)

    def _escape(self, text: str) -> str:
        return escape(text) if self.text_format == "html" else text


def _outcomes(
    passage: Passage, source: str, target: str, fits: Callable[[str], bool], *, split: bool
) -> Iterator[Outcome]:
    # Two sentences of a language without spaces touch; in one with spaces they must not.
    needs_space = not is_unspaced(target)
    previous_end = -1
    for sentence in find_sentences(passage, source, split=split):
        for n, unit in enumerate(cut(passage, sentence.start, sentence.end, fits)):
            touches = sentence.touches if n == 0 else is_unspaced(source)
            touches = touches and previous_end > 0 and not passage.text[unit.start - 1].isspace()
            yield Outcome(unit, " " if touches and needs_space else "")
            previous_end = unit.end
