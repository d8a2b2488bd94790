"""Words that a model makes up, names that it loses and numbers that it changes, put right.

A model that spells words in pieces also spells words that there are not: "Stonon" for "Lyon". What
is in no pair that it learnt from is almost never right. So the sentence is translated once more,
with a placeholder for the source word that the made-up one looked at; and that is filled by the
translation of this word that a dictionary knows, else by the word itself (Luong et al., arXiv
1410.8206; Jean et al., arXiv 1412.2007, section 4.1.3). Names that the dictionary does not know,
and small numbers, become placeholders of themselves where they are lost.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import numpy as np
import regex

from translator.constants import PLACEHOLDERS
from translator.dictionary import WORD, Dictionary
from translator.names import Names
from translator.spelling import group, spell
from translator.text import normalize
from translator.texts.sentence import Sentence, Translate
from translator.tokenizer import Tokenizer
from translator.translation import Hypothesis, Translation

_DIGITS = regex.compile(r"\d+")
_SMALL_NUMBER = regex.compile(r"(?<![\w.,:])\d{1,2}(?![\w:]|[.,]\d|[ \u00a0\u202f]\d{3})")
"""Larger ones are protected before a sentence is searched."""

_END = regex.compile(r"[.!?…]+(?!\S)")


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
class _Attempt:
    """A sentence that is searched once more.

    Attributes:
        sentence: With placeholders.
        fillings: What they stand for.
        faults: What is wrong with the first translation.
    """

    sentence: Sentence
    fillings: dict[str, _Filling]
    faults: int


class Mender:
    """Mends the translations of one model.

    Args:
        source: Tokenizer of its source side.
        dictionary: Of the pairs that it learnt from.
        language: Code of the source language.
    """

    def __init__(self, source: Tokenizer, dictionary: Dictionary, language: str) -> None:
        self._source = source
        self._dictionary = dictionary
        self._names = Names(dictionary, language)

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
                mended[n] = self._better(attempt, sentences[n], first[n], translation)
        return mended

    def _attempt(self, sentence: Sentence, translation: Translation) -> _Attempt | None:
        best = translation.hypotheses[0]
        if not best.finished or translation.source_cut:
            return None
        faults = self._faults(sentence, best.text)
        if not faults:
            return None
        text = normalize(sentence.text)
        found = [
            *self._lost_names(text, best.text),
            *_lost_numbers(text, best.text),
            *self._aligned(sentence, text, best),
        ]
        free = [symbol for symbol in PLACEHOLDERS if symbol not in text]
        taken = [range(term.start, term.stop) for term in sentence.terms]
        fillings: list[_Filling] = []
        for filling in found:
            if not any(filling.start < one.stop and one.start < filling.stop for one in taken):
                fillings.append(filling)
                taken.append(range(filling.start, filling.stop))
        fillings = sorted(fillings[: len(free)], key=lambda filling: filling.start)
        by_symbol = dict(zip(free, fillings, strict=False))
        if not by_symbol:
            return None
        return _Attempt(_with(sentence, text, by_symbol), by_symbol, faults)

    def _faults(self, sentence: Sentence, target: str) -> int:
        """How many words are made up, and how many names and numbers are lost."""
        text = normalize(sentence.text)
        lost = chain(self._lost_names(text, target), _lost_numbers(text, target))
        return sum(1 for _ in chain(self._made_up(sentence, target), lost))

    def _made_up(self, sentence: Sentence, target: str) -> Iterator[tuple[int, int]]:
        """Where words stand in a translation that nobody can have told the model."""
        own: set[str] = set()
        for match in WORD.finditer(target):
            word = match[0].lower()
            if word not in self._dictionary.known:
                told = (sentence.text, *(term.target for term in sentence.terms))
                own = own or {word.lower() for text in told for word in WORD.findall(text)}
                if word not in own:
                    yield match.span()

    def _lost_names(self, text: str, target: str) -> Iterator[_Filling]:
        there: set[str] = set()
        for start, stop in self._names.find(text):
            there = there or {word.lower() for word in WORD.findall(target)}
            word = text[start:stop]
            if word.lower() not in there and len(self._source.encode(word)) > 1:
                yield _Filling(start, stop, word, word)

    def _aligned(self, sentence: Sentence, text: str, best: Hypothesis) -> Iterator[_Filling]:
        """What the source words, to which made-up words looked most, had better become."""
        pieces = best.tokens[:-1]
        groups = group(pieces)
        spelt = [spell(pieces[part.start : part.stop]) for part in groups]
        ends = np.cumsum([len(part) for part in spelt])
        spans = np.array(self._source.spans(text))
        places = [match.span() for match in WORD.finditer(text)]
        if not places:
            return
        of_word = [
            np.flatnonzero((spans[:, 0] < stop) & (spans[:, 1] > start)) for start, stop in places
        ]
        for start, stop in self._made_up(sentence, "".join(spelt)):
            of_target = np.flatnonzero((ends > start) & (ends - list(map(len, spelt)) < stop))
            rows = [n for part in of_target for n in groups[part]]
            looked = best.alignment[rows, : len(spans)].sum(axis=0)
            n = int(np.argmax([looked[of].sum() for of in of_word]))
            word = text[slice(*places[n])]
            # A word of one piece is common: whatever is wrong, it is not that nobody knows it.
            target = self._dictionary.translate(word) or (word if len(of_word[n]) > 1 else None)
            if target is not None:
                yield _Filling(*places[n], word, target)

    def _better(
        self, attempt: _Attempt, sentence: Sentence, first: Translation, second: Translation
    ) -> Translation:
        symbols = [symbol for symbol in PLACEHOLDERS if symbol in attempt.sentence.text]
        hypotheses = tuple(
            _filled(hypothesis, sentence.text, attempt.fillings)
            for hypothesis in second.hypotheses
            if hypothesis.finished and all(hypothesis.text.count(one) == 1 for one in symbols)
        )
        if not hypotheses:
            return first
        mended = dataclasses.replace(
            second,
            source_tokens=_fill(
                second.source_tokens, {s: one.source for s, one in attempt.fillings.items()}
            ),
            hypotheses=hypotheses,
        )
        # A search that has left a placeholder out until the end puts it behind the full stop.
        ends = max(_count_ends(sentence.text), _count_ends(first.text))
        is_better = self._faults(sentence, mended.text) < attempt.faults
        return mended if is_better and _count_ends(mended.text) <= ends else first


def _count_ends(text: str) -> int:
    return len(_END.findall(text))


def _lost_numbers(text: str, target: str) -> Iterator[_Filling]:
    """Small numbers in whose place another stands; one that is missing may be spelt out."""
    there = {*_DIGITS.findall(target)}
    if not there <= {*_DIGITS.findall(text)}:
        for match in _SMALL_NUMBER.finditer(text):
            if match[0] not in there:
                yield _Filling(*match.span(), match[0], match[0])


def _with(sentence: Sentence, text: str, fillings: dict[str, _Filling]) -> Sentence:
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
    return Sentence("".join([*parts, text[end:]]), terms)


def _filled(hypothesis: Hypothesis, source: str, fillings: dict[str, _Filling]) -> Hypothesis:
    """A hypothesis with what its placeholders stand for."""
    text, words = hypothesis.text, {}
    for symbol, filling in fillings.items():
        before, _, after = text.partition(symbol)
        # A space that the search left out; `restoring` does the same for what users protect.
        space = " " if before[-1:].isalnum() else ""
        text = f"{before}{space}{filling.target}{' ' if after[:1].isalnum() else ''}{after}"
        words[symbol] = space.replace(" ", "▁") + filling.target
    if source[:1].isupper():
        text = text[:1].upper() + text[1:]
    return dataclasses.replace(hypothesis, text=text, tokens=_fill(hypothesis.tokens, words))


def _fill(tokens: Sequence[str], words: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(words.get(token, token) for token in tokens)
