"""Sentences in capitals, written as a model knows its words.

A vocabulary has few pieces in capitals, so a headline or the label of a button reaches the model as
single letters: it makes nonsense of them (chrF 15 to 19 where the same sentences in ordinary letters
have 60 to 66). So they are searched in ordinary letters, and the translation is written in capitals.
"""

from __future__ import annotations

import dataclasses

import regex

from translator.dictionary import WORD
from translator.texts.sentence import Sentence, Translate
from translator.tokenizer import Tokenizer
from translator.translation import Hypothesis, Translation

_SHOUTED = regex.compile(r"\p{L}\p{M}*\p{L}")


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
            pairs_found = zip(found, shouted, strict=True)
            return [_in_capitals(one) if loud else one for one, loud in pairs_found]

        return translated

    def _ordinary(self, sentence: Sentence) -> Sentence:
        text = WORD.sub(lambda match: self._written(match[0]), sentence.text)
        if first := WORD.search(text):
            start = first.start()
            text = text[:start] + sentence.text[start] + text[start + 1 :]
        return Sentence(text, sentence.terms)

    def _written(self, word: str) -> str:
        """A word as the vocabulary knows it best; as it is where it would not be as long."""
        small = word.lower()
        if len(small) != len(word):
            return word
        capitalised = word[0] + small[1:]
        return capitalised if self._pieces(capitalised) < self._pieces(small) else small

    def _pieces(self, word: str) -> int:
        return len(self._tokenizer.encode(word))


def _is_shouted(text: str) -> bool:
    """Whether a text has capitals alone, and a word of more than one."""
    return text.isupper() and _SHOUTED.search(text) is not None


def _in_capitals(translation: Translation) -> Translation:
    return dataclasses.replace(
        translation,
        source_tokens=_tokens(translation.source_tokens),
        hypotheses=tuple(map(_shouted, translation.hypotheses)),
    )


def _shouted(hypothesis: Hypothesis) -> Hypothesis:
    return dataclasses.replace(
        hypothesis, text=hypothesis.text.upper(), tokens=_tokens(hypothesis.tokens)
    )


def _tokens(tokens: tuple[str, ...]) -> tuple[str, ...]:
    """In capitals, other than bytes and what halts."""
    return tuple(token if token.startswith("<") else token.upper() for token in tokens)
