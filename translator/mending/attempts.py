"""Sentences that are searched once more, and what becomes of the translations that are found."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping

import numpy as np
import regex

from translator.constants import PLACEHOLDERS
from translator.dictionary import WORD
from translator.mending.source import Filling, Source
from translator.texts.sentence import Sentence, Term
from translator.translation import Hypothesis

_OPENING = "¿¡"
_END = r"[.!?\u2026]+"
_ENDS = regex.compile(rf"{_END}(?!\S)")

_SURER = 0.1
"""By how much the mean log P of a translation must rise for a dictionary to have known better."""


@dataclasses.dataclass(frozen=True)
class Attempt:
    """A sentence that is searched once more.

    Attributes:
        source: As it was.
        sentence: With placeholders, or with terms in place of guesses.
        fillings: What the placeholders stand for.
        alone: Whether there is nothing but one word.
        guessed: Whether it requires what a dictionary has for words that were guessed.
    """

    source: Source
    sentence: Sentence
    fillings: Mapping[str, Filling]
    alone: bool = False
    guessed: bool = False

    def accepts(self, first: Hypothesis, second: Hypothesis) -> bool:
        """Whether a translation has all placeholders where they may stand, and is likely enough.

        A search that has left a placeholder out until the end puts it behind the full stop.
        """
        text = second.text
        symbols = [symbol for symbol in PLACEHOLDERS if symbol in self.sentence.text]
        if not second.finished or any(text.count(symbol) != 1 for symbol in symbols):
            return False
        if self.alone:
            return True
        own = [symbol for symbol in symbols if symbol not in self.fillings]
        if _order(own, text) != _order(own, first.text):
            return False
        if _mean_log_prob(second) < _mean_log_prob(first) + self._least_rise:
            return False
        if any(regex.search(rf"{_END} *{symbol}", text) for symbol in self.fillings):
            return False
        ends = max(len(_ENDS.findall(one)) for one in (self.source.text, first.text))
        return len(_ENDS.findall(text)) <= ends

    def filled(self, hypothesis: Hypothesis) -> Hypothesis:
        """A hypothesis with what its placeholders stand for."""
        filled = _filled(hypothesis, self)
        return _alone(hypothesis, filled, self) if self.alone else filled

    @property
    def _least_rise(self) -> float:
        """By how much the mean log P must rise."""
        if self.sentence.max_repeats is not None:
            return -math.inf  # doubled words were likelier: they would have been found again
        return _SURER if self.guessed else 0.0


def with_placeholders(
    source: Source, sentence: Sentence, found: Iterable[Filling], *, alone: bool = False
) -> Attempt | None:
    """The sentence with as many placeholders as there are; None if nothing would be otherwise."""
    free = [symbol for symbol in PLACEHOLDERS if symbol not in source.text]
    taken = [range(term.start, term.stop) for term in sentence.terms]
    fillings: list[Filling] = []
    for filling in found:
        if not any(filling.start < one.stop and one.start < filling.stop for one in taken):
            fillings.append(filling)
            taken.append(range(filling.start, filling.stop))
    fillings = sorted(fillings[: len(free)], key=lambda filling: filling.start)
    by_symbol = dict(zip(free, fillings, strict=False))
    if not by_symbol and sentence.max_repeats is None:
        return None
    return Attempt(source, _with(sentence, source.text, by_symbol), by_symbol, alone)


def with_required(source: Source, sentence: Sentence, guessed: Iterable[Filling]) -> Attempt:
    """A sentence of no terms with those required in place of guesses, and placeholders for names.

    A name that was right by chance need not be so again.
    """
    terms = tuple(Term(one.start, one.stop, one.target) for one in guessed)
    asked = dataclasses.replace(sentence, text=source.text, terms=terms)
    attempt = with_placeholders(source, asked, source.names) or Attempt(source, asked, {})
    return dataclasses.replace(attempt, guessed=True)


def _mean_log_prob(hypothesis: Hypothesis) -> float:
    return float(np.mean(hypothesis.token_log_probs))


def _order(symbols: Iterable[str], text: str) -> list[str]:
    return sorted((symbol for symbol in symbols if symbol in text), key=text.index)


def _with(sentence: Sentence, text: str, fillings: Mapping[str, Filling]) -> Sentence:
    """The sentence with placeholders, its terms where they stand then."""
    parts: list[str] = []
    end = 0
    for symbol, filling in fillings.items():
        parts += [text[end : filling.start], symbol]
        end = filling.stop

    def moved(place: int) -> int:
        before = (one for one in fillings.values() if one.stop <= place)
        return place - sum(one.stop - one.start - 1 for one in before)

    terms = tuple(
        dataclasses.replace(term, start=moved(term.start), stop=moved(term.stop))
        for term in sentence.terms
    )
    return dataclasses.replace(sentence, text="".join([*parts, text[end:]]), terms=terms)


def _filled(hypothesis: Hypothesis, attempt: Attempt) -> Hypothesis:
    text, tokens = hypothesis.text, list(hypothesis.tokens)
    for symbol, filling in attempt.fillings.items():
        before, _, after = text.partition(symbol)
        # Spaces that the search left out; `restoring` does the same for what users protect.
        left, right = (" " if x.isalnum() else "" for x in (before[-1:], after[:1]))
        text = f"{before}{left}{filling.target}{right}{after}"
        place = tokens.index(symbol)
        tokens[place] = left.replace(" ", "▁") + filling.target
        tokens[place + 1] = right.replace(" ", "▁") + tokens[place + 1]
    if attempt.source.text[:1].isupper():
        text = text[:1].upper() + text[1:]
    return dataclasses.replace(hypothesis, text=text, tokens=tuple(tokens))


def _alone(found: Hypothesis, filled: Hypothesis, attempt: Attempt) -> Hypothesis:
    """The word in place of that of its source, without what else the search has found.

    The marks are those of the source, written as the search has written them if they are the same:
    languages differ in spaces before them, and in marks before an exclamation. If they are not,
    the tokens are those of the search all the same.
    """
    ((symbol, filling),) = attempt.fillings.items()
    marks = attempt.source.text[: filling.start], attempt.source.text[filling.stop :]
    before, _, after = found.text.partition(symbol)
    if (_bare(before), _bare(after)) != (_bare(marks[0]), _bare(marks[1])):
        before, after = marks[0].strip(_OPENING), marks[1].lstrip()
    *tokens, _ = found.tokens
    kept = [n for n, token in enumerate(tokens) if not WORD.search(token)] + [len(tokens)]
    return dataclasses.replace(
        filled,
        text=f"{before}{filling.target}{after}",
        tokens=tuple(filled.tokens[n] for n in kept),
        token_log_probs=tuple(found.token_log_probs[n] for n in kept),
        alignment=found.alignment[kept],
    )


def _bare(marks: str) -> str:
    return "".join(mark for mark in marks if not mark.isspace() and mark not in _OPENING)
