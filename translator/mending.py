"""Words that a model makes up or doubles, names that it loses and numbers, put right.

A model that spells words in pieces also spells words that there are not: "Stonon" for "Lyon". What
is in no pair that it learnt from is almost never right. So the sentence is translated once more,
with a placeholder for the source word that the made-up one looked at; and that is filled by the
translation of this word that a dictionary knows, else by the word itself (Luong et al., arXiv
1410.8206; Jean et al., arXiv 1412.2007, section 4.1.3). Names that the dictionary does not know,
and small numbers, become placeholders of themselves where they are lost. A word that stands twice
in a row, as it does in no pair, may stand there once when the sentence is searched again. A word
alone, of which a model of sentences likes to make one, becomes what the dictionary has for it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import regex

from translator.constants import PLACEHOLDERS
from translator.dictionary import DOUBLED, WORD, Dictionary
from translator.names import Names
from translator.spelling import group, spell
from translator.text import normalize
from translator.texts.sentence import Sentence, Translate
from translator.tokenizer import Tokenizer
from translator.translation import Hypothesis, Translation

_DIGITS = regex.compile(r"\d+")
_SMALL_NUMBER = regex.compile(r"(?<![\w.,:])\d{1,2}(?![\w:]|[.,]\d|[ \u00a0\u202f]\d{3})")
"""Larger ones are protected before a sentence is searched."""

_OPENING = "¿¡"
_END = r"[.!?\u2026]+"
_ENDS = regex.compile(rf"{_END}(?!\S)")

_UNSURE = math.log(0.25)
"""A token of which a model is less sure than this is guessed, where there is but one word."""

_UNSURE_ALONE = math.log(0.75)
"""The same, where pairs show what the word becomes that stands alone."""


@dataclasses.dataclass(frozen=True)
class _Filling:
    """What a placeholder stands for.

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
class _Source:
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
    names: tuple[_Filling, ...]
    doubles: bool


@dataclasses.dataclass(frozen=True)
class _Attempt:
    """A sentence that is searched once more.

    Attributes:
        source: As it was.
        sentence: With placeholders.
        fillings: What they stand for.
        alone: Whether there is nothing but one word.
    """

    source: _Source
    sentence: Sentence
    fillings: dict[str, _Filling]
    alone: bool = False


