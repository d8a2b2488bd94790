"""Terms that must be translated in one way: source terms in, what the search is to obey out."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping

from translator.constants import PLACEHOLDERS
from translator.errors import InputError
from translator.text import normalize
from translator.texts.sentence import Sentence, Term

MOST_TERMS = 10_000
LONGEST_TERM = 100
"""Characters of a term, on either side."""

_OPENING = re.compile(r"([¿¡(\[{\u201c\u2018]) ")
_ELIDED = {
    "fr": re.compile(
        r"((?<![\w'\u2019])(?:[cdjlmnst]|qu)|^(?:[CDJLMNST]|Qu)) (?=[aeiouyhà-ü\u0153])"
    ),
    "it": re.compile(r"((?<![\w'\u2019])(?:[cdl]|(?:de|ne|da|a|su)ll)|^L) (?=[aeiouhà-ü])"),
}
"""What a language writes with an apostrophe before a vowel."""

_FIRST = re.compile(r"[^\W_\u2e80-\u9fff]+|\S")
"""What a term begins with: a word, or a character that no space need keep from the next one."""


class Glossary:
    """Source terms with the translations that are required of them.

    A term is found as a whole word or several, the longest first. One that is written in small
    letters is found in any case, and its translation follows the text: in capitals where the text
    has capitals, capitalised where the text capitalises it within a sentence. One with a capital
    is found as it is written.

    Args:
        terms: Target terms by source terms.

    Raises:
        InputError: A term is blank or too long, or there are too many.
    """

    def __init__(self, terms: Mapping[str, str]) -> None:
        if len(terms) > MOST_TERMS:
            raise InputError(
                f"glossary: expected at most {MOST_TERMS} terms. Received: {len(terms)}"
            )
        self._targets = {check_term(s): check_term(t) for s, t in terms.items()}
        lengths: dict[str, set[int]] = {}
        for term in self._targets:
            lengths.setdefault(_first(term), set()).add(len(term))
        # Of what begins alike, in any case: however many terms there are, few lengths are tried.
        self._lengths = {first: sorted(each, reverse=True) for first, each in lengths.items()}

    def __bool__(self) -> bool:
        return bool(self._targets)

    def find(self, text: str) -> tuple[Term, ...]:
        """The terms in a normalised sentence, from left to right; none overlaps another."""
        found: list[Term] = []
        for first in _FIRST.finditer(text):
            if not found or found[-1].stop <= first.start():
                found += self._longest(text, first)
        return tuple(found)

    def _longest(self, text: str, first: re.Match[str]) -> list[Term]:
        """The longest term that begins with a part of a sentence, if there is one."""
        start = first.start()
        for length in self._lengths.get(first[0].casefold(), ()):
            stop = start + length
            if stop <= len(text) and _is_whole(text, start, stop):
                target = self._target(text, start, stop)
                if target is not None:
                    return [Term(start, stop, target)]
        return []

    def _target(self, text: str, start: int, stop: int) -> str | None:
        found = text[start:stop]
        target = self._targets.get(found)
        if target is not None:
            return target
        target = self._targets.get(found.lower())
        if target is None:
            return None
        if found.isupper() and len(found) > 1:
            return target.upper()
        inside = text[:start].strip("\"'([{¿¡«\u201c\u2018 ")
        return target[:1].upper() + target[1:] if inside and found[:1].isupper() else target


def check_term(term: str) -> str:
    """Gives a term as a glossary holds it.

    Raises:
        InputError: It is blank or too long.
    """
    term = normalize(term)
    if not term or len(term) > LONGEST_TERM:
        raise InputError(
            f"glossary: expected terms of 1 to {LONGEST_TERM} characters. "
            f"Received: {reprlib.repr(term)}"
        )
    return term


def with_terms(sentence: Sentence, glossary: Glossary | None) -> Sentence:
    """The sentence with the terms that a glossary finds in it."""
    if not glossary:
        return sentence
    text = normalize(sentence.text)
    return Sentence(text, glossary.find(text))


def tidy(text: str, source: str, language: str) -> str:
    """A translation with required terms, each of which the search begins with a space.

    No space stands after an opening mark, and in French and Italian an apostrophe in place of one
    after what was shortened before a vowel.

    Args:
        text: The translation.
        source: What it is of; where it starts with a capital, so does the translation.
        language: Code of the translation's language.
    """
    text = _OPENING.sub(r"\1", text)
    if language in _ELIDED:
        text = _ELIDED[language].sub(r"\1'", text)
    first, start = _first_letter(source), _first_letter(text)
    if first is not None and start is not None and source[first].isupper():
        return text[:start] + text[start].upper() + text[start + 1 :]
    return text


def _first(term: str) -> str:
    """What a term begins with, the same for all cases."""
    match = _FIRST.match(term)
    assert match is not None, "a term is not blank"
    return match[0].casefold()


def _is_whole(text: str, start: int, stop: int) -> bool:
    """Whether a part cuts no word, where its script puts spaces between words."""
    before, after = text[start - 1 : start], text[stop : stop + 1]
    return not (_is_cut(text[start], before) or _is_cut(text[stop - 1], after))


def _is_cut(character: str, neighbour: str) -> bool:
    spaced = character.isalnum() and not "\u2e80" <= character <= "\u9fff"
    return spaced and (neighbour.isalnum() or neighbour == "_")


def _first_letter(text: str) -> int | None:
    """Where the first letter stands; None where a placeholder comes before it."""
    for n, character in enumerate(text):
        if character.isalpha() or character in PLACEHOLDERS:
            return n if character.isalpha() else None
    return None
