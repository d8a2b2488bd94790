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
        longest_first = sorted(self._targets, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_as_pattern, longest_first)), re.IGNORECASE)

    def __bool__(self) -> bool:
        return bool(self._targets)

    def find(self, text: str) -> tuple[Term, ...]:
        """The terms in a normalised sentence, from left to right; none overlaps another."""
        if not self._targets:
            return ()
        matches = ((match, self._target(match)) for match in self._pattern.finditer(text))
        return tuple(Term(m.start(), m.end(), target) for m, target in matches if target)

    def _target(self, match: re.Match[str]) -> str | None:
        found = match[0]
        target = self._targets.get(found)
        if target is not None:
            return target
        target = self._targets.get(found.lower())
        if target is None:
            return None
        if found.isupper() and len(found) > 1:
            return target.upper()
        inside = match.string[: match.start()].strip("\"'([{¿¡«\u201c\u2018 ")
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


def tidy(text: str, source: str) -> str:
    """A translation with required terms: no space after an opening mark, capitals at its start.

    Args:
        text: The translation.
        source: What it is of; where it starts with a capital, so does the translation.
    """
    text = _OPENING.sub(r"\1", text)
    first, start = _first_letter(source), _first_letter(text)
    if first is not None and start is not None and source[first].isupper():
        return text[:start] + text[start].upper() + text[start + 1 :]
    return text


def _as_pattern(term: str) -> str:
    """The term as a whole word, where its script puts spaces between words.

    One with a capital is found as it is written.
    """
    before = r"(?<!\w)" if _spaced(term[0]) else ""
    after = r"(?!\w)" if _spaced(term[-1]) else ""
    found = f"{before}{re.escape(term)}{after}"
    return found if term == term.lower() else f"(?-i:{found})"


def _spaced(character: str) -> bool:
    return character.isalnum() and not "\u2e80" <= character <= "\u9fff"


def _first_letter(text: str) -> int | None:
    """Where the first letter stands; None where a placeholder comes before it."""
    for n, character in enumerate(text):
        if character.isalpha() or character in PLACEHOLDERS:
            return n if character.isalpha() else None
    return None
