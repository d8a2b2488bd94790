"""Sentences in capitals, written as a model knows its words.

A vocabulary has few pieces in capitals, so a headline or the label of a button reaches the model as
single letters, of which it makes nonsense: chrF 15 to 19, where the same sentences in ordinary
letters have 60 to 67. So they are searched in these, and the translation is written in capitals.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import regex

from translator.dictionary import WORD
from translator.texts.sentence import Sentence, Term, Translate
from translator.tokenizer import Tokenizer
from translator.translation import Hypothesis, Translation

_WORDS = regex.compile(r"\p{L}{5}|\p{L}{2}.*\P{L}\p{L}{2}")
"""A long word, or two: a short one alone may well be an abbreviation, which is no other word."""

_NO_CASE = regex.compile(r"\p{Lo}")
_INSIDE = r"[\p{Lu}\p{N}]"
"""What a word in capitals goes on with; letters without case may stand beside it."""

_APOSTROPHES = "'\u2019"


class Capitals:
    """Has sentences in capitals translated in ordinary letters.

    Args:
        source: Tokenizer of the source side, which tells how words are written: names, and what
            else has a capital, come to fewer pieces with it.
    """

    def __init__(self, source: Tokenizer) -> None:
        self._tokenizer = source

    def set_aside(self, translate: Translate) -> Translate:
        """As `translate`, but sentences in capitals reach it in ordinary letters."""

        def translated(sentences: list[Sentence]) -> list[Translation]:
            shouted = [_is_shouted(sentence.text) for sentence in sentences]
            pairs = zip(sentences, shouted, strict=True)
            found = translate([self._ordinary(one) if loud else one for one, loud in pairs])
            return [
                _in_capitals(one, sentence.terms) if loud else one
                for one, sentence, loud in zip(found, sentences, shouted, strict=True)
            ]

        return translated

    def _ordinary(self, sentence: Sentence) -> Sentence:
        text = WORD.sub(self._written, sentence.text)
        if first := WORD.search(text):
            start = first.start()
            text = text[:start] + sentence.text[start] + text[start + 1 :]
        return Sentence(text, sentence.terms)

    def _written(self, match: regex.Match[str]) -> str:
        """A word as the vocabulary knows it best; as it is where it would not be as long."""
        word = match[0]
        small = word.lower()
        if len(small) != len(word):
            return word
        if len(word) == 1 and match.start() and match.string[match.start() - 1] in _APOSTROPHES:
            return small  # MARY'S
        return min((small, word[0] + small[1:], word), key=self._pieces)

    def _pieces(self, word: str) -> int:
        return len(self._tokenizer.encode(word))


def _is_shouted(text: str) -> bool:
    """Whether all letters of a text are capitals, and they are words."""
    return text.isupper() and bool(_WORDS.search(text)) and not _NO_CASE.search(text)


def _in_capitals(translation: Translation, terms: Sequence[Term]) -> Translation:
    """In capitals, but for what terms must become."""

    def shouted(hypothesis: Hypothesis) -> Hypothesis:
        text = hypothesis.text.upper()
        for term in terms:
            loud = (
                rf"(?<![\p{{Lu}}\p{{N}}]){regex.escape(term.target.upper())}(?![\p{{Lu}}\p{{N}}])"
            )
            text = regex.sub(loud, term.target.replace("\\", r"\\"), text)
        return dataclasses.replace(hypothesis, text=text, tokens=_tokens(hypothesis.tokens))

    return dataclasses.replace(
        translation,
        source_tokens=_tokens(translation.source_tokens),
        hypotheses=tuple(map(shouted, translation.hypotheses)),
    )


def _tokens(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """In capitals, other than bytes and what halts."""
    return tuple(token if token.startswith("<") else token.upper() for token in tokens)
