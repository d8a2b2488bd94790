"""Names that the training pairs do not explain, or leave as they are; found by their capitals."""

from __future__ import annotations

import bisect
import itertools
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

_SHORTEST_PART = 3
_SHORTEST_STEM = 4

_WITHIN = regex.compile(r"(?<=[\p{L}\p{M}\p{N},]\s*|\p{L}\p{M}*['\u2019-])")
"""Matches where no sentence begins."""

_JOINED = regex.compile(r"['\u2019-]")
_ROMAN = regex.compile("[IVXLCDM]+")


class Names:
    """Finds names that a dictionary does not have, or translates by themselves.

    Args:
        dictionary: Of the pairs that a model learnt from.
        language: Code of the source language.
    """

    def __init__(self, dictionary: Dictionary, language: str) -> None:
        self._known = dictionary.translations
        self._determiners = _DETERMINERS.get(language)
        self._sorted = [] if self._determiners is None else sorted(self._known)

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Where names stand in a normalised sentence; Jean-Pierre and O'Hara are one each.

        A name has a capital where no sentence asks for one. Where most words have one, as in
        titles, it says nothing.
        """
        words = [*WORD.finditer(text)]
        if 2 * sum(match[0][0].isupper() for match in words) > len(words) + 1:
            return
        end = 0
        for n, match in enumerate(words):
            previous = words[n - 1][0] if n else ""
            if match.start() >= end and self._is_name(text, match, previous):
                start, end = _widened(text, words, n)
                yield start, end

    def _is_name(self, text: str, match: regex.Match[str], previous: str) -> bool:
        word = match[0]
        known = self._known.get(word.lower())
        if len(word) < 2 or _ROMAN.fullmatch(word):
            return False
        if known is not None:
            return known == word and word[0].isupper()  # a name, whatever language it is in
        mixed = not word.isupper() and any(map(str.isupper, word[1:]))  # as in YouTube
        if not mixed and not (word[0].isupper() and _WITHIN.match(text, match.start())):
            return False
        return not self._is_noun(word.lower(), previous.lower())

    def _is_noun(self, word: str, previous: str) -> bool:
        """Whether a word with a capital may well be a noun, in a language where these have one."""
        if self._determiners is None:
            return False
        if self._determiners.fullmatch(previous):
            return True
        return self._is_form(word) or self._is_compound(word)

    def _is_form(self, word: str) -> bool:
        """Whether a known word is this one but for an ending of two letters."""
        if len(word) < _SHORTEST_STEM:
            return False
        stem = word[: max(_SHORTEST_STEM, len(word) - 2)]
        place = bisect.bisect_left(self._sorted, stem)
        begin = itertools.takewhile(
            lambda known: known.startswith(stem),
            (self._sorted[n] for n in range(place, len(self._sorted))),
        )
        return any(len(known) <= len(word) + 2 for known in begin)

    def _is_compound(self, word: str) -> bool:
        """Whether a word is made of two that are known."""
        for cut in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
            head, tail = word[:cut], word[cut:]
            heads = {head.removesuffix(link) for link in _LINKS}
            if any(len(one) >= _SHORTEST_PART and one in self._known for one in heads) and (
                tail in self._known or self._is_form(tail)
            ):
                return True
        return False


def _widened(text: str, words: list[regex.Match[str]], n: int) -> tuple[int, int]:
    """The word, with what a hyphen or an apostrophe joins to it and has a capital, too."""

    def joins(one: regex.Match[str], other: regex.Match[str]) -> bool:
        capitals = one[0][0].isupper() and other[0][0].isupper()
        return capitals and _JOINED.fullmatch(text, one.end(), other.start()) is not None

    first = last = n
    while first > 0 and joins(words[first - 1], words[first]):
        first -= 1
    while last + 1 < len(words) and joins(words[last], words[last + 1]):
        last += 1
    return words[first].start(), words[last].end()
