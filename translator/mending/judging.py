"""What is wrong with a translation, and what its source words had better become."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import regex

from translator.constants import PLACEHOLDERS
from translator.dictionary import DOUBLED, WORD, Dictionary
from translator.mending.looking import Word, words_of
from translator.mending.names import Names
from translator.mending.source import Filling, Source
from translator.text import normalize
from translator.texts.sentence import Sentence
from translator.tokenizer import Tokenizer
from translator.translation import Hypothesis

_DIGITS = regex.compile(r"\d+")
_SMALL_NUMBER = regex.compile(r"(?<![\w.,:])\d{1,2}(?![\w:]|[.,]\d|[ \u00a0\u202f]\d{3})")
"""Larger ones are protected before a sentence is searched."""

_GUESSED = math.log(0.2)
"""A word that a model gives less than this is a guess."""

_ALIKE = 0.6
"""Share of its letters with which a longer word begins like another form of it."""

_UNSURE = math.log(0.25)
"""The same as `_GUESSED`, where there is but one word."""

_UNSURE_ALONE = math.log(0.75)
"""The same, where pairs show what the word becomes that stands alone."""


class Judge:
    """Judges the translations of one model.

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

    def read(self, sentence: Sentence) -> Source:
        """What translations of a sentence are judged by."""
        text = normalize(sentence.text)
        told = [text, *(term.target for term in sentence.terms)]
        return Source(
            text,
            frozenset(word.lower() for one in told for word in WORD.findall(one)),
            frozenset(number for one in told for number in _DIGITS.findall(one)),
            tuple(self._rare_names(text)),
            any(DOUBLED.search(one) for one in told),
        )

    def faults(self, source: Source, target: str) -> int:
        """Made-up and doubled words, numbers from nowhere, names and numbers that are lost."""
        made_up = sum(self._is_made_up(source, match[0]) for match in WORD.finditer(target))
        lost = sum(1 for _ in self._lost(source, target))
        return made_up + self.doubled(source, target) + len(_strange(source, target)) + lost

    def doubled(self, source: Source, target: str) -> int:
        """How many words stand twice in a row, as they do in no pair."""
        if source.doubles or not self._knows_doubles:
            return 0
        found = (match[0].lower() for match in DOUBLED.finditer(target))
        return sum(words not in self._dictionary.known for words in found)

    def wrong(self, source: Source, best: Hypothesis) -> list[Filling]:
        """What is lost, and what made-up words stand for."""
        return [*self._lost(source, best.text), *self._misspelt(source, self._words(source, best))]

    def guessed(self, source: Source, best: Hypothesis) -> list[Filling]:
        """Rare words that a dictionary knows, where the model found another one and was unsure.

        Another form of the same word is no other one: the model knows better which is wanted.
        """
        if min(best.token_log_probs) >= _GUESSED:
            return []
        words = self._words(source, best)
        there = {word.text.lower() for word in words}
        found: dict[tuple[int, int], Filling] = {}
        for word in words:
            if word.place is None or word.log_prob >= _GUESSED:
                continue
            known = source.text[slice(*word.place)]
            target = self._dictionary.translate(known)
            if target is None or target.lower() in there or not self._is_rare(known):
                continue
            if not _are_forms(word.text, target):
                found[word.place] = Filling(*word.place, known, target)
        return [*found.values()]

    def alone(self, text: str, best: Hypothesis) -> Filling | None:
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
        return Filling(words[0].start(), words[0].end(), word, target)

    def _rare_names(self, text: str) -> Iterator[Filling]:
        for start, stop in self._names.find(text):
            name = text[start:stop]
            if self._is_rare(name):
                yield Filling(start, stop, name, name)

    def _words(self, source: Source, best: Hypothesis) -> list[Word]:
        return [*words_of(best, source.text, self._tokenizer.spans(source.text))]

    def _is_made_up(self, source: Source, word: str) -> bool:
        """Whether nobody can have told the model a word of a translation."""
        return word.lower() not in self._dictionary.known and word.lower() not in source.words

    def _lost(self, source: Source, target: str) -> Iterator[Filling]:
        """Names, and small numbers in whose place another stands; one may well be spelt out."""
        small = target.lower()
        yield from (name for name in source.names if name.target.lower() not in small)
        if _strange(source, target):
            there = {*_DIGITS.findall(target)}
            for match in _SMALL_NUMBER.finditer(source.text):
                if match[0] not in there:
                    yield Filling(*match.span(), match[0], match[0])

    def _misspelt(self, source: Source, words: Sequence[Word]) -> Iterator[Filling]:
        """What the source words, to which made-up words looked most, had better become."""
        for word in words:
            if word.place is None or not self._is_made_up(source, word.text):
                continue
            known = source.text[slice(*word.place)]
            target = self._dictionary.translate(known)
            # A word of one piece is common: whatever is wrong, it is not that nobody knows it.
            if target is not None or self._is_rare(known):
                yield Filling(*word.place, known, target or known)

    def _is_rare(self, word: str) -> bool:
        return len(self._tokenizer.encode(word)) > 1


def _are_forms(one: str, other: str) -> bool:
    """Whether two words begin alike, as "liefert" and "liefern" do."""
    pairs = zip(one.lower(), other.lower(), strict=False)
    alike = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
    return alike > _ALIKE * max(len(one), len(other))


def _strange(source: Source, target: str) -> set[str]:
    """Numbers of a translation that its source has not."""
    return {*_DIGITS.findall(target)} - source.digits