class Mender:
    """Mends the translations of one model.

    Args:
        source: Tokenizer of its source side.
        dictionary: Of the pairs that it learnt from.
        language: Code of the source language.
    """

    def __init__(self, source: Tokenizer, dictionary: Dictionary, language: str) -> None:
        self._tokenizer = source
        self._dictionary = dictionary
        self._names = Names(dictionary, language)
        # Model folders that were exported earlier have a dictionary that does not tell.
        self._knows_doubles = any(" " in words for words in dictionary.known)

    def mended(self, translate: Translate) -> Translate:
        """As `translate`, and once more for the sentences whose translations have a fault."""
        return lambda sentences: self._mend(sentences, translate(sentences), translate)

    def _mend(
        self, sentences: list[Sentence], first: list[Translation], translate: Translate
    ) -> list[Translation]:
        mended = list(first)
        attempts = {
            n: attempt
            for n, pair in enumerate(zip(sentences, first, strict=True))
            if (attempt := self._attempt(*pair)) is not None
        }
        if attempts:
            again = translate([attempt.sentence for attempt in attempts.values()])
            for (n, attempt), translation in zip(attempts.items(), again, strict=True):
                mended[n] = self._better(attempt, first[n], translation)
        return mended

    def _attempt(self, sentence: Sentence, translation: Translation) -> _Attempt | None:
        best = translation.hypotheses[0]
        source = self._read(sentence)
        alone = None if sentence.terms else self._alone(source.text, best)
        if alone is not None:
            return _attempt(source, sentence, [alone], alone=True)
        if not best.finished or translation.source_cut or not self._faults(source, best.text):
            return None
        found = [*self._lost(source, best.text), *self._aligned(source, best)]
        doubled = self._doubled(source, best.text)
        if doubled:
            sentence = dataclasses.replace(sentence, max_repeats=1)
        if found or doubled:  # a name that was right by chance need not be so again
            found += source.names
        return _attempt(source, sentence, found)

    def _read(self, sentence: Sentence) -> _Source:
        text = normalize(sentence.text)
        told = [text, *(term.target for term in sentence.terms)]
        return _Source(
            text,
            frozenset(word.lower() for one in told for word in WORD.findall(one)),
            frozenset(number for one in told for number in _DIGITS.findall(one)),
            tuple(self._rare_names(text)),
            any(DOUBLED.search(one) for one in told),
        )

    def _rare_names(self, text: str) -> Iterator[_Filling]:
        for start, stop in self._names.find(text):
            name = text[start:stop]
            if self._is_rare(name):
                yield _Filling(start, stop, name, name)

    def _alone(self, text: str, best: Hypothesis) -> _Filling | None:
        """The only word of a text, if its translation is known, and the model found another one."""
        words = [*WORD.finditer(text)]
        if len(words) != 1:
            return None
        if any(character.isdigit() or character in PLACEHOLDERS for character in text):
            return None
        word = words[0][0]
        target = self._dictionary.translate_alone(word)
        if target is None or WORD.findall(best.text.lower()) == [target.lower()]:
            return None
        unsure = _UNSURE_ALONE if self._dictionary.is_known_alone(word) else _UNSURE
        if min(best.token_log_probs, default=0.0) >= unsure:
            return None
        if word.isupper() and len(word) > 1:
            target = target.upper()
        elif word[0].isupper():
            target = target[0].upper() + target[1:]
        return _Filling(words[0].start(), words[0].end(), word, target)

    def _faults(self, source: _Source, target: str) -> int:
        """Made-up and doubled words, numbers from nowhere, names and numbers that are lost."""
        lost = sum(1 for _ in self._lost(source, target))
        words = len(self._made_up(source, target)) + self._doubled(source, target)
        return words + len(_strange(source, target)) + lost

    def _made_up(self, source: _Source, target: str) -> list[tuple[int, int]]:
        """Where words stand in a translation that nobody can have told the model."""
        return [
            match.span()
            for match in WORD.finditer(target)
            if (word := match[0].lower()) not in self._dictionary.known and word not in source.words
        ]

    def _doubled(self, source: _Source, target: str) -> int:
        """How many words stand twice in a row, as they do in no pair."""
        if source.doubles or not self._knows_doubles:
            return 0
        found = (match[0].lower() for match in DOUBLED.finditer(target))
        return sum(words not in self._dictionary.known for words in found)

    def _lost(self, source: _Source, target: str) -> Iterator[_Filling]:
        """Names, and small numbers in whose place another stands; one may well be spelt out."""
        small = target.lower()
        yield from (name for name in source.names if name.target.lower() not in small)
        if _strange(source, target):
            there = {*_DIGITS.findall(target)}
            for match in _SMALL_NUMBER.finditer(source.text):
                if match[0] not in there:
                    yield _Filling(*match.span(), match[0], match[0])

    def _aligned(self, source: _Source, best: Hypothesis) -> Iterator[_Filling]:
        """What the source words, to which made-up words looked most, had better become."""
        groups = group(best.tokens[:-1])
        spelt = [spell(best.tokens[part.start : part.stop]) for part in groups]
        ends = np.cumsum([len(part) for part in spelt])
        starts = ends - [len(part) for part in spelt]
        pieces = self._tokenizer.spans(source.text)
        words = [match.span() for match in WORD.finditer(source.text)]
        for start, stop in self._made_up(source, "".join(spelt)):
            parts = np.flatnonzero((ends > start) & (starts < stop))
            looked = best.alignment[[n for part in parts for n in groups[part]]].sum(axis=0)
            # Pieces of no word, and the end of the source, count as words of their own.
            weights = dict.fromkeys(words, 0.0)
            for (first, last), weight in zip([*pieces, (-1, -1)], looked, strict=True):
                inside = [word for word in words if word[0] < last and first < word[1]]
                for place in inside or [(first, last)]:
                    weights[place] = weights.get(place, 0.0) + float(weight)
            place = max(weights, key=lambda place: weights[place])
            if place in words and (filling := self._translated(*place, source.text)) is not None:
                yield filling

    def _translated(self, start: int, stop: int, text: str) -> _Filling | None:
        """A source word that is to become its translation, or itself if none is known."""
        word = text[start:stop]
        target = self._dictionary.translate(word)
        if target is None:
            # A word of one piece is common: whatever is wrong, it is not that nobody knows it.
            return _Filling(start, stop, word, word) if self._is_rare(word) else None
        return _Filling(start, stop, word, target)

    def _is_rare(self, word: str) -> bool:
        return len(self._tokenizer.encode(word)) > 1

    def _better(self, attempt: _Attempt, first: Translation, second: Translation) -> Translation:
        """The second translation with its placeholders filled, if it is better than the first."""
        faults = self._faults(attempt.source, first.text)
        hypotheses: list[Hypothesis] = []
        for hypothesis in second.hypotheses:
            if not _is_whole(attempt, first.hypotheses[0], hypothesis):
                continue
            filled = _filled(hypothesis, attempt)
            if attempt.alone:
                hypotheses.append(_alone(hypothesis, filled, attempt))
            elif self._faults(attempt.source, filled.text) < faults:
                hypotheses.append(filled)
        if not hypotheses:
            return first
        words = {symbol: one.source for symbol, one in attempt.fillings.items()}
        return dataclasses.replace(
            second,
            source_tokens=tuple(words.get(token, token) for token in second.source_tokens),
            hypotheses=tuple(hypotheses),
        )


