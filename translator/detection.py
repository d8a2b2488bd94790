"""Which language a text is in: naive Bayes over n-grams of bytes (Lui & Baldwin, ACL 2012).

The identifier is py3langid: small, without network, and sure of short texts. A word or two it
guesses at; there the words that models have learnt say more.
"""

from __future__ import annotations

import threading
from collections.abc import Container, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from translator.dictionary import WORD
from translator.languages import base_language

_LEAST_CONFIDENCE = 0.3
_ODDS = 10.0
"""What makes a margin clear. Of 4,000 English, French, German and Spanish sentences of 20
characters or more, at least 95 in 100 were found under a wrong name, and one was doubted under its
own."""

_KNOWN_ODDS = 10.0
"""What a word that a language is known to have says for it: most have nine in ten of their own
words, and one in ten of another's. Of single English, French, German and Spanish words, it raised
those that were told right from 68 to 81 in 100, of two words from 93 to 97."""

_MOST_WORDS = 50
"""Words that are looked up; long before that, the identifier is sure."""

_NAMES = {"nb": "no", "fil": "tl", "iw": "he", "in": "id"}
"""Codes for which the identifier has another one."""

_NO_LANGUAGE = "zxx"

_loading = threading.Lock()


class Detected(NamedTuple):
    """A language that a text may be in.

    Attributes:
        language: Its code.
        confidence: How probable it is, from 0 to 1, among all languages that can be told apart.
    """

    language: str
    confidence: float


def detect(
    text: str,
    languages: Sequence[str] | None = None,
    words: Mapping[str, Container[str]] | None = None,
) -> list[Detected]:
    """Tells which language a text is in; 20 characters are mostly enough.

    The first call loads the identifier, which takes a second or two.

    Args:
        text: The text, without markup.
        languages: Codes among which to choose, such as `pt-BR`; all known ones by default. One
            that is not known is left out.
        words: Words in lower case that languages are known to have, by their codes; of all among
            which to choose, or none of the others has a chance.

    Returns:
        The likeliest first; none where the text has no letters. Codes that differ in no more than
        script or region are equally likely, and keep their order.
    """
    confidences = _weighed(_confidences(text), text, words or {})
    if languages is None:
        return [Detected(*found) for found in confidences.items()]
    found = [
        Detected(language, confidences[_known_as(language)])
        for language in languages
        if _known_as(language) in confidences
    ]
    return sorted(found, key=lambda one: -one.confidence)


def find_mismatch(text: str, language: str) -> Detected | None:
    """The language that a text is in by a clear margin, where that is not the one it is said to be.

    Args:
        text: The text, without markup.
        language: Code of the language that it is said to be in. Nothing is said against one that
            is not known.
    """
    confidences = _confidences(text)
    said = confidences.get(_known_as(language))
    if said is None:
        return None
    likeliest = Detected(*next(iter(confidences.items())))
    clear = likeliest.confidence >= max(_LEAST_CONFIDENCE, _ODDS * said)
    return likeliest if clear else None


def same_language(one: str, other: str) -> bool:
    """Whether two codes differ in no more than script or region."""
    return _known_as(one) == _known_as(other)


def _confidences(text: str) -> dict[str, float]:
    """Confidences by language, the likeliest first; none where there are no letters."""
    if not any(map(str.isalpha, text)):
        return {}
    ranked = _identifier().rank(text)
    return {language: float(score) for language, score in ranked if language != _NO_LANGUAGE}


def _weighed(
    confidences: dict[str, float], text: str, words: Mapping[str, Container[str]]
) -> dict[str, float]:
    """Confidences after a look at which language has the words of the text."""
    looked_up = [word.lower() for word in WORD.findall(text)[:_MOST_WORDS]]
    weighed = dict(confidences)
    for code, known in words.items():
        language = _known_as(code)
        if language in confidences:
            count = sum(word in known for word in looked_up)
            weighed[language] = confidences[language] * _KNOWN_ODDS**count
    total = sum(weighed.values())
    ordered = sorted(weighed.items(), key=lambda item: -item[1])
    return {language: weight / total for language, weight in ordered}


def _known_as(code: str) -> str:
    base = base_language(code)
    return _NAMES.get(base, base)


def _identifier() -> LanguageIdentifier:
    # Requests that come together must not load it twice.
    with _loading:
        return _load()


@cache
def _load() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
