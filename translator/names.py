"""Names that a model cannot know, found by their capitals."""

from __future__ import annotations

import bisect
from collections.abc import Iterator

import regex

from translator.dictionary import WORD, Dictionary

_DETERMINERS = {
    "de": regex.compile(
        "d(?:er|ie|as|en|em|es)|im|am|zum|zur|vom|beim|ins|ans|aufs|viele|einige|alle|zwei|drei"
        "|(?:ein|mein|dein|sein|ihr|unser|euer|eur|kein|dies|jed|welch)(?:e|en|em|er|es)?"
    )
}
"""Of languages whose nouns have capitals, too: what stands before a noun, and hardly a name."""

_LINKS = ("", "s", "n", "en", "es", "er", "e")
"""What German puts between the parts of a compound (Koehn & Knight, EACL 2003, and more)."""


_BEFORE = (",", "'", "\u2019", "-")
"""Marks that no sentence begins after."""

_SHORTEST = 3, 4
"""Letters of a part of a compound, and of a stem."""


class Names:
    """Finds names that are in no pair that a model learnt from.

    Args:
        dictionary: Of the pairs.
        language: Code of the source language.
    """

    def __init__(self, dictionary: Dictionary, language: str) -> None:
        self._known = dictionary.translations
        self._determiners = _DETERMINERS.get(language)
        self._sorted = [] if self._determiners is None else sorted(self._known)

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Where names stand in a normalised sentence.

        A name has a capital where no sentence asks for one. Where most words have one, as in
        titles, it says nothing.
        """
        words = [*WORD.finditer(text)]
        if 2 * sum(match[0][0].isupper() for match in words) > len(words) + 1:
            return
        for n, match in enumerate(words):
            word = match[0]
            if len(word) < 2 or word.lower() in self._known:
                continue
            before = text[: match.start()].rstrip()
            within = before[-1:].isalnum() or before.endswith(_BEFORE)
            mixed = not word.isupper() and any(map(str.isupper, word[1:]))
            if mixed or (within and word[0].isupper()):
                previous = words[n - 1][0] if n else ""
                if not self._is_noun(word.lower(), previous.lower()):
                    yield match.span()

    def _is_noun(self, word: str, previous: str) -> bool:
        """Whether a word with a capital may well be a noun, in a language where these have one."""
        if self._determiners is None:
            return False
        if self._determiners.fullmatch(previous):
            return True
        return self._is_form(word) or self._is_compound(word)

    def _is_form(self, word: str) -> bool:
        """Whether a known word begins as this one does, their last two letters apart."""
        stem = word[: max(_SHORTEST[1], len(word) - 2)]
        place = bisect.bisect_left(self._sorted, stem)
        return len(word) >= _SHORTEST[1] and any(
            other.startswith(stem) for other in self._sorted[place : place + 1]
        )

    def _is_compound(self, word: str) -> bool:
        """Whether a word is made of two that are known."""
        least = _SHORTEST[0]
        for cut in range(least, len(word) - least + 1):
            head, tail = word[:cut], word[cut:]
            heads = {head.removesuffix(link) for link in _LINKS}
            if any(len(one) >= least and one in self._known for one in heads) and (
                tail in self._known or self._is_form(tail)
            ):
                return True
        return False