def _attempt(
    source: _Source, sentence: Sentence, found: Iterable[_Filling], alone: bool = False
) -> _Attempt | None:
    """The attempt with as many placeholders as there are; None if nothing would be otherwise."""
    free = [symbol for symbol in PLACEHOLDERS if symbol not in source.text]
    taken = [range(term.start, term.stop) for term in sentence.terms]
    fillings: list[_Filling] = []
    for filling in found:
        if not any(filling.start < one.stop and one.start < filling.stop for one in taken):
            fillings.append(filling)
            taken.append(range(filling.start, filling.stop))
    fillings = sorted(fillings[: len(free)], key=lambda filling: filling.start)
    by_symbol = dict(zip(free, fillings, strict=False))
    if not by_symbol and sentence.max_repeats is None:
        return None
    return _Attempt(source, _with(sentence, source.text, by_symbol), by_symbol, alone)


def _strange(source: _Source, target: str) -> set[str]:
    """Numbers of a translation that its source has not."""
    return {*_DIGITS.findall(target)} - source.digits


def _is_whole(attempt: _Attempt, first: Hypothesis, second: Hypothesis) -> bool:
    """Whether a translation has all placeholders where they may stand, and is as likely a one.

    A search that has left a placeholder out until the end puts it behind the full stop.
    """
    text = second.text
    symbols = [symbol for symbol in PLACEHOLDERS if symbol in attempt.sentence.text]
    if not second.finished or any(text.count(symbol) != 1 for symbol in symbols):
        return False
    if attempt.alone:
        return True
    own = [symbol for symbol in symbols if symbol not in attempt.fillings]
    if _order(own, text) != _order(own, first.text):
        return False
    # Doubled words were likelier: they would have been found again.
    if attempt.sentence.max_repeats is None and _mean_log_prob(second) < _mean_log_prob(first):
        return False
    if any(regex.search(rf"{_END} *{symbol}", text) for symbol in attempt.fillings):
        return False
    ends = max(len(_ENDS.findall(one)) for one in (attempt.source.text, first.text))
    return len(_ENDS.findall(text)) <= ends


def _mean_log_prob(hypothesis: Hypothesis) -> float:
    return float(np.mean(hypothesis.token_log_probs))


def _order(symbols: Iterable[str], text: str) -> list[str]:
    return sorted((symbol for symbol in symbols if symbol in text), key=text.index)


def _with(sentence: Sentence, text: str, fillings: Mapping[str, _Filling]) -> Sentence:
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


def _filled(hypothesis: Hypothesis, attempt: _Attempt) -> Hypothesis:
    """A hypothesis with what its placeholders stand for."""
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


def _alone(found: Hypothesis, filled: Hypothesis, attempt: _Attempt) -> Hypothesis:
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
